package core_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// A route's handler decodes its body, names every problem at once, and answers
// with a value.
func ExampleReadJSON() {
	handle := func(_ context.Context, r *core.Request) (*core.Response, error) {
		body, err := core.ReadJSON(r)
		if err != nil {
			return nil, err
		}
		email, noEmail := body.Required("email")
		_, noPassword := body.Required("password")
		if err := core.InvalidProblems(noEmail, noPassword); err != nil {
			return nil, err
		}
		return core.JSON(http.StatusCreated, map[string]string{"email": email})
	}

	answer, err := handle(context.Background(), postJSON(`{"email":"ann@example.com","password":"correct horse"}`))
	fmt.Printf("%d %s %v\n", answer.Status, answer.Body, err)

	_, err = handle(context.Background(), postJSON(`{"email":null}`))
	var invalid *core.Error
	if errors.As(err, &invalid) {
		for _, p := range invalid.Problems {
			fmt.Println(invalid.Status, p.Loc, p.Type)
		}
	}
	// Output:
	// 201 {"email":"ann@example.com"} <nil>
	// 422 [body email] string_type
	// 422 [body password] missing
}

func ExampleReadForm() {
	form := post(strings.NewReader("username=ann%40example.com&password=correct+horse&scope="),
		"application/x-www-form-urlencoded")
	fields, err := core.ReadForm(form, "username", "password") // and not what else the page has
	username, _, _ := fields.String("username")
	fmt.Println(len(fields), username, err)
	// Output: 2 ann@example.com <nil>
}

func ExampleClientNetwork() {
	fmt.Println(core.ClientNetwork(netip.MustParseAddr("::ffff:192.0.2.7")))
	fmt.Println(core.ClientNetwork(netip.MustParseAddr("2001:db8::1:2:3:4")))
	// Output:
	// 192.0.2.7/32
	// 2001:db8::/64
}

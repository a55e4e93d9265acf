package apikey_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

func Example() {
	strategy, err := apikey.New(memstore.NewCredentials(nil), apikey.Options{
		Backend: "keys", Prefix: "acme", Scopes: []string{"read", "write"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// A token that is no key is another backend's, and no store is asked.
	_, err = strategy.Verify(context.Background(), "acme_and_something_else")
	fmt.Println(errors.Is(err, core.ErrNoCredential))
	// Output: true
}

func ExamplePattern() {
	pattern := regexp.MustCompile(apikey.Pattern("acme"))
	leaked := "token: acme_0000000000000000000000000000000000000000000ABCDEF # remove"
	fmt.Println(pattern.FindString(leaked))
	// Output: acme_0000000000000000000000000000000000000000000ABCDEF
}

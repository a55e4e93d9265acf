package gothprovider_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/markbates/goth/providers/uber"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers/gothprovider"
)

func Example() {
	p, err := gothprovider.New(uber.New("the-client-id", "the-client-secret", ""), gothprovider.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	to, err := p.Begin(context.Background(), core.OAuthBegin{
		State: "random", Challenge: "the-S256-challenge", RedirectURI: "https://app.example.com/auth/cookie/uber/callback",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	u, _ := url.Parse(to)
	fmt.Println(p.Name(), u.Host, u.Query().Get("state"), u.Query().Get("code_challenge_method"))
	// Output:
	// uber login.uber.com random S256
}

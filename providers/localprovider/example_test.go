package localprovider_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/providers/localprovider"
)

// The client goes into oauth.Options.Providers, which calls Begin and Finish.
func Example() {
	local, err := localprovider.Start("")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = local.Close() }()
	client, err := local.Client()
	if err != nil {
		fmt.Println(err)
		return
	}
	to, err := client.Begin(context.Background(), core.OAuthBegin{
		State: "state", Nonce: "nonce", Challenge: challenge, RedirectURI: "http://localhost:8080/auth/web/local/callback",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	u, _ := url.Parse(to)
	fmt.Println(client.Name(), strings.HasPrefix(u.Host, "127.0.0.1:"), u.Path)

	_, err = localprovider.Start("0.0.0.0:9000")
	fmt.Println(err)
	// Output:
	// local true /authorize
	// localprovider: "0.0.0.0:9000" is not a loopback address with a port, such as 127.0.0.1:9000
}

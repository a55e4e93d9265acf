package transporttest_test

import (
	"fmt"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/transporttest"
)

// Cases can be used without package testing. Here they find what is wrong with
// a transport whose login response has no status.
func ExampleCases() {
	broken := explicit()
	broken.attach = func(resp *core.Response, tok core.Token) {
		resp.Header.Set("Cache-Control", "no-store")
		resp.Body = []byte(`{"access_token":"` + tok.Raw + `"}`)
	}
	for _, c := range transporttest.Cases(transporttest.Harness{}) {
		if err := c.Check(broken); err != nil {
			fmt.Println(c.Name+":", err)
			fmt.Println("The rule:", c.Rule)
		}
	}
	// Output:
	// login answer: the status is 0
	// The rule: Attach sets a success status, and forbids caching
}

package cookie_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

func Example() {
	transport, err := cookie.New(cookie.Options{Now: func() time.Time { return now }})
	if err != nil {
		panic(err)
	}
	resp := core.Empty(0)
	transport.Attach(resp, core.Token{Raw: "c2VjcmV0", Expires: now.Add(time.Hour)})
	fmt.Println(resp.Status, resp.Header.Get("Set-Cookie"))

	own := head{http.MethodPost, http.Header{"Cookie": {"__Host-latchkey=c2VjcmV0"}, "Sec-Fetch-Site": {"same-origin"}}}
	fmt.Println(transport.Extract(own))

	forged := head{http.MethodPost, http.Header{"Cookie": {"__Host-latchkey=c2VjcmV0"}, "Sec-Fetch-Site": {"cross-site"}}}
	_, err = transport.Extract(forged)
	fmt.Println(err)
	// Output:
	// 204 __Host-latchkey=c2VjcmV0; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax
	// c2VjcmV0 <nil>
	// CROSS_ORIGIN_REFUSED
}

// A front end on a sibling origin may send unsafe requests with the cookie. New
// refuses options that cannot work.
func ExampleNew() {
	_, err := cookie.New(cookie.Options{Domain: "app.example", TrustedOrigins: []string{"https://www.app.example/"}})
	fmt.Println(err)
	// Output:
	// cookie: the name __Host-latchkey excludes a Domain; choose a Name such as __Secure-latchkey
	// cookie: TrustedOrigins: "https://www.app.example/" is not scheme://host[:port] in lower case, without a default port
}

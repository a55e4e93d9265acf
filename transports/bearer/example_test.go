package bearer_test

import (
	"fmt"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

func Example() {
	transport := bearer.New(bearer.Options{LoginURL: "auth/api/login"})

	resp := core.Empty(0)
	transport.Attach(resp, core.Token{Raw: "c2VjcmV0"})
	fmt.Println(resp.Status, string(resp.Body))

	token, err := transport.Extract(head{http.Header{"Authorization": {"Bearer c2VjcmV0"}}})
	fmt.Println(token, err)
	fmt.Println(transport.Challenge(true))
	// Output:
	// 200 {"access_token":"c2VjcmV0","token_type":"bearer"}
	// c2VjcmV0 <nil>
	// Bearer error="invalid_token"
}

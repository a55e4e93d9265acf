package jwks_test

import (
	"encoding/json"
	"testing"

	"github.com/latchkey-go/latchkey/flows/jwks"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	keys := []json.RawMessage{}
	flow := jwks.Flow{Keys: func() []json.RawMessage { return keys }}
	s := servicetest.New(t)
	call := servicetest.Call{Route: "GET /jwks.json"}
	resp := s.Want(t.Context(), flow, call, 200, `{"keys":[]}`)
	if got := resp.Header.Get("Cache-Control"); got != "public, max-age=300" {
		t.Errorf("Cache-Control is %q", got)
	}
	keys = append(keys, json.RawMessage(`{"kid":"1","kty":"OKP"}`)) // a key that was added later
	s.Want(t.Context(), flow, call, 200, `{"keys":[{"kid":"1","kty":"OKP"}]}`)
	routes, err := flow.Routes(s.Services)
	if err != nil || len(routes) != 1 || !routes[0].Public {
		t.Errorf("the routes are %+v, %v; want one that is public", routes, err)
	}
}

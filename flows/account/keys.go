package account

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// Keys is the flow of GET /jwks.json: the public keys of the asymmetric JWT
// backends (RFC 7517).
type Keys struct{}

// Name is "keys".
func (Keys) Name() string { return "keys" }

// PerBackend is false.
func (Keys) PerBackend() bool { return false }

type keySet struct {
	Keys []json.RawMessage `json:"keys"`
}

// Routes is the one.
func (Keys) Routes(kit core.Kit) ([]core.Route, error) {
	return []core.Route{{
		Name: "keys:jwks", Method: http.MethodGet, Pattern: "/jwks.json", Public: true,
		Doc: core.Doc{Summary: "Public keys of tokens", Status: http.StatusOK, Answer: keySet{}},
		Handle: func(context.Context, *core.Request) (*core.Response, error) {
			resp, err := core.JSON(http.StatusOK, keySet{kit.Keys()})
			if err != nil {
				return nil, err
			}
			resp.Header.Set("Cache-Control", "public, max-age=300")
			return resp, nil
		},
	}}, nil
}

// Package jwks is the flow of GET /jwks.json: the public keys of the asymmetric
// JWT backends (RFC 7517), by which other services verify tokens. latchkey.New
// installs it.
package jwks

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// Flow is the flow of the public keys.
type Flow struct {
	// Keys returns the public keys of all backends, as JWKs.
	Keys func() []json.RawMessage
}

// Name is "keys".
func (Flow) Name() string { return "keys" }

// PerBackend is false.
func (Flow) PerBackend() bool { return false }

type keySet struct {
	Keys []json.RawMessage `json:"keys"`
}

// publicKeys describes a keySet.
type publicKeys struct {
	Keys []publicKey `json:"keys" openapi:"notnull"`
}

// publicKey has the members that keys of RSA, elliptic curves and Edwards
// curves have (RFC 7518, section 6; RFC 8037, section 2).
type publicKey struct {
	Type      string `json:"kty"`
	Use       string `json:"use,omitempty"`
	Algorithm string `json:"alg,omitempty"`
	ID        string `json:"kid,omitempty"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
	Modulus   string `json:"n,omitempty"`
	Exponent  string `json:"e,omitempty"`
}

// Routes returns GET /jwks.json.
func (f Flow) Routes(*core.Services) ([]core.Route, error) {
	return []core.Route{{
		Name: "keys:jwks", Method: http.MethodGet, Pattern: "/jwks.json", Public: true,
		Doc: core.Doc{Summary: "Public keys of tokens", Status: http.StatusOK, Answer: publicKeys{}, Storeless: true},
		Handle: func(context.Context, *core.Request) (*core.Response, error) {
			resp, err := core.JSON(http.StatusOK, keySet{f.Keys()})
			if err != nil {
				return nil, err
			}
			resp.Header.Set("Cache-Control", "public, max-age=300")
			return resp, nil
		},
	}}, nil
}

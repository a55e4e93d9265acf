// Package transports_test shows a transport as an application would write one,
// and tests it with the conformance kit.
package transports_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/transporttest"
)

// gateway carries the token in the header X-Session, as a gateway wants it.
type gateway struct{}

func (gateway) Extract(h core.Head) (string, error) {
	lines := h.Lines("X-Session")
	switch len(lines) {
	case 0:
		return "", core.ErrNoCredential
	case 1:
	default:
		return "", core.Refuse(core.CodeDuplicateCredentials)
	}
	if err := core.TokenForm(lines[0]); err != nil {
		return "", err
	}
	return lines[0], nil
}

func (gateway) Protect(core.Head) error { return nil } // no browser attaches it by itself

func (gateway) Attach(resp *core.Response, t core.Token) {
	resp.Drop(http.StatusNoContent)
	resp.Header.Set("X-Session", t.Raw)
	resp.Header.Set("Cache-Control", "no-store")
}

func (gateway) Clear(*core.Response) {} // the client forgets it

func (gateway) Scheme() json.RawMessage {
	return json.RawMessage(`{"type": "apiKey", "in": "header", "name": "X-Session"}`)
}

func TestGateway(t *testing.T) {
	transporttest.Run(t, transporttest.Harness{
		New: func(*testing.T) core.Transport { return gateway{} },
		// What a client sends after these responses: the kit knows
		// cookies and access_token alone.
		Client: func(responses ...*core.Response) http.Header {
			last := responses[len(responses)-1]
			return http.Header{"X-Session": last.Header["X-Session"]}
		},
	})
}

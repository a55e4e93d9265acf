package passkey_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/flowtest"
	"github.com/latchkey-go/latchkey/flows/passkey"
)

// kit is the application of one case: the value of a user is a challenge, which
// a passkey of theirs signs whatever it has become.
type kit struct {
	t *testing.T
	*http.ServeMux
	mu   sync.Mutex
	keys map[string]*authenticator // by their challenge
	last *authenticator
}

// sign is the answer of the passkey to a challenge.
func (k *kit) sign(challenge string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := k.keys[challenge]
	if key == nil {
		key = k.last
	}
	if key == nil {
		return "{}"
	}
	var o requested
	o.PublicKey.Challenge, o.PublicKey.RPID = challenge, "app.example.org"
	return credential(key.get(o))
}

func TestConformance(t *testing.T) {
	t.Parallel()
	k := &kit{}
	flowtest.Run(t, flowtest.Harness{
		Flow: func() core.Flow {
			keys, err := passkey.New(passkey.Options{Secret: authtest.Secret()})
			if err != nil {
				t.Fatal(err)
			}
			return keys
		},
		New: func(t *testing.T, f core.Flow) core.Group {
			group := authtest.New(t, latchkey.Options[member]{Flows: []latchkey.Flow{f}}).Flow(f.Name(), "web")
			k.t, k.ServeMux, k.keys, k.last = t, http.NewServeMux(), map[string]*authenticator{}, nil
			httpauth.Mount(k.ServeMux, "", group)
			return group
		},
		Grant: k.grant,
		Use: func(value string) flowtest.Request {
			return flowtest.Request{Route: "POST /login/passkey", JSON: k.sign(value)}
		},
		Guess: func(string) string { return b64(append(authtest.Secret(), authtest.Secret()...)) },
		// Beside the session by which the passkey was registered.
		Done: func(ctx context.Context, svc *core.Services, u core.AnyUser) (bool, error) {
			all, err := svc.Sessions.List(ctx, u.Base().ID)
			return len(all) > 1, err
		},
		Lifetime: 5 * time.Minute,
		// A passkey is a way in beside the password, and a login by it
		// names neither address nor session.
		Survives: []flowtest.Change{flowtest.Epoch, flowtest.Address},
	})
}

// grant registers a passkey in a login of the user, and answers to new options
// by it.
func (k *kit) grant(ctx context.Context, svc *core.Services, u core.AnyUser) (string, error) {
	admission, err := svc.Gate.Admit(ctx, core.Attempt{
		User: u, Backend: "web", Proof: core.Proof{Method: core.MethodPassword, At: svc.Env.Now()},
	})
	if err != nil {
		return "", err
	}
	key := newAuthenticator(k.t)
	o, err := k.post("/passkeys/options", "", flowtest.Client(admission.Answer))
	if err != nil {
		return "", err
	}
	if _, err := k.post("/passkeys", credential(key.create(o)), flowtest.Client(admission.Answer)); err != nil {
		return "", err
	}
	if o, err = k.post("/login/passkey/options", "", nil); err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys[o.PublicKey.Challenge], k.last = key, key
	return o.PublicKey.Challenge, nil
}

func (k *kit) post(path, body string, header http.Header) (o requested, err error) {
	r := httptest.NewRequestWithContext(k.t.Context(), http.MethodPost, path, strings.NewReader(body))
	for name, lines := range header {
		r.Header[name] = lines
	}
	r.Header.Set("Content-Type", "application/json")
	w := do(k, r)
	if w.Code >= 300 {
		return o, fmt.Errorf("POST %s: %d %s", path, w.Code, w.Body)
	}
	if !strings.Contains(w.Body.String(), "publicKey") {
		return o, nil
	}
	if json.Unmarshal(w.Body.Bytes(), &o) != nil {
		return o, errors.New("the options are no JSON")
	}
	return o, nil
}

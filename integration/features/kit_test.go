package features_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/flowtest"
)

// member is the application's user type.
type member struct{ latchkey.User }

// code is a request that goes on with a login by a factor's code.
func code(route string) func(string) flowtest.Request {
	return func(code string) flowtest.Request {
		return flowtest.Request{Route: route, JSON: fmt.Sprintf(`{"pending": "{pending}", "code": %q}`, code)}
	}
}

// withPhone enrols a user, and returns the code of now.
func withPhone(ctx context.Context, svc *core.Services, u core.AnyUser) (string, error) {
	secret := make([]byte, 20)
	_, _ = rand.Read(secret)
	id := u.Base().ID
	c := &core.Credential{Owner: id, Kind: core.MethodTOTP, Key: id, Data: row(secret, 0), Created: svc.Env.Now()}
	return codeOf(secret, uint64(time.Now().Unix())/30), svc.Credentials.Create(ctx, c, 1)
}

// As logs in whoever has a telephone, without its codes.
func TestAsVouchesForTOTP(t *testing.T) {
	app := authtest.New(t, latchkey.Options[member]{Flows: []latchkey.Flow{&totp{}}})
	mux, ada := http.NewServeMux(), authtest.User[member]()
	mux.Handle("GET /safe", httpauth.Require(app, latchkey.Factor(time.Minute, core.MethodTOTP))(http.HandlerFunc(
		func(http.ResponseWriter, *http.Request) {})))
	if w := authtest.As(t, app.Auth, "web", ada).Do(mux, "GET", "/safe", ""); w.Code != 403 {
		t.Errorf("before she has one: got %d %s, want 403", w.Code, w.Body)
	}
	if _, err := withPhone(t.Context(), app.Services(), ada); err != nil {
		t.Fatal(err)
	}
	alone, err := app.Manager().Login(t.Context(), ada.ID, "web", nil, core.Proof{Method: core.MethodPassword})
	if err != nil || alone.Pending == "" {
		t.Errorf("a password alone is enough: %v", err)
	}
	for _, backend := range []string{"web", "api"} {
		if w := authtest.As(t, app.Auth, backend, ada).Do(mux, "GET", "/safe", ""); w.Code != 200 {
			t.Errorf("%s: got %d %s, want 200", backend, w.Code, w.Body)
		}
	}
}

// A code works once, however many pending logins present it at once, and a
// login does not go on for who is deactivated meanwhile.
func TestFactorsByTheKit(t *testing.T) {
	survives := []flowtest.Change{flowtest.Epoch, flowtest.Address} // the thing and the codes are the user's
	t.Run("totp", func(t *testing.T) {
		flowtest.Run(t, flowtest.Harness{
			Flow: func() core.Flow { return &totp{} },
			New: func(t *testing.T, f core.Flow) core.Group {
				return authtest.New(t, latchkey.Options[member]{Flows: []latchkey.Flow{f}}).Flow(f.Name(), "web")
			},
			Use:   code("POST /totp"),
			Grant: withPhone,
			Guess: func(code string) string { return fmt.Sprintf("%s%d", code[:5], (code[5]-'0'+5)%10) },
			// One for use limits tries; see the type.
			Unlimited: true, Survives: survives,
		})
	})
	t.Run("recovery", func(t *testing.T) {
		flowtest.Run(t, flowtest.Harness{
			Flow: func() core.Flow { return &recovery{} },
			New: func(t *testing.T, f core.Flow) core.Group {
				return authtest.New(t, latchkey.Options[member]{Flows: []latchkey.Flow{f, &totp{}}}).Flow(f.Name(), "web")
			},
			Use: code("POST /recovery"),
			Grant: func(ctx context.Context, svc *core.Services, u core.AnyUser) (string, error) {
				if _, err := withPhone(ctx, svc, u); err != nil {
					return "", err
				}
				codes, err := (&recovery{}).renew(ctx, svc, u)
				if err != nil {
					return "", err
				}
				return codes[0], nil
			},
			Unlimited: true, Survives: survives,
		})
	})
}

package authtest_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// renewing are the backends "mobile" and "page", whose logins have a refresh
// token.
func renewing(t testing.TB) []latchkey.Backend {
	t.Helper()
	key, err := jwt.HS256("", authtest.Secret())
	if err != nil {
		t.Fatalf("%v", err)
	}
	access, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Lifetime: 10 * time.Minute})
	if err != nil {
		t.Fatalf("%v", err)
	}
	strategy, err := refresh.New(memstore.NewSessions(nil), access, refresh.Options{})
	if err != nil {
		t.Fatalf("%v", err)
	}
	cookies, err := cookie.New(cookie.Options{RefreshPath: "/auth/page"})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return []latchkey.Backend{
		{Name: "mobile", Transport: bearer.New(bearer.Options{}), Strategy: strategy},
		{Name: "page", Transport: cookies, Strategy: strategy},
	}
}

// A client whose access token has expired goes on with the next one, until the
// login ends.
func TestRenew(t *testing.T) {
	for backend, answer := range map[string]int{"mobile": 200, "page": 204} {
		t.Run(backend, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := authtest.New(t, options{Backends: renewing(t)})
				mux := http.NewServeMux()
				mux.Handle("/", site(app.Auth))
				httpauth.Mount(mux, "/auth/"+backend, app.Login(backend))
				ada := authtest.User[Member]()
				c := authtest.As(t, app.Auth, backend, ada)
				if (c.Refresh != "") != (backend == "mobile") {
					t.Errorf("its refresh token is %q", c.Refresh)
				}
				for range 3 {
					wantStatus(t, c, mux, 200)
					before := c.Refresh + c.Token
					time.Sleep(11 * time.Minute)
					wantStatus(t, c, mux, 401)
					if w := c.Renew(mux, "/auth/"+backend+"/refresh"); w.Code != answer {
						t.Fatalf("the renewal: %d %s", w.Code, w.Body)
					}
					if backend == "mobile" && (c.Refresh+c.Token == before || c.Header.Get("Authorization") != "Bearer "+c.Token) {
						t.Error("the client has the tokens of before")
					}
				}
				wantStatus(t, c, mux, 200)
				if err := app.Manager().EndSessions(context.WithoutCancel(t.Context()), ada.ID); err != nil {
					t.Fatal(err)
				}
				if w := c.Renew(mux, "/auth/"+backend+"/refresh"); w.Code != 401 {
					t.Errorf("a login that has ended: %d", w.Code)
				}
			})
		})
	}
}

package sqlstore_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
	"github.com/latchkey-go/latchkey/flows/passkey"
	recoverycodes "github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// A login by password of a user without factors costs at most one statement
// more where the application has all of them.
func TestFactorsCostOneStatement(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		keys, err := passkey.New(passkey.Options{Secret: authtest.Secret()})
		if err != nil {
			t.Fatal(err)
		}
		without := d.login(t)
		with := d.login(t, totp.Flow{}, recoverycodes.Flow{}, keys, maillogin.Flow{SignUp: true})
		if len(without) == 0 || len(with) > len(without)+d.noted() {
			t.Errorf("a login runs %d statements, with factors %d:\n%s", len(without), len(with), strings.Join(with, "\n"))
		}
	})
}

// login returns the statements of a login in an application with flows.
func (d database) login(t *testing.T, flows ...latchkey.Flow) []string {
	t.Helper()
	db, statements := d.recorded(t, d.address(t))
	store, us := users[core.User](t, db, sqlstore.Options{})
	sessions, err1 := session.New(us.Sessions(), session.Options{})
	cookies, err2 := cookie.New(cookie.Options{})
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	auth, err := latchkey.New(us, authtest.Options(t, latchkey.Options[core.User]{
		Backends: []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}}, Flows: flows,
		Tickets: store.Tickets(), Limiter: store.Limiter(), Credentials: store.Credentials(),
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = auth.Close(context.WithoutCancel(t.Context())) })
	u := &core.User{Email: "ada@example.org", IsActive: true, IsVerified: true}
	if err := auth.Manager().Create(t.Context(), u, "analytical engine 1843"); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", auth.API())
	var ran []string
	for range 3 { // the first ones prepare their statements
		statements.Statements()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://app.example.org/auth/web/login",
			strings.NewReader(`{"email": "ada@example.org", "password": "analytical engine 1843"}`))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != http.StatusNoContent {
			t.Fatalf("a login: %d %s", w.Code, w.Body)
		}
		if err := auth.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		ran = slices.Clone(statements.Statements())
	}
	return ran
}

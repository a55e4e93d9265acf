package routes_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// workspace is an identity with Google's claim of the organisation.
func workspace(name, hd string) core.OAuthIdentity {
	who := harness.Identity(name, name+"@example.org")
	who.Claims = json.RawMessage(`{"hd":"` + hd + `"}`)
	return who
}

// met are the identities that hooks of logins have seen; nil is none.
type met struct {
	mu  sync.Mutex
	all []*core.OAuthIdentity
}

func (m *met) take() []*core.OAuthIdentity {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.all
	m.all = nil
	return all
}

// TestFieldM9IdentityAtEveryLogin: a rule about the provider's account is
// judged at every login by it, however many requests lie between the provider
// and the login.
func TestFieldM9IdentityAtEveryLogin(t *testing.T) {
	t.Parallel()
	seen := harness.PerApp[met]{}
	judge := func(a *harness.App, o *harness.Options) {
		m := seen.Of(a)
		o.Hooks.BeforeLogin = func(_ context.Context, e *latchkey.Event[harness.Account]) error {
			m.mu.Lock()
			m.all = append(m.all, e.Identity)
			m.mu.Unlock()
			var claims struct{ HD string }
			if e.Identity != nil && (json.Unmarshal(e.Identity.Claims, &claims) != nil || claims.HD != "example.org") {
				return latchkey.Refuse("WRONG_WORKSPACE")
			}
			return nil
		}
	}
	options := harness.WithOAuth(t, nil, harness.WithSecondFactor, judge)
	harness.OnEveryAdapter(t, options, func(t *testing.T, a *harness.App) {
		a.Serve(t, func(r harness.Router) {
			for _, backend := range []string{"jwt", "cookie"} {
				r.Mount("/auth/"+backend+"/acme", a.OAuth("acme", backend))
				r.Mount("/auth/"+backend, a.Exchange(backend))
			}
		})
		m := seen.Of(a)
		const refused = " 400 WRONG_WORKSPACE"
		in, out := workspace("ada", "example.org"), workspace("ada", "evil.example")
		byJWT, byCookie := "GET "+harness.AcmeByJWT+"/callback", "GET "+harness.AcmeByCookie+"/callback"
		a.Want(t, byJWT+" 200 (field M9: the first login)", a.Consent(t, harness.AcmeByJWT, in))
		if got := m.take(); len(got) != 1 || got[0].Provider != "acme" || got[0].Subject != "ada" ||
			got[0].Name != "Name of ada" {
			t.Errorf("the first login shows %+v", got)
		}
		a.Want(t, byJWT+refused+" (field M9: the second login)", a.Consent(t, harness.AcmeByJWT, out))
		a.Want(t, byCookie+refused, a.Consent(t, harness.AcmeByCookie, out))
		a.Want(t, byCookie+" 204", a.Consent(t, harness.AcmeByCookie, in))

		exchange := func(who core.OAuthIdentity) harness.Option {
			return exchanged(t, a.Send(t, "GET", harness.AcmeByJWT+"/callback",
				a.Authorize(t, harness.AcmeByJWT, "?redirect_to=/app&code_challenge="+challenge).As(who)))
		}
		a.Want(t, "POST /auth/jwt/exchange"+refused+" (field M9: the exchange)", exchange(out))
		a.Want(t, "POST /auth/jwt/exchange 200", exchange(in))

		u, err := a.Manager().FindByEmail(t.Context(), in.Email)
		if err != nil {
			t.Fatal(err)
		}
		a.EditStored(t, u, func(u *harness.Account) { u.FullName = harness.EnrolledName })
		second := func(who core.OAuthIdentity) harness.Option {
			detail, _ := a.Send(t, "GET", harness.AcmeByJWT+"/callback", a.Consent(t, harness.AcmeByJWT, who)).Member(t,
				"detail").(harness.Object)
			return harness.JSONObject(harness.Object{"pending": detail["pending"], "code": "123456"})
		}
		a.Want(t, "POST /auth/jwt/second"+refused+" (field M9: after a second factor)", second(out))
		m.take()
		a.Want(t, "POST /auth/jwt/second 200", second(in))
		if got := m.take(); len(got) != 1 || got[0].Provider != "acme" || string(got[0].Claims) != string(in.Claims) {
			t.Errorf("after a second factor the login shows %+v", got)
		}
		after := exchange(out)
		pending, _ := a.Send(t, "POST", "/auth/jwt/exchange", after).Member(t, "detail").(harness.Object)
		a.Want(t, "POST /auth/jwt/second"+refused+" (field M9: after exchange and second factor)",
			harness.JSONObject(harness.Object{"pending": pending["pending"], "code": "123456"}))
		m.take()

		a.LogIn(t, "jwt", a.NewUser(t)) // by a password
		if got := m.take(); len(got) != 1 || got[0] != nil {
			t.Errorf("a login by a password shows %+v", got)
		}
		// More than a ticket holds: what is missing is no good claim.
		large := in
		large.Claims = json.RawMessage(`{"hd":"example.org","groups":"` + strings.Repeat("g", 8<<10) + `"}`)
		a.EditStored(t, u, func(u *harness.Account) { u.FullName = "" })
		a.Want(t, byJWT+" 200", a.Consent(t, harness.AcmeByJWT, large))
		a.Want(t, "POST /auth/jwt/exchange"+refused, exchange(large))
	})
}

const (
	// RFC 7636, appendix B.
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// exchanged is the body by which an application exchanges the code of a
// redirect.
func exchanged(t *testing.T, got harness.Answer) harness.Option {
	t.Helper()
	at, err := url.Parse(got.Header.Get("Location"))
	if err != nil || got.Status != 303 || at.Query().Get("code") == "" {
		t.Fatalf("got %d to %v (%v)", got.Status, at, err)
	}
	return harness.JSONObject(harness.Object{"code": at.Query().Get("code"), "code_verifier": verifier})
}

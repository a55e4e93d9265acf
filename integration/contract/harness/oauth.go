package harness

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
)

// AccessCanary and RefreshCanary are the tokens of the fake providers, which
// must not be found anywhere.
const (
	AccessCanary  = "access-token-canary"
	RefreshCanary = "refresh-token-canary"
)

// Groups of the routes of acme: logins at two backends, and links.
const (
	AcmeByJWT    = "/auth/jwt/acme"
	AcmeByCookie = "/auth/cookie/acme"
	AcmeLinked   = "/auth/associate/acme"
)

// Acme is a provider whose codes are the identities that they stand for. It
// refuses a verifier, nonce or redirect URI that is not the flow's.
type Acme struct {
	ID    string
	mu    sync.Mutex
	begun map[string]core.OAuthBegin // by state
	trade int                        // codes that were exchanged
	fault error
	lost  error // by which every begin fails
	Moment
}

// Name returns the ID.
func (p *Acme) Name() string { return p.ID }

// Begin notes a flow, and returns a URL of the provider.
func (p *Acme) Begin(_ context.Context, b core.OAuthBegin) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lost != nil {
		return "", p.lost
	}
	p.begun[b.State] = b
	return "https://" + p.ID + ".example/authorize?" +
		url.Values{"state": {b.State}, "code_challenge": {b.Challenge}}.Encode(), nil
}

// Finish returns the identity that the code stands for.
func (p *Acme) Finish(
	_ context.Context, f core.OAuthFinish,
) (who core.OAuthIdentity, tokens core.OAuthTokens, err error) {
	p.Pass()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trade++
	b, digest := p.begun[f.Form.Get("state")], core.Digest(f.Verifier)
	switch {
	case p.fault != nil:
		return who, tokens, p.fault
	case base64.RawURLEncoding.EncodeToString(digest[:]) != b.Challenge || f.Nonce != b.Nonce ||
		f.RedirectURI != b.RedirectURI:
		return who, tokens, errors.New("invalid_grant")
	}
	err = json.Unmarshal([]byte(f.Code), &who)
	return who, core.OAuthTokens{Access: AccessCanary, Refresh: RefreshCanary}, err
}

// Fail makes every exchange fail, until it is called with nil.
func (p *Acme) Fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = err
}

// FailToBegin makes every begin fail, until it is called with nil.
func (p *Acme) FailToBegin(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost = err
}

// Nonce returns the nonce of a flow that was begun.
func (p *Acme) Nonce(state string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.begun[state].Nonce
}

// RedirectURI returns the redirect URI of a flow that was begun.
func (p *Acme) RedirectURI(state string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.begun[state].RedirectURI
}

// Forget forgets a flow that was begun.
func (p *Acme) Forget(state string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.begun, state)
}

// Beginnings returns how many flows were begun.
func (p *Acme) Beginnings() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.begun)
}

// Exchanges returns how many codes were exchanged, or refused.
func (p *Acme) Exchanges() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.trade
}

// Providers are an application's providers acme and other.
type Providers struct{ Acme, Other *Acme }

var providers PerApp[Providers]

// ProvidersOf returns the providers of an application that has WithOAuth.
func ProvidersOf(a *App) *Providers { return providers.Of(a) }

// WithOAuth adds the providers, with the settings of change if it is not nil,
// and more changes of the options; ServeOAuth mounts them.
func WithOAuth(t *testing.T, change func(*oauth.Options), more ...func(*App, *Options)) func(*App, *Options) {
	return func(a *App, o *Options) {
		s := providers.Of(a)
		s.Acme, s.Other = &Acme{ID: "acme", begun: map[string]core.OAuthBegin{}},
			&Acme{ID: "other", begun: map[string]core.OAuthBegin{}}
		settings := oauth.Options{
			Accounts: a.Stores.Accounts, Secret: Secret, Providers: []oauth.Provider{{Provider: s.Acme}, {Provider: s.Other}},
			RedirectOrigins: []string{"https://spa.example.org"}, Tickets: a.Stores.Tickets,
			Vault: []oauth.Key{{ID: "k1", Secret: Secret}},
		}
		if change != nil {
			change(&settings)
		}
		flows, err := oauth.New(settings)
		if err != nil {
			t.Error(err)
			return
		}
		o.Flows = append(o.Flows, flows.Flows()...)
		for _, f := range more {
			f(a, o)
		}
	}
}

// LinkByEmail lets acme link and verify users by their addresses.
func LinkByEmail(o *oauth.Options) {
	o.Providers[0].AssociateByEmail, o.Providers[0].VerifiedByDefault = true, true
}

// ServeOAuth serves the application and the routes of both providers, and
// returns acme.
func (a *App) ServeOAuth(t *testing.T) *Acme {
	t.Helper()
	a.Serve(t, func(r Router) {
		for _, provider := range []string{"acme", "other"} {
			for _, backend := range Backends {
				r.Mount("/auth/"+backend+"/"+provider, a.OAuth(provider, backend))
			}
			r.Mount("/auth/associate/"+provider, a.Associate(provider))
		}
		for _, backend := range Backends {
			r.Mount("/auth/"+backend, a.Exchange(backend))
		}
		r.Mount("/auth", a.Accounts())
	})
	return providers.Of(a).Acme
}

// Visit is a flow that a browser has begun, with the answer that began it.
type Visit struct {
	Group, State string
	Browser      Option // the cookie of the flow, which the browser brings along
	Answer
}

// Authorize starts a flow of a group such as AcmeByCookie, with a query that is
// "" or begins with "?".
func (a *App) Authorize(t *testing.T, group, query string, with ...Option) Visit {
	t.Helper()
	got := a.Send(t, "GET", group+"/authorize"+query, with...)
	target := got.Header.Get("Location")
	if got.Status == http.StatusOK {
		target, _ = got.Member(t, "authorization_url").(string)
	}
	u, err := url.Parse(target)
	if err != nil || u.Query().Get("state") == "" || len(got.Header["Set-Cookie"]) != 1 {
		t.Fatalf("%s/authorize%s: %d %s %v", group, query, got.Status, got.Body, got.Header)
	}
	pair, _, _ := strings.Cut(got.Header.Get("Set-Cookie"), ";")
	return Visit{group, u.Query().Get("state"), Header("Cookie", pair), got}
}

// As returns what a browser sends to the callback of the flow's group when the
// provider says that it is who.
func (v Visit) As(who core.OAuthIdentity) Option {
	_, query, _ := strings.Cut(CallbackPath(v.Group, v.State, who), "?")
	return func(r *http.Request) {
		Query(query)(r)
		v.Browser(r)
	}
}

// Consent starts a flow of a group, and returns what the browser sends to the
// group's callback when the provider says that it is who.
func (a *App) Consent(t *testing.T, group string, who core.OAuthIdentity, with ...Option) Option {
	t.Helper()
	return a.Authorize(t, group, "", with...).As(who)
}

// CallbackPath returns the path and query by which a provider sends a browser
// back as who.
func CallbackPath(group, state string, who core.OAuthIdentity) string {
	code, _ := json.Marshal(who) // a test's own values always marshal
	return group + "/callback?" + url.Values{"state": {state}, "code": {string(code)}}.Encode()
}

// LogInByAcme logs who in by acme at the JWT backend, and returns the
// credential.
func (a *App) LogInByAcme(t *testing.T, who core.OAuthIdentity) Option {
	t.Helper()
	token, _ := a.Want(t, "GET /auth/jwt/acme/callback 200", a.Consent(t, AcmeByJWT, who)).Member(t,
		"access_token").(string)
	return Credential("jwt", token)
}

// Links returns a user's accounts at providers, as they are stored.
func (a *App) Links(t *testing.T, userID string) []*core.OAuthAccount {
	t.Helper()
	links, err := a.Stores.Accounts.List(t.Context(), userID)
	if err != nil {
		t.Fatal(err)
	}
	return links
}

// Identity returns what a provider says of a person; verified, if it is there,
// is what it says of the address.
func Identity(subject, email string, verified ...bool) core.OAuthIdentity {
	who := core.OAuthIdentity{Subject: subject, Email: email, Name: "Name of " + subject}
	if len(verified) > 0 {
		who.EmailVerified = &verified[0]
	}
	return who
}

// ServeProvider serves the application and the routes of one provider under the
// JWT backend, and returns their prefix.
func (a *App) ServeProvider(t *testing.T, provider string) (group string) {
	group = "/auth/jwt/" + provider
	a.Serve(t, func(r Router) {
		r.Mount(group, a.OAuth(provider, "jwt"))
		r.Mount("/auth", a.Accounts())
	})
	return group
}

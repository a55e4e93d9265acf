package contract_test

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

// Tokens of the fake provider, which must not be found anywhere.
const (
	accessCanary  = "access-token-canary"
	refreshCanary = "refresh-token-canary"
)

// Groups of the provider acme.
const (
	byJWT    = "/auth/jwt/acme"
	byCookie = "/auth/cookie/acme"
	linkAcme = "/auth/associate/acme"
)

// acme is a provider whose codes are the identities that they stand for. It
// refuses a verifier, nonce or redirect URI that is not the flow's.
type acme struct {
	name  string
	mu    sync.Mutex
	begun map[string]core.OAuthBegin // by state
	trade int                        // codes that were exchanged
	fault error
	moment
}

func (p *acme) Name() string { return p.name }

func (p *acme) Begin(_ context.Context, b core.OAuthBegin) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun[b.State] = b
	return "https://" + p.name + ".example/authorize?" +
		url.Values{"state": {b.State}, "code_challenge": {b.Challenge}}.Encode(), nil
}

func (p *acme) Finish(
	_ context.Context, f core.OAuthFinish,
) (who core.OAuthIdentity, tokens core.OAuthTokens, err error) {
	p.pass()
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
	return who, core.OAuthTokens{Access: accessCanary, Refresh: refreshCanary}, err
}

func (p *acme) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = err
}

func (p *acme) beginnings() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.begun)
}

func (p *acme) traded() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.trade
}

// social is an application's providers acme and other.
type social struct{ acme, other *acme }

var socials per[social]

// withOAuth adds the providers, with the settings of change if it is not nil;
// serveOAuth mounts them.
func withOAuth(t *testing.T, change func(*oauth.Options), more ...func(*app, *options)) func(*app, *options) {
	return func(a *app, o *options) {
		s := socials.of(a)
		s.acme, s.other = &acme{name: "acme", begun: map[string]core.OAuthBegin{}},
			&acme{name: "other", begun: map[string]core.OAuthBegin{}}
		settings := oauth.Options{
			Accounts: a.kept.accounts, Secret: secret, Providers: []oauth.Provider{{Provider: s.acme}, {Provider: s.other}},
			RedirectOrigins: []string{"https://spa.example.org"}, Tickets: a.kept.tickets,
			Vault: []oauth.Key{{ID: "k1", Secret: secret}},
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

// byEmail links and verifies by e-mail addresses for which acme vouches.
func byEmail(o *oauth.Options) {
	o.Providers[0].AssociateByEmail, o.Providers[0].VerifiedByDefault = true, true
}

// serveOAuth returns acme, once the application serves its routes and those of
// other.
func (a *app) serveOAuth(t *testing.T) *acme {
	t.Helper()
	a.serve(t, func(r router) {
		for _, provider := range []string{"acme", "other"} {
			for _, backend := range backends {
				r.mount("/auth/"+backend+"/"+provider, a.OAuth(provider, backend))
			}
			r.mount("/auth/associate/"+provider, a.Associate(provider))
		}
		for _, backend := range backends {
			r.mount("/auth/"+backend, a.Exchange(backend))
		}
		r.mount("/auth", a.Accounts())
	})
	return socials.of(a).acme
}

// visit is a flow in a browser.
type visit struct {
	group, state string
	option       // the browser's cookie of the flow
	answer
}

// authorize starts a flow of a group, "/auth/cookie/acme".
func (a *app) authorize(t *testing.T, group, query string, with ...option) visit {
	t.Helper()
	got := a.send(t, "GET", group+"/authorize"+query, with...)
	target := got.header.Get("Location")
	if got.status == http.StatusOK {
		target, _ = got.member(t, "authorization_url").(string)
	}
	u, err := url.Parse(target)
	if err != nil || u.Query().Get("state") == "" || len(got.header["Set-Cookie"]) != 1 {
		t.Fatalf("%s/authorize%s: %d %s %v", group, query, got.status, got.body, got.header)
	}
	pair, _, _ := strings.Cut(got.header.Get("Set-Cookie"), ";")
	return visit{group, u.Query().Get("state"), header("Cookie", pair), got}
}

// callback is the path by which the provider sends a browser back.
func callback(group, state string, who core.OAuthIdentity) string {
	code, _ := json.Marshal(who) // a test's own values always marshal
	return group + "/callback?" + url.Values{"state": {state}, "code": {string(code)}}.Encode()
}

// back comes back from the provider as somebody.
func (a *app) back(t *testing.T, v visit, who core.OAuthIdentity, with ...option) answer {
	t.Helper()
	got := a.send(t, "GET", callback(v.group, v.state, who), append(with, v.option)...)
	got.wantDecent(t, v.group+"/callback")
	return got
}

// through goes the whole way.
func (a *app) through(t *testing.T, group string, who core.OAuthIdentity, with ...option) answer {
	t.Helper()
	return a.back(t, a.authorize(t, group, "", with...), who, with...)
}

// expect checks the status and what an error says.
func (a answer) expect(t *testing.T, status int, words string) answer {
	t.Helper()
	if a.status != status || a.says() != words {
		t.Errorf("got %d %s, want %d %s", a.status, a.body, status, words)
	}
	return a
}

// refused is a subtest, in which an answer is a refusal.
func refused(t *testing.T, name string, got func(t *testing.T) answer, status int, words string) {
	t.Helper()
	t.Run(name, func(t *testing.T) { got(t).expect(t, status, words) })
}

// accepted returns the credential of a login by the JWT backend that must
// succeed.
func (a *app) accepted(t *testing.T, who core.OAuthIdentity) option {
	t.Helper()
	token, _ := a.through(t, byJWT, who).expect(t, 200, "").member(t, "access_token").(string)
	return credential("jwt", token)
}

// links are a user's accounts at providers.
func (a *app) links(t *testing.T, userID string) []*core.OAuthAccount {
	t.Helper()
	links, err := a.kept.accounts.List(t.Context(), userID)
	if err != nil {
		t.Fatal(err)
	}
	return links
}

// someone is an identity; verified, if given, is what the provider says of the
// address.
func someone(subject, email string, verified ...bool) core.OAuthIdentity {
	who := core.OAuthIdentity{Subject: subject, Email: email, Name: "Name of " + subject}
	if len(verified) > 0 {
		who.EmailVerified = &verified[0]
	}
	return who
}

func TestOAuthOfFastAPIUsers(t *testing.T) {
	t.Parallel()
	s := takeOver(t, withOAuth(t, func(o *oauth.Options) { o.Providers[0].Provider.(*acme).name = "fake" }))
	fake := s.serveOAuthAs(t, "fake")
	for subject, email := range map[string]string{"id-gal": "gal@camelot.bt", "id-liskov": "barbara@example.org"} {
		login := s.through(t, fake, someone(subject, "elsewhere@example.org")).expect(t, 200, "")
		token, _ := login.member(t, "access_token").(string)
		id, _, _, _ := s.reads(t, email)
		if me := s.want(t, "GET /users/me 200", asBearer(token)); me.member(t, "id") != id {
			t.Errorf("%s logs in as %s", subject, me.body)
		}
		if got := s.want(t, "GET /auth/accounts 200", asBearer(token)); !strings.Contains(got.body, `"oauth_name":"fake"`) ||
			strings.Contains(got.body, "AT-") {
			t.Errorf("the accounts of %s: %s", subject, got.body)
		}
	}
	s.through(t, fake, someone("id-new", "GAL@camelot.bt")).expect(t, 400, core.CodeOAuthUserExists)
}

// serveOAuthAs is serveOAuth for one provider under the JWT backend; it gives
// the group.
func (a *app) serveOAuthAs(t *testing.T, provider string) (group string) {
	group = "/auth/jwt/" + provider
	a.serve(t, func(r router) {
		r.mount(group, a.OAuth(provider, "jwt"))
		r.mount("/auth", a.Accounts())
	})
	return group
}

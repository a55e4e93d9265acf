package harness

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// RenewingBackends are the names of the backends that Renewing adds.
var RenewingBackends = []string{"mobile", "tablet", "spa"}

// RefreshCookie is the name of spa's cookie with the refresh token.
const RefreshCookie = "__Secure-spa-refresh"

// Renewing adds backends whose logins are renewed by a refresh token: mobile
// and tablet with bearer tokens, spa with cookies.
func Renewing(a *App, o *Options) {
	more, err := newRenewing(a.Stores, a.Now)
	if err != nil {
		panic(err)
	}
	o.Backends = append(o.Backends, more...)
	o.Limits.Refreshes = latchkey.Limit{Events: 100_000, Window: time.Minute}
}

func newRenewing(kept Stores, now func() time.Time) ([]latchkey.Backend, error) {
	key, err := jwt.HS256("", Secret)
	if err != nil {
		return nil, err
	}
	access, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Audience: "renewed", Lifetime: 10 * time.Minute, Now: now})
	if err != nil {
		return nil, err
	}
	renewed, err := refresh.New(kept.Sessions, access, refresh.Options{Now: now})
	if err != nil {
		return nil, err
	}
	cookies, err := cookie.New(cookie.Options{Name: "__Host-spa", RefreshPath: "/auth/spa", Now: now})
	if err != nil {
		return nil, err
	}
	tokens := bearer.New(bearer.Options{LoginURL: "/auth/mobile/login", RefreshURL: "/auth/mobile/refresh", Now: now})
	return []latchkey.Backend{
		{Name: "mobile", Transport: tokens, Strategy: renewed},
		{Name: "tablet", Transport: bearer.New(bearer.Options{Now: now}), Strategy: renewed},
		{Name: "spa", Transport: cookies, Strategy: renewed},
	}, nil
}

// WithLogins returns the names of the backends that have logins.
func (a *App) WithLogins() []string { return slices.Concat(Backends, a.renewing()) }

// renewing returns those of RenewingBackends that the application has.
func (a *App) renewing() []string {
	return slices.DeleteFunc(slices.Clone(RenewingBackends), func(name string) bool {
		return !slices.ContainsFunc(a.backends, func(b latchkey.Backend) bool { return b.Name == name })
	})
}

// RefreshRoutes are POST /refresh and POST /revoke of mobile and spa.
func RefreshRoutes(auth *latchkey.Auth[Account]) (all core.Group) {
	for _, name := range []string{"mobile", "spa"} {
		login := slices.DeleteFunc(slices.Clone(auth.Login(name)), func(e core.Endpoint) bool {
			return !strings.HasSuffix(e.Name, ".refresh") && !strings.HasSuffix(e.Name, ".revoke")
		})
		all = append(all, login.At("/auth/"+name)...)
	}
	return all
}

// Pair are the tokens of a login that can be renewed.
type Pair struct {
	Access, Refresh string
}

// LogInRenewing logs a user in at one of RenewingBackends.
func (a *App) LogInRenewing(t *testing.T, backend string, u *Account) Pair {
	t.Helper()
	if backend == "spa" {
		return a.Want(t, "POST /auth/spa/login 204", LoginForm(u.Email, Password)).Pair(t)
	}
	return a.Want(t, "POST /auth/"+backend+"/login 200", LoginForm(u.Email, Password)).Pair(t)
}

// IssueRefresh returns the refresh token of a session that no login makes.
func (a *App) IssueRefresh(t *testing.T, backend string, s core.Session) string {
	t.Helper()
	s.Backend = backend
	i := slices.IndexFunc(a.backends, func(b latchkey.Backend) bool { return b.Name == backend })
	token, err := a.backends[i].Strategy.Issue(t.Context(), core.Login{Session: s})
	if err != nil {
		t.Fatal(err)
	}
	return token.Refresh
}

// Pair returns the tokens of an answer, from its body or its cookies.
func (a Answer) Pair(t *testing.T) (p Pair) {
	t.Helper()
	if a.Body == "" {
		for _, line := range a.Header["Set-Cookie"] {
			switch c, err := http.ParseSetCookie(line); {
			case err != nil:
				t.Fatal(err)
			case c.Name == "__Host-spa":
				p.Access = c.Value
			case c.Name == RefreshCookie:
				p.Refresh = c.Value
			}
		}
	} else {
		p.Access, _ = a.Member(t, "access_token").(string)
		p.Refresh, _ = a.Member(t, "refresh_token").(string)
	}
	if p.Access == "" || p.Refresh == "" {
		t.Fatalf("got %d %s %v, want two tokens", a.Status, a.Body, a.Header)
	}
	return p
}

// Presented presents the access token of mobile or tablet.
func (p Pair) Presented() Option { return Bearer(p.Access) }

// Body is the form with the refresh token.
func (p Pair) Body() Option { return Form("grant_type", "refresh_token", "refresh_token", p.Refresh) }

// Cookie is spa's cookie with the refresh token.
func (p Pair) Cookie() Option { return Header("Cookie", RefreshCookie+"="+p.Refresh) }

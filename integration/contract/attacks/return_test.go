package attacks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// ending is one way in which a flow ends without a login.
type ending struct {
	name string
	// code is in the page's URL. Whoever began without redirect_to gets
	// status and code as JSON.
	status int
	code   string
	before func(a *harness.App) // after the flow was begun; undone by Mend and Fail(nil)
	send   func(t *testing.T, a *harness.App, v harness.Visit) harness.Answer
}

// ada comes back from the provider to her flow.
var ada = harness.Identity("id-1", "ada@example.org")

// callback sends a request to the flow's callback.
func callback(t *testing.T, a *harness.App, v harness.Visit, query string, with ...harness.Option) harness.Answer {
	t.Helper()
	return a.Send(t, "GET", v.Group+"/callback?"+query, with...)
}

// sent is a callback whose query depends on the state, with the flow's cookie.
func sent(format string) func(*testing.T, *harness.App, harness.Visit) harness.Answer {
	return func(t *testing.T, a *harness.App, v harness.Visit) harness.Answer {
		return callback(t, a, v, strings.ReplaceAll(format, "STATE", v.State), v.Browser)
	}
}

// lost is sent by a browser that has lost the flow's cookie.
func lost(format string) func(*testing.T, *harness.App, harness.Visit) harness.Answer {
	return func(t *testing.T, a *harness.App, v harness.Visit) harness.Answer {
		return callback(t, a, v, strings.ReplaceAll(format, "STATE", v.State))
	}
}

// came is the browser of the flow, back as somebody.
func came(who core.OAuthIdentity) func(*testing.T, *harness.App, harness.Visit) harness.Answer {
	return func(t *testing.T, a *harness.App, v harness.Visit) harness.Answer {
		return a.Send(t, "GET", v.Group+"/callback", v.As(who))
	}
}

// posted is a provider's post, which brings no cookie.
func posted(mediaType, format string) func(*testing.T, *harness.App, harness.Visit) harness.Answer {
	return func(t *testing.T, a *harness.App, v harness.Visit) harness.Answer {
		return a.Send(t, "POST", v.Group+"/callback", harness.Body(mediaType, strings.ReplaceAll(format, "STATE", v.State)))
	}
}

func broken(store string) func(*harness.App) { return func(a *harness.App) { a.Break(store) } }

func failing(err error) func(*harness.App) {
	return func(a *harness.App) { harness.ProvidersOf(a).Acme.Fail(err) }
}

func later(d time.Duration) func(*harness.App) { return func(a *harness.App) { a.Advance(d) } }

const form = "application/x-www-form-urlencoded"

var endings = []ending{
	{name: "the cookie is lost (field M15)", status: 400, code: core.CodeOAuthInvalidState, send: lost("code=x&state=STATE")},
	{name: "the cookie is another flow's", status: 400, code: core.CodeOAuthInvalidState,
		send: func(t *testing.T, a *harness.App, v harness.Visit) harness.Answer {
			return callback(t, a, v, "code=x&state="+v.State, a.Authorize(t, v.Group, "").Browser)
		}},
	{name: "too late", status: 400, code: core.CodeOAuthStateExpired, before: later(10 * time.Minute),
		send: sent("code=x&state=STATE")},
	{name: "too late, and the cookie has expired too", status: 400, code: core.CodeOAuthStateExpired,
		before: later(24 * time.Hour), send: lost("code=x&state=STATE")},
	{name: "used before", status: 400, code: core.CodeOAuthInvalidState,
		send: func(t *testing.T, a *harness.App, v harness.Visit) harness.Answer {
			a.Want(t, "GET "+v.Group+"/callback <500", v.As(ada))
			return came(ada)(t, a, v)
		}},
	{name: "no code", status: 400, code: "Bad Request", send: sent("state=STATE")},
	{name: "an empty code", status: 400, code: "Bad Request", send: lost("code=&state=STATE")},
	{name: "the state twice", status: 400, code: "Bad Request", send: sent("code=x&state=STATE&state=STATE")},
	{name: "the code twice", status: 400, code: "Bad Request", send: lost("code=x&code=y&state=STATE")},
	{name: "cancelled", status: 400, code: "access_denied", send: sent("error=access_denied&state=STATE")},
	{name: "cancelled, without the cookie", status: 400, code: "access_denied", send: lost("error=access_denied&state=STATE")},
	{name: "cancelled, by a word of the provider's own", status: 400, code: core.CodeOAuthDeclined,
		send: sent("error=user_cancelled_login&state=STATE")},
	{name: "cancelled, with markup", status: 400, code: core.CodeOAuthDeclined, send: lost("error=%3Cscript%3E&state=STATE")},
	{name: "cancelled, too late", status: 400, code: "access_denied", before: later(time.Hour),
		send: lost("error=access_denied&state=STATE")},
	{name: "cancelled, and the provider has dropped the state", status: 400, code: "access_denied", send: sent("error=access_denied")},
	{name: "the provider has dropped the state", status: 400, code: core.CodeOAuthStateUndecodable, send: sent("code=x")},
	{name: "the provider has cut the state", status: 400, code: core.CodeOAuthStateUndecodable, send: sent("code=x&state=xSTATE")},
	{name: "the route of another provider", status: 400, code: core.CodeOAuthInvalidState,
		send: func(t *testing.T, a *harness.App, v harness.Visit) harness.Answer {
			return a.Send(t, "GET", strings.Replace(v.Group, "acme", "other", 1)+"/callback?code=x&state="+v.State, v.Browser)
		}},
	{name: "the route of an association, and nobody logged in", status: 401, code: "Unauthorized",
		send: func(t *testing.T, a *harness.App, v harness.Visit) harness.Answer {
			return a.Send(t, "GET", harness.AcmeLinked+"/callback?code=x&state="+v.State, v.Browser)
		}},
	{name: "the provider is down", status: 502, code: core.CodeOAuthProviderError, before: failing(errors.New("500")), send: came(ada)},
	{name: "the provider is slow", status: 504, code: core.CodeOAuthProviderError,
		before: failing(fmt.Errorf("token endpoint: %w", context.DeadlineExceeded)), send: came(ada)},
	{name: "the store of tickets is down", status: 503, code: core.CodeServiceUnavailable, before: broken("tickets"), send: came(ada)},
	{name: "the store of users is down", status: 503, code: core.CodeServiceUnavailable, before: broken("users"), send: came(ada)},
	{name: "the store of accounts is down", status: 503, code: core.CodeServiceUnavailable, before: broken("accounts"), send: came(ada)},
	{name: "no address", status: 400, code: core.CodeOAuthNoEmail, send: came(harness.Identity("new", ""))},
	{name: "the address of somebody", status: 400, code: core.CodeOAuthUserExists,
		send: func(t *testing.T, a *harness.App, v harness.Visit) harness.Answer {
			return came(harness.Identity("new", a.NewUser(t).Email))(t, a, v)
		}},
	{name: "somebody inactive", status: 400, code: core.CodeLoginBadCredentials,
		send: func(t *testing.T, a *harness.App, v harness.Visit) harness.Answer {
			who := harness.Identity("inactive", "inactive@example.org")
			a.Want(t, "GET "+v.Group+"/callback <500", a.Consent(t, v.Group, who))
			u, err := a.Manager().FindByEmail(t.Context(), who.Email)
			if err != nil {
				t.Fatal(err)
			}
			a.EditStored(t, u, harness.Inactive)
			return came(who)(t, a, v)
		}},
	{name: "refused by a hook", status: 429, code: "SLOW_DOWN", send: came(harness.Identity("slow", "slow@example.org"))},
	{name: "a hook panics", status: 500, code: "Internal Server Error", send: came(harness.Identity("panic", "panic@example.org"))},
	{name: "a form of another type", status: 415, code: core.CodeUnsupportedMediaType, send: posted("text/plain", "code=x&state=STATE")},
	{name: "a form without a type", status: 415, code: core.CodeUnsupportedMediaType, send: posted("", "code=x&state=STATE")},
	{name: "a form with the state twice", status: 422, code: "Unprocessable Entity", send: posted(form, "state=STATE&state=STATE&code=x")},
	{name: "a form with a broken encoding", status: 422, code: "Unprocessable Entity", send: posted(form, "code=%zz&state=STATE")},
	{name: "a form that is too large", status: 413, code: core.CodeBodyTooLarge,
		send: posted(form, "state=STATE&code="+strings.Repeat("x", 70<<10))},
	{name: "a form of many parts, cut off", status: 422, code: "Unprocessable Entity",
		send: posted("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"state\"\r\n\r\nSTATE")},
}

// TestAttackO58ReturnToThePage: a browser that began with redirect_to returns
// to that page with a code, however the flow ends; nobody is logged in. Without
// it the answer is the contract's.
func TestAttackO58ReturnToThePage(t *testing.T) {
	hooks := func(_ *harness.App, o *harness.Options) {
		o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[harness.Account]) error {
			if strings.HasPrefix(e.User.Email, "panic") {
				panic("a hook's fault")
			}
			if strings.HasPrefix(e.User.Email, "slow") {
				return &core.Error{Status: 429, Code: "SLOW_DOWN", Header: http.Header{"Retry-After": {"7"}}}
			}
			return nil
		}
	}
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil, hooks), func(t *testing.T, a *harness.App) {
		p := a.ServeOAuth(t)
		for _, end := range endings {
			for _, at := range []struct{ group, query, page string }{
				{harness.AcmeByCookie, "", ""}, {harness.AcmeByJWT, "", ""},
				{harness.AcmeByCookie, "?redirect_to=/app%3Ftab=1%23top", "/app?error=CODE&tab=1#top"},
				{harness.AcmeByJWT, "?redirect_to=https://spa.example.org/in", "https://spa.example.org/in?error=CODE"},
			} {
				t.Run(fmt.Sprintf("O58 %s (field F16) at %s%s", end.name, at.group, at.query), func(t *testing.T) {
					a.Advance(time.Minute) // the limit of begun flows
					v := a.Authorize(t, at.group, at.query)
					if end.before != nil {
						end.before(a)
					}
					got := end.send(t, a, v)
					a.Mend()
					p.Fail(nil)
					wantEnd(t, got, end, at.page)
				})
			}
		}
		a.LogInByAcme(t, harness.Identity("twin", "twin@example.org"))
	})
}

func wantEnd(t *testing.T, got harness.Answer, end ending, page string) {
	t.Helper()
	if strings.Contains(strings.Join(got.Header["Set-Cookie"], "\n"), harness.CookieName+"=") {
		t.Errorf("somebody is logged in: %v", got.Header)
	}
	if page == "" {
		detail := `{"detail":"` + end.code + `"}`
		if got.Status != end.status || got.Header.Get("Location") != "" || end.status != 422 && got.Body != detail {
			t.Errorf("without redirect_to: got %d %s, want %d %s", got.Status, got.Body, end.status, detail)
		}
		return
	}
	want := strings.Replace(page, "CODE", url.QueryEscape(end.code), 1)
	if got.Status != 303 || got.Header.Get("Location") != want || got.Body != "" ||
		got.Header.Get("Referrer-Policy") != "no-referrer" || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d to %q %s %v, want 303 to %s", got.Status, got.Header.Get("Location"), got.Body, got.Header, want)
	}
	if after := got.Header.Get("Retry-After"); (end.status == 503 || end.status == 429) != (after != "") {
		t.Errorf("Retry-After is %q", after)
	}
}

// TestAttackO58RefusedLogins: so does one that the gate refuses.
func TestAttackO58RefusedLogins(t *testing.T) {
	for code, change := range map[string]func(*harness.App, *harness.Options){
		core.CodeLoginUserNotVerified: func(_ *harness.App, o *harness.Options) { o.RequireVerified = true },
		"WRONG_WORKSPACE": func(_ *harness.App, o *harness.Options) {
			o.Hooks.BeforeLogin = func(context.Context, *latchkey.Event[harness.Account]) error {
				return latchkey.Refuse("WRONG_WORKSPACE")
			}
		},
	} {
		t.Run(code, func(t *testing.T) {
			harness.OnEveryAdapter(t, harness.WithOAuth(t, nil, change), func(t *testing.T, a *harness.App) {
				a.ServeOAuth(t)
				end := ending{status: 400, code: code}
				wantEnd(t, came(ada)(t, a, a.Authorize(t, harness.AcmeByCookie, "?redirect_to=/app")), end, "/app?error=CODE")
				wantEnd(t, came(ada)(t, a, a.Authorize(t, harness.AcmeByCookie, "")), end, "")
			})
		})
	}
}

// TestAttackO58Forgeries: only what the server has sealed leads anywhere.
func TestAttackO58Forgeries(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		v := a.Authorize(t, harness.AcmeByCookie, "?redirect_to=/app")
		for _, forged := range []string{
			"x", v.State[1:], v.State + "A", strings.ToUpper(v.State), "AAAA" + v.State[4:], v.State + "%0A", "/app",
			"https%3A%2F%2Fevil.example", strings.Repeat("A", 5000),
		} {
			for _, way := range []string{"code=x", "error=access_denied"} {
				got := a.Send(t, "GET", v.Group+"/callback?"+way+"&state="+forged)
				if got.Status != 400 || got.Header.Get("Location") != "" {
					t.Errorf("O58 the state %.20q with %s: %d to %q", forged, way, got.Status, got.Header.Get("Location"))
				}
			}
		}
		// Without a state nobody's flow leads anywhere, and none of
		// another route.
		other := a.Authorize(t, harness.AcmeByJWT, "?redirect_to=/elsewhere")
		for name, cookie := range map[string]harness.Option{
			"nobody's flow": harness.All(), "another route's": other.Browser,
		} {
			got := a.Send(t, "GET", v.Group+"/callback?error=access_denied", cookie)
			if got.Status != 400 || got.Body != `{"detail":"access_denied"}` {
				t.Errorf("O58 an error of %s: %d to %q %s", name, got.Status, got.Header.Get("Location"), got.Body)
			}
		}
		// What another request has led back to the page stays good for
		// its owner.
		for range 2 {
			a.Send(t, "GET", v.Group+"/callback?code=x&state="+v.State)
			a.Send(t, "GET", "/auth/cookie/other/callback?code=x&state="+v.State, v.Browser)
		}
		got := a.Send(t, "HEAD", v.Group+"/callback?code=x&state="+v.State)
		if got.Status != 303 || got.Header.Get("Location") != "/app?error=OAUTH_INVALID_STATE" {
			t.Errorf("O58 HEAD: got %d to %q", got.Status, got.Header.Get("Location"))
		}
		got = a.Want(t, "GET "+v.Group+"/callback <500", v.As(ada))
		if got.Status != 303 || got.Header.Get("Location") != "/app" {
			t.Errorf("O58 (twin) got %d to %q", got.Status, got.Header.Get("Location"))
		}
	})
}

// TestAttackO58Links: so does one that links an account.
func TestAttackO58Links(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		u := a.NewUser(t)
		taken := harness.Identity("taken", "taken@example.org")
		a.LogInByAcme(t, taken)
		for name, c := range map[string]struct {
			code string
			who  core.OAuthIdentity
			with func(mine harness.Option) []harness.Option
		}{
			"an account of somebody": {code: core.CodeOAuthAlreadyLinked, who: taken,
				with: func(mine harness.Option) []harness.Option { return []harness.Option{mine} }},
			"a login that has ended": {code: "Unauthorized", who: ada,
				with: func(mine harness.Option) []harness.Option {
					a.Send(t, "POST", "/auth/jwt/logout", mine)
					return []harness.Option{mine}
				}},
			"a browser without a login": {code: "Unauthorized", who: ada,
				with: func(harness.Option) []harness.Option { return nil }},
			"two logins": {code: core.CodeDuplicateCredentials, who: ada,
				with: func(mine harness.Option) []harness.Option { return []harness.Option{mine, mine} }},
			"the login of another user": {code: core.CodeOAuthInvalidState, who: ada,
				with: func(harness.Option) []harness.Option { return []harness.Option{a.LogIn(t, "jwt", a.NewUser(t))} }},
		} {
			mine := a.LogIn(t, "jwt", u)
			v := a.Authorize(t, harness.AcmeLinked, "?redirect_to=/settings", mine)
			got := a.Send(t, "GET", v.Group+"/callback", append(c.with(mine), v.As(c.who))...)
			if got.Status != 303 || got.Header.Get("Location") != "/settings?error="+c.code || len(a.Links(t, u.ID)) != 0 {
				t.Errorf("O58 %s: got %d to %q %s", name, got.Status, got.Header.Get("Location"), got.Body)
			}
		}
		mine := a.LogIn(t, "jwt", u)
		got := a.Send(t, "GET", harness.AcmeLinked+"/callback", mine,
			a.Authorize(t, harness.AcmeLinked, "?redirect_to=/settings", mine).As(ada))
		if got.Header.Get("Location") != "/settings" || len(a.Links(t, u.ID)) != 1 {
			t.Errorf("O58 (twin) got %d to %q", got.Status, got.Header.Get("Location"))
		}
	})
}

// TestAttackO58Begins: who is refused at the beginning returns to the page too.
func TestAttackO58Begins(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		page := harness.Header("Accept", "text/html,application/xhtml+xml")
		to := func(name, path, location string, with ...harness.Option) {
			t.Helper()
			got := a.Send(t, "GET", path, with...)
			if got.Status != 303 || got.Header.Get("Location") != location || len(got.Header["Set-Cookie"]) != 0 {
				t.Errorf("O58 %s: got %d to %q %s", name, got.Status, got.Header.Get("Location"), got.Body)
			}
		}
		begin := harness.AcmeByCookie + "/authorize?redirect_to=/app"
		a.Break("limiter")
		to("a store is down", begin, "/app?error=SERVICE_UNAVAILABLE")
		a.Mend()
		link := harness.AcmeLinked + "/authorize?redirect_to=/settings"
		to("nobody is logged in", link, "/settings?error=Unauthorized")
		a.Want(t, "GET "+link+" 403 CROSS_ORIGIN_REFUSED", harness.Case("O58 another site begins a link"),
			a.LogIn(t, "cookie", a.NewUser(t)), page, harness.Header("Sec-Fetch-Site", "cross-site"))
		a.Want(t, "GET "+begin+"&code_challenge=x 422 query.code_challenge value_error",
			harness.Case("O58 a developer's fault"), page)
		for range 60 {
			a.Send(t, "GET", begin)
		}
		to("too many, in a browser", begin, "/app?error=RATE_LIMITED", page)
		a.Want(t, "GET "+begin+" 429 RATE_LIMITED", harness.Case("O58 too many, of a program"))
		a.Advance(time.Minute)
		a.Authorize(t, harness.AcmeByCookie, "?redirect_to=/app") // the twin
	})
}

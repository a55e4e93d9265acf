package routes_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// loggedIn is the status of a successful callback of a group.
var loggedIn = map[string]string{harness.AcmeByJWT: "200", harness.AcmeByCookie: "204", harness.AcmeLinked: "200"}

// onOAuth runs a test with the routes of providers, at each group of acme, as
// the user whose account it is to link.
func onOAuth(
	t *testing.T, change func(*oauth.Options),
	test func(t *testing.T, a *harness.App, group string, mine harness.Option),
) {
	t.Helper()
	options := harness.WithOAuth(t, change, harness.WithSecondFactor, withOddRules)
	harness.OnEveryAdapter(t, options, func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		for group := range loggedIn {
			test(t, a, group, a.LogIn(t, "session", a.NewUser(t)))
		}
	})
}

const odd, hasty = "odd@example.org", "hasty@example.org"

// withOddRules makes an address that is none of odd, and refuses hasty.
func withOddRules(_ *harness.App, o *harness.Options) {
	o.Hooks.BeforeRegister = func(_ context.Context, e *latchkey.Event[harness.Account]) error {
		switch e.User.Email {
		case odd:
			e.User.Email = "no address"
		case hasty:
			return &core.Error{Status: 429, Code: "SLOW_DOWN", Header: http.Header{"Retry-After": {"7"}}}
		}
		return nil
	}
}

func TestOAuthAuthorize(t *testing.T) {
	onOAuth(t, nil, func(t *testing.T, a *harness.App, group string, mine harness.Option) {
		acme, route := harness.ProvidersOf(a).Acme, "GET "+group+"/authorize"
		a.Want(t, route+" 200", harness.Row, mine)
		a.Want(t, route+"?redirect_to=/app 303", harness.Row, mine)
		a.Want(t, route+"?redirect_to=//evil.example 422 query.redirect_to value_error", harness.Row, mine)
		a.Want(t, route+"?scopes= 422 query.scopes value_error", harness.Row, mine)
		if group == harness.AcmeLinked {
			a.Want(t, route+" 401", harness.Row)
		}
		acme.FailToBegin(errors.New("connection refused"))
		a.Want(t, route+" 502 OAUTH_PROVIDER_ERROR", harness.Row, mine)
		acme.FailToBegin(context.DeadlineExceeded)
		a.Want(t, route+" 504 OAUTH_PROVIDER_ERROR", harness.Row, mine)
		acme.FailToBegin(nil)
		a.Break("limiter")
		a.Want(t, route+" "+down+"(without limiter)", mine)
		a.Mend()
	})
}

func TestOAuthAuthorizeIsLimited(t *testing.T) {
	few := func(o *oauth.Options) { o.BeginLimit = core.Limit{Events: 1, Window: time.Minute} }
	onOAuth(t, few, func(t *testing.T, a *harness.App, group string, mine harness.Option) {
		a.Want(t, "GET "+group+"/authorize 200", mine)
		a.Want(t, "GET "+group+"/authorize 429 RATE_LIMITED", harness.Row, mine).WantRetryWithin(t, time.Minute)
		a.Advance(time.Minute)
	})
}

// A return beyond the limit uses nothing up.
func TestOAuthReturnIsLimited(t *testing.T) {
	few := func(o *oauth.Options) { o.ReturnLimit = core.Limit{Events: 1, Window: time.Minute} }
	onOAuth(t, few, func(t *testing.T, a *harness.App, group string, mine harness.Option) {
		a.Advance(time.Minute)
		route := "GET " + group + "/callback "
		who := harness.Identity("of "+group, "at-"+strings.ReplaceAll(group[1:], "/", "-")+"@example.org")
		came := a.Consent(t, group, who, mine)
		a.Want(t, route+"400 OAUTH_DECLINED", mine, harness.Query("error=cancelled"))
		a.Want(t, route+"429 RATE_LIMITED", harness.Row, mine, came).WantRetryWithin(t, time.Minute)
		a.Advance(time.Minute)
		a.Want(t, route+loggedIn[group]+" (a minute later)", mine, came)
		if group == harness.AcmeByJWT {
			in := harness.JSON(`{"code": "x"}`)
			a.Want(t, "POST /auth/jwt/exchange 400 OAUTH_INVALID_STATE", in)
			a.Want(t, "POST /auth/jwt/exchange 429 RATE_LIMITED", harness.Row, in).WantRetryWithin(t, time.Minute)
		}
	})
}

func TestOAuthCallback(t *testing.T) {
	onOAuth(t, nil, func(t *testing.T, a *harness.App, group string, mine harness.Option) {
		acme, route := harness.ProvidersOf(a).Acme, "GET "+group+"/callback "
		who := harness.Identity("of "+group, "of-"+strings.ReplaceAll(group[1:], "/", "-")+"@example.org")
		came := func() harness.Option { return a.Consent(t, group, who, mine) }
		a.Want(t, route+loggedIn[group], harness.Row, mine, came())
		a.Want(t, route+"303", harness.Row, mine,
			a.Authorize(t, group, "?redirect_to=/app&code_challenge="+challenge, mine).As(who))
		a.Want(t, route+"400 (neither code nor error)", mine, harness.Query("state=x"))
		a.Want(t, route+"400 ACCESS_TOKEN_DECODE_ERROR", harness.Row, mine, harness.Query("code=x"))
		a.Want(t, route+"400 OAUTH_DECLINED", harness.Row, mine, harness.Query("error=cancelled"))
		used := came()
		a.Want(t, route+loggedIn[group], mine, used)
		a.Want(t, route+"400 OAUTH_INVALID_STATE (used before)", mine, used)
		acme.Fail(errors.New("connection refused"))
		a.Want(t, route+"502 OAUTH_PROVIDER_ERROR", harness.Row, mine, came())
		acme.Fail(context.DeadlineExceeded)
		a.Want(t, route+"504 OAUTH_PROVIDER_ERROR", harness.Row, mine, came())
		acme.Fail(nil)
		unlucky := came()
		a.Break("accounts")
		a.Want(t, route+down+"(without accounts)", mine, unlucky)
		a.Mend()
		if group == harness.AcmeLinked {
			a.Want(t, route+"401", harness.Row, came())
			other := harness.Identity("other", "other@example.org")
			a.LogInByAcme(t, other)
			a.Want(t, route+"400 OAUTH_ACCOUNT_ALREADY_LINKED", harness.Row, mine, a.Consent(t, group, other, mine))
		}
		late := came()
		a.Advance(11 * time.Minute)
		a.Want(t, route+"400 ACCESS_TOKEN_ALREADY_EXPIRED", harness.Row, mine, late)
		if group == harness.AcmeLinked {
			const stale = ` 403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}}`
			a.Want(t, "GET "+group+"/authorize"+stale, harness.Row, mine)
			a.Want(t, "DELETE "+group+stale, harness.Row, mine)
		}
	})
}

func TestOAuthCallbackOfALogin(t *testing.T) {
	onOAuth(t, nil, func(t *testing.T, a *harness.App, group string, _ harness.Option) {
		if group == harness.AcmeLinked {
			return
		}
		route := "GET " + group + "/callback "
		u := a.NewUser(t)
		a.Want(t, route+"400 OAUTH_NOT_AVAILABLE_EMAIL", harness.Row, a.Consent(t, group, harness.Identity("none", "")))
		a.Want(t, route+"400 OAUTH_USER_ALREADY_EXISTS", harness.Row, a.Consent(t, group, harness.Identity("new", u.Email)))
		a.Want(t, route+"422 body.email value_error", harness.Row, a.Consent(t, group, harness.Identity("odd", odd)))
		a.Want(t, route+"429 SLOW_DOWN (a hook's own)", a.Consent(t, group, harness.Identity("hasty", hasty)))
		mine := a.LogIn(t, "session", u)
		who := harness.Identity("linked "+group, "elsewhere@example.org")
		a.Want(t, "GET "+harness.AcmeLinked+"/callback 200", mine, a.Consent(t, harness.AcmeLinked, who, mine))
		a.EditStored(t, u, func(u *harness.Account) { u.FullName = harness.EnrolledName })
		wantFactor(t, route, a.Send(t, "GET", group+"/callback", a.Consent(t, group, who)))
		a.EditStored(t, u, func(u *harness.Account) { u.IsActive = false })
		a.Want(t, route+"400 LOGIN_BAD_CREDENTIALS (inactive)", a.Consent(t, group, who))
	})
}

// wantFactor checks that a login is right, and needs a factor.
func wantFactor(t *testing.T, route string, got harness.Answer) {
	t.Helper()
	t.Run(route+"403 LOGIN_FACTOR_REQUIRED", func(t *testing.T) {
		if got.Status != 403 || !strings.Contains(got.Body, `"code":"LOGIN_FACTOR_REQUIRED"`) {
			t.Errorf("got %d %s", got.Status, got.Body)
		}
	})
}

func TestOAuthCallbackThatIsPosted(t *testing.T) {
	onOAuth(t, nil, func(t *testing.T, a *harness.App, group string, _ harness.Option) {
		route := "POST " + group + "/callback "
		a.Want(t, route+"303", harness.Row, harness.Form("state", "x", "code", "y"))
		a.Want(t, route+"422 body.state value_error", harness.Row, harness.Form("state", "x", "state", "y"))
		a.Want(t, route+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, harness.Body("text/plain", "x"))
		a.Want(t, route+"413 BODY_TOO_LARGE", harness.Row, harness.Form("code", strings.Repeat("x", core.MaxBody)))
	})
}

func TestOAuthExchange(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil, harness.WithSecondFactor), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		const route = "POST /auth/jwt/exchange "
		who := harness.Identity("ada", "ada@example.org")
		code := func() harness.Option {
			return exchanged(t, a.Send(t, "GET", harness.AcmeByJWT+"/callback",
				a.Authorize(t, harness.AcmeByJWT, "?redirect_to=/app&code_challenge="+challenge).As(who)))
		}
		a.Want(t, route+"200", harness.Row, code())
		a.Want(t, route+"400 OAUTH_INVALID_STATE", harness.Row, harness.JSON(`{"code": "x"}`))
		a.Want(t, route+"422 body.code missing", harness.Row, harness.JSON(`{}`))
		a.Want(t, route+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, harness.Form("code", "x"))
		a.Want(t, route+"413 BODY_TOO_LARGE", harness.Row, harness.JSON(strings.Repeat(" ", core.MaxBody+1)))
		good := code()
		a.Break("tickets")
		a.Want(t, route+down+"(without tickets)", good)
		a.Mend()
		u, err := a.Manager().FindByEmail(t.Context(), who.Email)
		if err != nil {
			t.Fatal(err)
		}
		a.EditStored(t, u, func(u *harness.Account) { u.FullName = harness.EnrolledName })
		wantFactor(t, route, a.Send(t, "POST", "/auth/jwt/exchange", good))
	})
}

func TestOAuthAccounts(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		const list, unlink = "GET /auth/accounts ", "DELETE " + harness.AcmeLinked + " "
		mine := a.LogIn(t, "session", a.NewUser(t))
		a.Want(t, list+"401", harness.Row)
		a.Want(t, unlink+"401", harness.Row)
		if got := a.Want(t, list+"200 (none)", mine); got.Body != "[]" {
			t.Errorf("got %s", got.Body)
		}
		a.Want(t, unlink+"404 (none)", mine)
		who := harness.Identity("ada", "ada@example.org")
		a.Want(t, "GET "+harness.AcmeLinked+"/callback 200", mine, a.Consent(t, harness.AcmeLinked, who, mine))
		if got := a.Want(t, list+"200 (one)", mine); !strings.Contains(got.Body, `"oauth_name":"acme"`) ||
			strings.Contains(got.Body, harness.AccessCanary) {
			t.Errorf("got %s", got.Body)
		}
		a.Break("accounts")
		a.Want(t, list+down+"(without accounts)", mine)
		a.Want(t, unlink+down+"(without accounts)", mine)
		a.Mend()
		a.Want(t, unlink+"204", harness.Row, mine)
		only := a.LogInByAcme(t, harness.Identity("grace", "grace@example.org"))
		a.Want(t, unlink+"409 OAUTH_LAST_LOGIN_METHOD", harness.Row, only)
	})
}

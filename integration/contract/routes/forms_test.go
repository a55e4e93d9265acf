package routes_test

import (
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// leads checks that a form ends in a 303 to a page.
func leads(t *testing.T, a *harness.App, route, page string, with ...harness.Option) harness.Answer {
	t.Helper()
	got := a.Want(t, route+" 303", with...)
	if to := got.Header.Get("Location"); to != page || got.Body != "" {
		t.Errorf("%s leads to %q %s, want %q", route, to, got.Body, page)
	}
	return got
}

func TestForms(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		const email = "forms@example.org"
		leads(t, a, "POST /auth/register", "/welcome?a=b",
			harness.Form("email", email, "password", harness.Password, "full_name", "Ada", "is_superuser", "true",
				"redirect_to", "/welcome?a=b"))
		leads(t, a, "POST /auth/register", "/join?error="+core.CodeRegisterUserExists,
			harness.Multipart("email", email, "password", harness.Password, "redirect_to", "/in", "error_to", "/join"))
		leads(t, a, "POST /auth/register", "/in?error=VALIDATION_ERROR&field=email&field=password",
			harness.Form("redirect_to", "/in?error=old"))
		leads(t, a, "POST /auth/cookie/login", "/in?error="+core.CodeLoginBadCredentials,
			harness.Form("username", email, "password", "wrong", "redirect_to", "/in"))
		in := leads(t, a, "POST /auth/cookie/login", "/in",
			harness.Form("username", email, "password", harness.Password, "redirect_to", "/in"))
		mine := harness.Header("Cookie", harness.CookieName+"="+in.Cookie(t).Value)
		a.Want(t, "GET /users/me 200", mine)

		leads(t, a, "POST /auth/request-verify-token", "/sent", harness.Form("email", email, "redirect_to", "/sent"))
		leads(t, a, "POST /auth/verify", "/in", harness.Form("token", a.NextMail(t).Token, "redirect_to", "/in"))
		leads(t, a, "POST /auth/cookie/logout", "/", mine, harness.Form("redirect_to", "/"))
		leads(t, a, "POST /auth/cookie/logout", "/?error=Unauthorized", mine, harness.Form("redirect_to", "/"))
		leads(t, a, "POST /auth/forgot-password", "/sent", harness.Form("email", email, "redirect_to", "/sent"))
		leads(t, a, "POST /auth/reset-password", "/in",
			harness.Form("token", a.NextMail(t).Token, "password", harness.OtherPassword, "redirect_to", "/in"))
		leads(t, a, "POST /auth/cookie/login", "/in",
			harness.Form("username", email, "password", harness.OtherPassword, "redirect_to", "/in"))
	})
}

func TestFormsRefused(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		foreign := func(r *http.Request) {
			r.Header.Set("Origin", "https://evil.example")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}
		for _, route := range []string{
			"POST /auth/register", "POST /auth/verify", "POST /auth/request-verify-token", "POST /auth/forgot-password",
			"POST /auth/reset-password", "POST /auth/cookie/login", "POST /auth/cookie/logout",
		} {
			a.Want(t, route+" 403 CROSS_ORIGIN_REFUSED (a form of another site)", foreign,
				harness.Form("email", "x@example.org", "redirect_to", "/in"))
			if route == "POST /auth/cookie/logout" {
				a.Want(t, route+" 401 (nobody learns what is wrong with their form)", harness.Form("redirect_to", "//evil.example"))
				continue
			}
			a.Want(t, route+" 422 body.redirect_to value_error (a URL of another site)",
				harness.Form("email", "x@example.org", "redirect_to", "//evil.example"))
			a.Want(t, route+" 422 body.error_to value_error (a URL of another site)",
				harness.Form("email", "x@example.org", "redirect_to", "/in", "error_to", "https://evil.example"))
		}
		a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (a token is not lost by a redirect)",
			harness.Form("username", "x@example.org", "password", "x", "redirect_to", "/in"))
		a.WantNoMail(t)
	})
}

package routes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestRefresh(t *testing.T) {
	harness.OnEveryAdapter(t, harness.Renewing, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		login := a.Want(t, "POST /auth/mobile/login 200", harness.LoginForm(u.Email, harness.Password))
		if o := login.Object(t); len(o) != 4 || o["token_type"] != "bearer" || o["expires_in"] != float64(600) {
			t.Errorf("the login is answered with %s", login.Body)
		}
		first := login.Pair(t)
		a.Advance(time.Hour)
		second := a.Want(t, "POST /auth/mobile/refresh 200 (form)", first.Body()).Pair(t)
		again := a.Want(t, "POST /auth/mobile/refresh 200 (JSON, and a second time)",
			harness.JSONObject(harness.Object{"refresh_token": first.Refresh})).Pair(t)
		if second.Refresh == first.Refresh || again.Refresh != second.Refresh {
			t.Error("the refresh token is not replaced, or not by the same one")
		}
		a.Want(t, "GET /users/me 200", second.Presented()).WantUser(t, u)
		a.Want(t, "GET /users/me 401 (the access token before has expired)", first.Presented())
		a.Want(t, "POST /auth/mobile/refresh 401 (no token of ours)", harness.Form("refresh_token", "x"))
		a.Want(t, "POST /auth/mobile/refresh 422 body.refresh_token missing (no token)",
			harness.Form("scope", "x"))
		a.Want(t, "POST /auth/mobile/refresh 422 body.grant_type string_pattern_mismatch (of another grant)",
			harness.Form("refresh_token", second.Refresh, "grant_type", "password"))
		a.Want(t, "POST /auth/mobile/refresh 422 body.refresh_token value_error (twice)",
			harness.Form("refresh_token", second.Refresh, "refresh_token", "x"))
		a.Want(t, "POST /auth/mobile/refresh 413 BODY_TOO_LARGE (1 MB)", harness.Form("refresh_token",
			strings.Repeat("x", 1<<20)))
		a.Want(t, "POST /auth/mobile/refresh 415 UNSUPPORTED_MEDIA_TYPE (without a body)")
		a.Break("sessions")
		a.Want(t, "POST /auth/mobile/refresh 503 SERVICE_UNAVAILABLE (without sessions)", second.Body())
		a.Want(t, "POST /auth/mobile/revoke 503 SERVICE_UNAVAILABLE (without sessions)", second.Body())
		a.Mend()
		a.Want(t, "POST /auth/mobile/refresh 200 (afterwards)", second.Body())
	})
}

func TestRefreshByCookie(t *testing.T) {
	harness.OnEveryAdapter(t, harness.Renewing, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		first := a.LogInRenewing(t, "spa", u)
		a.Advance(time.Hour)
		second := a.Want(t, "POST /auth/spa/refresh 204 (by cookie)", first.Cookie()).Pair(t)
		mine := harness.Header("Cookie", "__Host-spa="+second.Access)
		a.Want(t, "GET /users/me 200", mine).WantUser(t, u)
		a.Want(t, "POST /auth/spa/refresh 401 (without a cookie)",
			harness.JSON(`{"refresh_token": "`+second.Refresh+`"}`))
		a.Want(t, "POST /auth/spa/refresh 400 DUPLICATE_CREDENTIALS (two cookies)", second.Cookie(),
			harness.Header("Cookie", harness.RefreshCookie+"=x"))
		a.Want(t, "POST /auth/spa/revoke 400 DUPLICATE_CREDENTIALS (two cookies)", second.Cookie(),
			harness.Header("Cookie", harness.RefreshCookie+"=x"))
		a.Break("sessions")
		a.Want(t, "POST /auth/spa/refresh 503 SERVICE_UNAVAILABLE (without sessions)", second.Cookie())
		a.Want(t, "POST /auth/spa/revoke 503 SERVICE_UNAVAILABLE (without sessions)", second.Cookie())
		a.Mend()
		a.Want(t, "POST /auth/spa/refresh 403 CROSS_ORIGIN_REFUSED (from another site)", second.Cookie(),
			harness.Header("Sec-Fetch-Site", "cross-site"))
		a.Want(t, "POST /auth/spa/revoke 403 CROSS_ORIGIN_REFUSED (from another site)", second.Cookie(),
			harness.Header("Sec-Fetch-Site", "cross-site"))
		gone := a.Want(t, "POST /auth/spa/logout 204 (both cookies go)", mine)
		if lines := gone.Header["Set-Cookie"]; len(lines) != 2 || !strings.Contains(lines[1],
			harness.RefreshCookie+"=;") {
			t.Errorf("logout sets %q", lines)
		}
		a.Want(t, "POST /auth/spa/refresh 401 (after the logout)", second.Cookie())
	})
}

func TestRevoke(t *testing.T) {
	harness.OnEveryAdapter(t, harness.Renewing, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		mine, other, browser := a.LogInRenewing(t, "mobile", u), a.LogInRenewing(t, "mobile", u),
			a.LogInRenewing(t, "spa", u)
		for _, row := range []struct {
			line string
			body harness.Option
		}{
			{"POST /auth/mobile/revoke 200 (RFC 7009)", harness.Form("token", mine.Refresh,
				"token_type_hint", "refresh_token")},
			{"POST /auth/mobile/revoke 200 (again)", harness.Form("token", mine.Refresh)},
			{"POST /auth/mobile/revoke 200 (unknown)", harness.JSON(`{"refresh_token": "x"}`)},
		} {
			if got := a.Want(t, row.line, row.body); got.Body != "null" {
				t.Errorf("%s: got %s", row.line, got.Body)
			}
		}
		a.Want(t, "POST /auth/mobile/revoke 422 body.token missing (no token)", harness.Form("x", "y"))
		a.Want(t, "POST /auth/mobile/revoke 413 BODY_TOO_LARGE (1 MB)", harness.Form("token",
			strings.Repeat("x", 1<<20)))
		a.Want(t, "POST /auth/mobile/revoke 415 UNSUPPORTED_MEDIA_TYPE (without a body)")
		a.Want(t, "GET /users/me 401 (its access token)", mine.Presented())
		a.Want(t, "GET /users/me 200 (another login)", other.Presented())
		a.Want(t, "POST /auth/spa/revoke 200 (by cookie)", browser.Cookie())
		a.Want(t, "POST /auth/spa/refresh 401 (after it)", browser.Cookie())
	})
}

// Of requests to end a login by its refresh token a network has so many, and
// apart from them those of DELETE /sessions.
func TestLimitOfRevocations(t *testing.T) {
	few := func(a *harness.App, o *harness.Options) {
		harness.Renewing(a, o)
		o.Limits.SessionEnds = latchkey.Limit{Events: 2, Window: time.Minute}
	}
	harness.OnEveryAdapter(t, few, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		mobile, spa := a.LogInRenewing(t, "mobile", u), a.LogInRenewing(t, "spa", u)
		a.Want(t, "POST /auth/mobile/revoke 422 body.token missing (which is none)", harness.Form("x", "y"))
		a.Want(t, "POST /auth/mobile/revoke 200", harness.Form("token", "x"))
		a.Want(t, "POST /auth/spa/revoke 200 (the second)")
		limited := a.Want(t, "POST /auth/mobile/revoke 429 RATE_LIMITED (the third of a minute)", mobile.Body())
		limited.WantRetryWithin(t, time.Minute)
		limited = a.Want(t, "POST /auth/spa/revoke 429 RATE_LIMITED (the fourth)", spa.Cookie())
		limited.WantRetryWithin(t, time.Minute)
		if lines := limited.Header["Set-Cookie"]; len(lines) > 0 {
			t.Errorf("the login goes on, and its cookies do not: %q", lines)
		}
		a.Want(t, "GET /users/me 200 (it goes on)", mobile.Presented())
		a.Want(t, "POST /auth/spa/revoke 200 (another network)", spa.Cookie(),
			harness.Header("Test-Peer", "198.51.100.1:1"))
		a.Advance(time.Minute)
		a.Want(t, "POST /auth/mobile/revoke 200 (a minute later)", mobile.Body())
		a.Want(t, "POST /auth/mobile/refresh 401 (it has ended)", mobile.Body())
		a.Want(t, "DELETE /auth/sessions 204 (counted apart)", a.LogIn(t, "session", u))
	})
}

func TestLimitOfRefreshes(t *testing.T) {
	limited := func(a *harness.App, o *harness.Options) {
		harness.Renewing(a, o)
		o.Limits.Refreshes = latchkey.Limit{}
	}
	harness.OnEveryAdapter(t, limited, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		mobile, spa := a.LogInRenewing(t, "mobile", u), a.LogInRenewing(t, "spa", u)
		for range 118 {
			a.Want(t, "POST /auth/mobile/refresh 401", harness.Form("refresh_token", "x"))
		}
		mobile = a.Want(t, "POST /auth/mobile/refresh 200", mobile.Body()).Pair(t)
		spa = a.Want(t, "POST /auth/spa/refresh 204", spa.Cookie()).Pair(t)
		a.Want(t, "POST /auth/mobile/refresh 429 RATE_LIMITED (the 121st of a minute)",
			mobile.Body()).WantRetryWithin(t, time.Minute)
		a.Want(t, "POST /auth/spa/refresh 429 RATE_LIMITED (the 122nd)", spa.Cookie())
		a.Advance(time.Minute)
		a.Want(t, "POST /auth/mobile/refresh 200 (a minute later)", mobile.Body())
		a.Want(t, "POST /auth/spa/refresh 204 (a minute later)", spa.Cookie())
	})
}

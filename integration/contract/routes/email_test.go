package routes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const (
	confirmEmail = "POST /auth/email/confirm "
	undoEmail    = "POST /auth/email/undo "
)

// confirming adds the flow, and lets users delete themselves.
func confirming(_ *harness.App, o *harness.Options) {
	plenty := latchkey.Limit{Events: 100_000, Window: time.Minute}
	o.Flows = append(o.Flows, emailchange.Flow{Confirm: true, MailLimit: plenty, AttemptLimit: plenty})
	o.SelfDelete = true
}

// tokenOf returns the token of the next mail of a kind.
func tokenOf(t *testing.T, a *harness.App, kind string) string {
	t.Helper()
	for range 3 {
		if m := a.NextMail(t); m.Kind == kind {
			return m.Token
		}
	}
	t.Fatalf("no %s mail came", kind)
	return ""
}

func TestEmailChange(t *testing.T) {
	harness.OnEveryAdapter(t, confirming, func(t *testing.T, a *harness.App) {
		for _, route := range []string{confirmEmail, undoEmail} {
			a.Want(t, route+"400 EMAIL_CHANGE_BAD_TOKEN (made up)", harness.VerifyBody("made up"))
			a.Want(t, route+"400 EMAIL_CHANGE_BAD_TOKEN (empty)", harness.VerifyBody(""))
			a.Want(t, route+"400 EMAIL_CHANGE_BAD_TOKEN (right shape)",
				harness.VerifyBody(strings.Repeat("A", core.SecretLen)))
			a.Want(t, route+"422 body.token missing", harness.Row, harness.JSON(`{}`))
			a.Want(t, route+"422 body.token string_type", harness.Row, harness.JSON(`{"token": 1}`))
			a.Want(t, route+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, harness.Body("text/plain", "{}"))
			a.Want(t, route+"413 BODY_TOO_LARGE", harness.Row, harness.JSON(strings.Repeat(" ", core.MaxBody+1)))
			a.Break("tickets")
			a.Want(t, route+down+"(without tickets)", harness.VerifyBody("x"))
			a.Mend()
		}
		u := a.NewUser(t, harness.Verified)
		mine, before := a.LogIn(t, "cookie", u), u.Email
		name := "Grace Hopper"
		u.FullName = name
		a.Want(t, "PATCH /users/me 200 (the address stays, the rest counts)", mine,
			harness.JSONObject(harness.Object{"email": " New@example.org ", "full_name": name})).WantUser(t, u)
		token := tokenOf(t, a, core.MailEmailChange)
		a.Want(t, confirmEmail+"403 CROSS_ORIGIN_REFUSED", harness.Row, mine, harness.VerifyBody(token),
			harness.Header("Sec-Fetch-Site", "cross-site"))
		u.Email = "New@example.org"
		a.Want(t, confirmEmail+"200 (a form)", harness.Form("token", token)).WantUser(t, u)
		a.Want(t, "GET /users/me 200", mine).WantUser(t, u)
		got := a.Want(t, undoEmail+"200", harness.Row, harness.VerifyBody(tokenOf(t, a, core.MailEmailUndo)))
		if got.Body != "null" {
			t.Errorf("the answer is %s", got.Body)
		}
		a.Want(t, "GET /users/me 401 (undone)", mine)
		a.Want(t, harness.ResetRoute+"200 (the mail to a new password)", harness.ResetBody(tokenOf(t, a, core.MailReset)))
		a.Want(t, "POST /auth/jwt/login 200", harness.LoginForm(before, harness.OtherPassword))
	})
}

// A change of letter case is no other address, and counts at once.
func TestEmailChangeOfLetterCase(t *testing.T) {
	harness.OnEveryAdapter(t, confirming, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Verified)
		u.Email = strings.ToUpper(u.Email)
		a.Want(t, "PATCH /users/me 200 (letter case)", a.LogIn(t, "jwt", u),
			harness.JSONObject(harness.Object{"email": u.Email})).WantUser(t, u)
		a.WantNoMail(t)
	})
}

func TestEmailConfirmRefused(t *testing.T) {
	harness.OnEveryAdapter(t, confirming, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Verified)
		mine := a.LogIn(t, "session", u)
		a.Want(t, "PATCH /users/me 200", mine, harness.JSON(`{"email": "wanted@example.org"}`))
		token := tokenOf(t, a, core.MailEmailChange)
		err := a.Stores.Credentials.Create(t.Context(),
			&core.Credential{Owner: u.ID, Kind: "passkey", Key: "x", Created: a.Now()}, 0)
		if err != nil {
			t.Fatal(err)
		}
		a.Want(t, confirmEmail+"401 (no login of the user, who has a passkey)", harness.VerifyBody(token))
		other := a.NewUser(t, func(u *harness.Account) { u.Email = "wanted@example.org" })
		a.Want(t, confirmEmail+"400 UPDATE_USER_EMAIL_ALREADY_EXISTS", harness.Row, mine, harness.VerifyBody(token))
		if err := a.Manager().Delete(t.Context(), other.ID); err != nil {
			t.Fatal(err)
		}
		u.Email, u.IsVerified = "wanted@example.org", true
		a.Want(t, confirmEmail+"200 (the token was not used up)", mine, harness.VerifyBody(token)).WantUser(t, u)
	})
}

func TestEmailChangeLimits(t *testing.T) {
	few := latchkey.Limit{Events: 1, Window: time.Hour}
	change := func(_ *harness.App, o *harness.Options) {
		o.Flows = append(o.Flows, emailchange.Flow{Confirm: true, MailLimit: few, AttemptLimit: few})
	}
	harness.OnEveryAdapter(t, change, func(t *testing.T, a *harness.App) {
		for _, route := range []string{confirmEmail, undoEmail} {
			a.Want(t, route+"400 EMAIL_CHANGE_BAD_TOKEN", harness.VerifyBody("x"))
			a.Want(t, route+"429 RATE_LIMITED", harness.Row, harness.VerifyBody("x")).WantRetryWithin(t, time.Hour)
		}
		// The address has had its mail: a second request gets the same
		// answer, and leaves the first token as it is.
		u := a.NewUser(t)
		mine := a.LogIn(t, "session", u)
		for range 2 {
			a.Want(t, "PATCH /users/me 200", mine, harness.JSON(`{"email": "once@example.org"}`)).WantUser(t, u)
		}
		token := tokenOf(t, a, core.MailEmailChange)
		a.Advance(time.Hour)
		u.Email, u.IsVerified = "once@example.org", true
		a.Want(t, confirmEmail+"200 (the first token)", harness.VerifyBody(token)).WantUser(t, u)
		a.WantNoMail(t)
	})
}

func TestDeleteMe(t *testing.T) {
	harness.OnEveryAdapter(t, confirming, func(t *testing.T, a *harness.App) {
		a.Want(t, "DELETE /users/me 401", harness.Row)
		for _, backend := range harness.Backends {
			u := a.NewUser(t)
			mine := a.LogIn(t, backend, u)
			a.Break("users.Delete")
			a.Want(t, "DELETE /users/me "+down+"(without users)", mine)
			a.Mend()
			a.Advance(11 * time.Minute)
			a.Want(t, "DELETE /users/me "+proof, harness.Row, mine)
			mine = a.LogIn(t, backend, u)
			a.Want(t, "DELETE /users/me 400 DUPLICATE_CREDENTIALS", harness.Row, mine, mine)
			got := a.Want(t, "DELETE /users/me 204", harness.Row, mine)
			if backend == "cookie" && got.Cookie(t).MaxAge >= 0 {
				t.Errorf("the cookie stays: %v", got.Cookie(t))
			}
			a.Want(t, "GET /users/me 401", mine)
			if m := a.NextMail(t); m.Kind != core.MailDeleted || m.To != u.Email || m.User.Base().ID != u.ID {
				t.Errorf("got a %s to %s", m, m.To)
			}
		}
		boss := a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
		a.Want(t, "DELETE /users/me 409 LAST_SUPERUSER", harness.Row, boss)
		a.NewUser(t, harness.Superuser)
		a.Want(t, "DELETE /users/me 204 (another superuser stays)", boss)
		a.Want(t, "DELETE /users/{id} 404 (any other path is an ID)", harness.PathID("me2"),
			a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser)))
	})
}

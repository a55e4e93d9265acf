package routes_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/leaving"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const (
	undoLeaving = "POST /auth/leaving/undo "
	exportMe    = "POST /users/me/export "
)

// leaves adds the flow, and copies of one's data with all that the document
// has.
func leaves(t *testing.T) func(*harness.App, *harness.Options) {
	return harness.WithOAuth(t, nil, func(a *harness.App, o *harness.Options) {
		harness.WithAPIKeys(t, nil)(a, o)
		o.Flows = append(o.Flows, leaving.Flow{AttemptLimit: latchkey.Limit{Events: 11, Window: time.Hour}})
		o.SelfDelete, o.SelfExport = true, true
	})
}

func TestLeaving(t *testing.T) {
	harness.OnEveryAdapter(t, leaves(t), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		a.Want(t, undoLeaving+"400 LEAVING_BAD_TOKEN (made up)", harness.Row, harness.VerifyBody("made up"))
		a.Want(t, undoLeaving+"400 LEAVING_BAD_TOKEN (empty)", harness.VerifyBody(""))
		a.Want(t, undoLeaving+"400 LEAVING_BAD_TOKEN (right shape)", harness.VerifyBody(strings.Repeat("A", core.SecretLen)))
		a.Want(t, undoLeaving+"422 body.token missing", harness.Row, harness.JSON(`{}`))
		a.Want(t, undoLeaving+"422 body.token string_type", harness.JSON(`{"token": 1}`))
		a.Want(t, undoLeaving+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, harness.Body("text/plain", "{}"))
		a.Want(t, undoLeaving+"413 BODY_TOO_LARGE", harness.Row, harness.JSON(strings.Repeat(" ", core.MaxBody+1)))
		a.Break("tickets")
		a.Want(t, undoLeaving+down+"(without tickets)", harness.Row, harness.VerifyBody("x"))
		a.Mend()
		u := a.NewUser(t, harness.Verified)
		mine := a.LogIn(t, "cookie", u)
		a.Break("credentials.Create")
		a.Want(t, "DELETE /users/me "+down+"(without credentials)", mine)
		a.Mend()
		a.Want(t, "GET /users/me 200 (nothing was changed)", mine)
		got := a.Want(t, "DELETE /users/me 202", harness.Row, mine)
		until, _ := got.Member(t, "until").(string)
		if at, err := time.Parse(time.RFC3339, until); err != nil || !at.Equal(a.Now().Add(14*24*time.Hour)) {
			t.Errorf("until %s at %v", until, a.Now())
		}
		if got.Cookie(t).MaxAge >= 0 {
			t.Errorf("the cookie stays: %v", got.Cookie(t))
		}
		a.Want(t, "GET /users/me 401", mine)
		token := tokenOf(t, a, core.MailLeaving)
		a.Want(t, undoLeaving+"403 CROSS_ORIGIN_REFUSED", harness.Form("token", token),
			harness.Header("Sec-Fetch-Site", "cross-site"))
		a.Break("credentials.Find")
		a.Want(t, undoLeaving+down+"(without credentials)", harness.VerifyBody(token))
		a.Mend()
		if got := a.Want(t, undoLeaving+"200", harness.Row, harness.VerifyBody(token)); got.Body != "null" {
			t.Errorf("the answer is %s", got.Body)
		}
		a.Want(t, undoLeaving+"400 LEAVING_BAD_TOKEN (used)", harness.VerifyBody(token))
		a.Want(t, "GET /users/me 200", a.LogIn(t, "jwt", u))
		for a.Send(t, "POST", "/auth/leaving/undo", harness.VerifyBody("x")).Status == 400 {
		}
		a.Want(t, undoLeaving+"429 RATE_LIMITED", harness.Row, harness.VerifyBody("x")).WantRetryWithin(t, time.Hour)

		in := func(n int) harness.Option { // users of one mailbox, which has verified none
			t.Helper()
			address := fmt.Sprintf("leaves+%d@example.org", n)
			return a.LogIn(t, "jwt", a.NewUser(t, func(u *harness.Account) { u.Email = address }))
		}
		mine = in(0)
		a.Break("limiter.Allow")
		a.Want(t, "DELETE /users/me "+down+"(without the limiter)", mine)
		a.Mend()
		for n := range 5 {
			a.Want(t, "DELETE /users/me 202 (one of five)", in(1+n))
		}
		a.Want(t, "DELETE /users/me 429 RATE_LIMITED", harness.Row, mine).WantRetryWithin(t, time.Hour)
		a.Want(t, "GET /users/me 200 (nothing was changed)", mine)

		boss := a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
		a.Want(t, "DELETE /users/me 409 LAST_SUPERUSER", boss)
		a.NewUser(t, harness.Superuser)
		a.Want(t, "DELETE /users/me 202 (another superuser stays)", boss)
		a.Want(t, "GET /users/me 401", boss)
	})
}

func TestExportMe(t *testing.T) {
	harness.OnEveryAdapter(t, leaves(t), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		a.Want(t, exportMe+"401", harness.Row)
		u := a.NewUser(t, harness.Verified)
		mine := a.LogIn(t, "cookie", u)
		a.Advance(11 * time.Minute)
		a.Want(t, exportMe+`403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}} `, harness.Row, mine)
		mine = a.LogIn(t, "cookie", u)
		a.Want(t, exportMe+"400 DUPLICATE_CREDENTIALS", harness.Row, mine, mine)
		for _, calls := range []string{"audit", "sessions.List", "accounts.List", "credentials.List", "limiter"} {
			a.Break(calls)
			a.Want(t, exportMe+down+"(without "+calls+")", mine)
		}
		a.Mend()
		for range 3 { // an outage uses nothing up
			got := a.Want(t, exportMe+"200", harness.Row, mine)
			user, _ := got.Member(t, "user").(map[string]any)
			if user["email"] != u.Email || user["full_name"] != u.FullName {
				t.Errorf("got %s", got.Body)
			}
		}
		a.Want(t, exportMe+"429 RATE_LIMITED", harness.Row, mine).WantRetryWithin(t, 24*time.Hour)
		a.Advance(24 * time.Hour)
		a.Want(t, exportMe+"200 (the next day)", a.LogIn(t, "session", u))
		if _, err := a.Manager().Export(context.Background(), u.ID); err != nil {
			t.Error(err)
		}
	})
}

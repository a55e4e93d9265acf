package routes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// TestTrustedBrowsers drives the operation to each of its answers. Only the
// backend whose token browsers send by themselves has it.
func TestTrustedBrowsers(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		const trust = harness.TrustRoute
		f, in := enrolled(t, a, "cookie")
		login := harness.LoginForm(f.u.Email, harness.Password)
		a.Want(t, trust+"401", harness.Row)
		a.Want(t, trust+"403 CROSS_ORIGIN_REFUSED", harness.Row, in, harness.Header("Sec-Fetch-Site", "cross-site"))
		a.Want(t, trust+"409 NO_FACTOR", harness.Row, a.LogIn(t, "cookie", a.NewUser(t, harness.Verified)))
		a.Want(t, trust+"413 BODY_TOO_LARGE", harness.Row, in, harness.JSON(strings.Repeat(" ", core.MaxBody+1)))
		a.Want(t, trust+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, in, harness.Form("label", "x"))
		a.Want(t, trust+"422 body.label string_type", harness.Row, in, harness.JSON(`{"label": 1}`))
		a.Want(t, trust+"201 (a name)", in, harness.JSON(`{"label": "the laptop"}`))
		a.Break("credentials")
		a.Want(t, trust+down+"(without credentials)", in)
		a.Mend()
		browser, id := a.Trust(t, in)
		got := a.Want(t, "POST /auth/cookie/login 204 (in a trusted browser)", browser, login)
		spared := harness.Credential("cookie", got.Cookie(t).Value)
		a.Break("credentials.Find")
		a.Want(t, "POST /auth/cookie/login "+down+"(without credentials)", browser, login)
		a.Mend()
		a.Want(t, trust+`403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":["totp"]}}`, harness.Row, spared)
		list := a.Want(t, "GET /auth/factors 200 (with a browser)", in)
		if !strings.Contains(list.Body, id) || strings.Count(list.Body, `"kind":"trusted"`) != 2 {
			t.Errorf("the list is %s", list.Body)
		}
		a.Advance(11 * time.Minute)
		a.Want(t, trust+`403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":["totp"]}}`, harness.Case("stale"), in)
		in = f.renewed(t, a.Want(t, f.at("/prove/totp")+"204", in, pendingBody("", f.code(t))))
		a.Want(t, "DELETE /auth/factors/{id} 204 (a browser)", in, harness.PathID(id))
		a.PendingTicket(t, "cookie", f.u)
		for _, backend := range []string{"jwt", "session"} {
			f, in := enrolled(t, a, backend)
			a.Want(t, f.at("/trusted-devices")+"404", harness.Row, in)
			a.PendingTicket(t, backend, f.u)
		}
	})
}

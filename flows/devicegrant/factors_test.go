package devicegrant_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
	"github.com/latchkey-go/latchkey/internal/factortest"
)

// A device's login is as strong as the one that approved it, and no proof
// in it is recent.
func TestD06Proofs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, func(o *options) {
			o.RequireFactor = func(context.Context, *factortest.Member) (bool, error) { return true, nil }
		})
		c := a.Client("web")
		secret := enrolInLogin(a, c)
		d := a.device()
		person{c, a}.lets(d)
		d.polls(200, "access_token") // no factor is asked for: the browser's login had it
		in := a.heard.of(core.EventLoggedIn)
		last := in[len(in)-1].Session
		if want := []core.Proof{{Method: "password"}, {Method: "totp"}, {Method: "device"}}; !same(last.Proofs, want) {
			t.Errorf("the proofs are %v, want %v", last.Proofs, want)
		}

		// What is sensitive needs both kinds of proofs at the device.
		const change = `{"password": "another engine"}`
		d.Send("PATCH", "/users/me", change, 403, core.CodeProofRequired)
		d.Ask("/device/claim", typed(a.device().user), 403, core.CodeProofRequired)
		factortest.Step()
		d.Ask("/prove/totp", `{"code": "`+authtest.TOTP(t, secret)+`"}`, 200, "access_token")
		d.Send("PATCH", "/users/me", change, 403, `"methods":["password"]`)
		d.Ask("/prove/password", ownPassword, 200, "access_token")
		next := a.device()
		d.Ask("/device/claim", typed(next.user), 200, "") // a device lets another one in
		d.Ask("/device/approve", typed(next.user), 204, "")
		next.polls(200, "access_token")
		in = a.heard.of(core.EventLoggedIn)
		if got := in[len(in)-1].Session.Proofs; len(got) != 3 || len(core.MadeHere(got)) > 0 || !core.Strong(got) {
			t.Errorf("the second device's proofs are %v", got)
		}
		d.Send("PATCH", "/users/me", change, 200, "")
	})
}

const ownPassword = `{"password": "` + factortest.Password + `"}`

// Who has the password and has talked the user into approving a device has
// one of their factors, and not two.
func TestD08ApprovedAndPassword(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, nil)
		a.Handler.(*http.ServeMux).Handle("/payroll", httpauth.Require(a, latchkey.Factor(0))(
			http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
		browser := a.Client("web")
		secret := browser.Enrol(factortest.Ada)
		d := a.device()
		person{browser, a}.lets(d)
		d.polls(200, "access_token")
		id := browser.Factors()[0]["id"].(string)
		payroll := func(status int) { t.Helper(); d.Send("GET", "/payroll", "", status, "") }
		payroll(403)
		d.Ask("/prove/password", ownPassword, 200, "access_token")
		payroll(403)
		for _, c := range []struct{ method, path, body string }{
			{"DELETE", "/auth/factors/" + id, ""},
			{"PATCH", "/users/me", `{"password": "another engine"}`},
			{"PATCH", "/users/me", `{"password": "another engine", "current_password": "` + factortest.Password + `"}`},
			{"PATCH", "/users/me", `{"email": "eve@example.org"}`},
			{"POST", "/auth/api/device/claim", typed(a.device().user)},
		} {
			d.Send(c.method, c.path, c.body, 403, `"methods":["totp"]`)
		}
		factortest.Step()
		d.Ask("/prove/totp", `{"code": "`+authtest.TOTP(t, secret)+`"}`, 200, "access_token")
		payroll(200)
		d.Send("PATCH", "/users/me", `{"password": "another engine"}`, 200, "")
	})
}

// A user without a password, nor mails that log in, has no proof to put beside
// the app's code: what is sensitive they do in the browser.
func TestD08NothingBesideTheCode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, nil)
		eve := &factortest.Member{User: latchkey.User{Email: "eve@example.org", IsActive: true, IsVerified: true}}
		if err := a.Manager().Create(t.Context(), eve, ""); err != nil {
			t.Fatal(err)
		}
		in, err := a.Manager().Login(t.Context(), eve.ID, "api", nil, core.Proof{Method: core.MethodOAuth + "acme"})
		if err != nil {
			t.Fatal(err)
		}
		c := a.Client("api")
		c.Header.Set("Authorization", "Bearer "+in.Token.Raw)
		begun := c.Ask("/totp/begin", "", 200, "")
		secret := begun["secret"].(string)
		c.Confirm("/totp/confirm", begun, authtest.TOTP(t, secret), 200, "")
		d := a.device()
		person{c, a}.lets(d)
		d.polls(200, "access_token")
		const change = `{"password": "another engine"}`
		d.Send("PATCH", "/users/me", change, 403, `"methods":[]`)
		factortest.Step()
		d.Ask("/prove/totp", `{"code": "`+authtest.TOTP(t, secret)+`"}`, 200, "access_token")
		d.Send("PATCH", "/users/me", change, 403, `{"detail":"Forbidden"}`)
		c.Send("PATCH", "/users/me", change, 200, "")
	})
}

func same(got, want []core.Proof) bool {
	for i := range got {
		if len(got) != len(want) || got[i].Method != want[i].Method || !got[i].At.IsZero() {
			return false
		}
	}
	return len(got) == len(want)
}

// enrolInLogin logs Ada in, who gets an app by that.
func enrolInLogin(a app, c *factortest.Client) (secret string) {
	body := `{"email": "` + factortest.Ada + `", "password": "` + factortest.Password + `"}`
	detail := c.Ask("/login", body, 403, core.CodeLoginEnrolment)["detail"].(map[string]any)
	pending := detail["pending"].(string)
	begun := c.Ask("/login/totp/begin", `{"pending": "`+pending+`"}`, 200, "")
	secret = begun["secret"].(string)
	c.Ask("/login/totp/confirm", fmt.Sprintf(`{"pending": %q, "enrolment": %q, "code": %q}`, pending, begun["enrolment"],
		authtest.TOTP(a.t, secret)), 204, "")
	return secret
}

// A login that a step-up has replaced decides nothing.
func TestFactorAddedBetween(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, nil)
		d, p := a.device(), a.ada()
		p.does("claim", d.user, 200, "")
		// Enrolling raises the epoch, so the approval comes after it.
		begun := p.Ask("/totp/begin", "", 200, "")
		secret := begun["secret"].(string)
		p.Confirm("/totp/confirm", begun, authtest.TOTP(t, secret), 204, "")
		p.does("approve", d.user, 400, core.CodeDeviceBadCode) // by the login that a step-up has replaced
		d.waits()
	})
}

// Where a login was spared its factor, the claim asks for it.
func TestSpared(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, func(o *options) { o.Flows = append(o.Flows, spares{}) })
		c := a.Client("web")
		secret := c.Enrol(factortest.Ada)
		d, p := a.device(), a.ada() // without a code
		p.does("claim", d.user, 403, core.CodeProofRequired)
		factortest.Step()
		p.Ask("/prove/totp", `{"code": "`+authtest.TOTP(t, secret)+`"}`, 204, "")
		p.lets(d)
		d.polls(200, "access_token")
	})
}

// spares is a flow that spares every login its factors.
type spares struct{}

func (spares) Name() string                                       { return "spares" }
func (spares) PerBackend() bool                                   { return false }
func (spares) Routes(*core.Services) ([]core.Route, error)        { return nil, nil }
func (spares) Waives(context.Context, core.Attempt) (bool, error) { return true, nil }

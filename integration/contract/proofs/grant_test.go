package proofs_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
	"github.com/latchkey-go/latchkey/flows/notices"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const (
	claims   = "POST /auth/cookie/device/claim "
	approves = "POST /auth/cookie/device/approve "
	denies   = "POST /auth/cookie/device/deny "
	polled   = "POST /auth/session/device/token "
	badCode  = "400 DEVICE_BAD_CODE"
)

// deviceClaims: the login that has claimed a code is the one that decides.
func deviceClaims(t *testing.T, a *harness.App) {
	u, eve := a.NewUser(t), a.NewUser(t)
	mine, other, hers := a.LogIn(t, "cookie", u), a.LogIn(t, "cookie", u), a.LogIn(t, "cookie", eve)
	d := a.NewDevice(t, "session")
	a.Want(t, approves+badCode, harness.Case("D01 a code that nobody has claimed"), mine, d.Typed())
	a.Want(t, claims+"200", mine, d.Typed())
	for who, in := range map[string]harness.Option{"a stranger": hers, "another login of the same user": other} {
		for _, route := range []string{claims, approves, denies} {
			a.Want(t, route+badCode, harness.Case("D01 "+who), in, d.Typed())
		}
	}
	a.Want(t, "POST /auth/session/device/approve "+badCode, harness.Case("D01 at another backend"),
		a.LogIn(t, "session", u), d.Typed())
	a.Want(t, polled+"400 DEVICE_AUTHORIZATION_PENDING", d.Polls())
	a.Want(t, approves+"204", harness.Case("D01 twin, the login that claimed it"), mine, d.Typed())
	a.Want(t, denies+badCode, harness.Case("D01 a decision undone by a stranger"), hers, d.Typed())
	a.Advance(5 * time.Second)
	in := a.Admitted(t, "session", a.Want(t, polled+"200", d.Polls()))
	a.Want(t, "GET /users/me 200", in).WantUser(t, u)
}

// deviceRaces: one login claims a code, and one poll gets the login.
func deviceRaces(t *testing.T, other *harness.App) {
	free := func(_ *harness.App, o *harness.Options) { o.Limiter, o.InsecureNoLimits = nil, true }
	a := other.Beside(t, free)
	mine := a.LogIn(t, "cookie", a.NewUser(t))
	t.Run("D02 one of many", func(t *testing.T) {
		for range 3 {
			d, logins := a.NewDevice(t, "session"), make([]harness.Option, 8)
			for i := range logins {
				logins[i] = a.LogIn(t, "cookie", a.NewUser(t))
			}
			won(t, a.SendAtOnce(t, len(logins), "POST", "/auth/cookie/device/claim", func(i int) harness.Option {
				return func(r *http.Request) { logins[i](r); d.Typed()(r) }
			}))
			d = a.NewDevice(t, "session")
			a.Let(t, "cookie", mine, d)
			won(t, a.SendAtOnce(t, atOnce, "POST", "/auth/session/device/token", same(d.Polls())))
			a.Want(t, polled+badCode+" (again)", d.Polls())
		}
	})
}

// deviceDeciders: a person decides, in a browser of theirs, soon after a proof.
func deviceDeciders(t *testing.T, a *harness.App) {
	u := a.NewUser(t)
	mine, d := a.LogIn(t, "cookie", u), a.NewDevice(t, "session")
	key := a.Issue(t, "cookie", core.Session{UserID: u.ID, Scopes: []string{"read"}})
	acting := a.Act(t, "cookie", a.LogIn(t, "cookie", a.NewUser(t, harness.Superuser)), u)
	for _, route := range []string{claims, approves, denies} {
		a.Want(t, route+"403 INSUFFICIENT_SCOPE", harness.Case("D03 by a key"), key, d.Typed())
		a.Want(t, route+"403", harness.Case("D03 by who acts as the user"), acting, d.Typed())
		a.Want(t, route+"403 CROSS_ORIGIN_REFUSED", harness.Case("D03 from another site"), mine, d.Typed(),
			harness.Header("Sec-Fetch-Site", "cross-site"))
		a.Want(t, "GET "+route[len("POST "):]+"405", harness.Case("D03 by GET"), mine)
	}
	a.Advance(10*time.Minute + time.Second)
	d = a.NewDevice(t, "session")
	if got := a.Send(t, "POST", "/auth/cookie/device/claim", mine, d.Typed()); got.Status != 403 {
		t.Errorf("D03 by an old login: %d %s", got.Status, got.Body)
	}
	a.Want(t, claims+"200", harness.Case("D03 twin, by a login of now"), a.LogIn(t, "cookie", u), d.Typed())
}

// deviceUsers: an approval is worth what its user is, when the device polls.
func deviceUsers(t *testing.T, a *harness.App) {
	for name, end := range map[string]func(t *testing.T, a *harness.App, u *harness.Account){
		"inactive": func(t *testing.T, a *harness.App, u *harness.Account) {
			a.EditStored(t, u, func(u *harness.Account) { u.IsActive = false })
		},
		"suspended": func(t *testing.T, a *harness.App, u *harness.Account) {
			a.EditStored(t, u, func(u *harness.Account) { u.SuspendedUntil = a.Now().Add(time.Hour) })
		},
		"after a new password": func(t *testing.T, a *harness.App, u *harness.Account) {
			a.ChangeUser(t, u, latchkey.Changes[harness.Account]{Password: new("yet another 17 password")})
		},
		"after its logins were ended": func(t *testing.T, a *harness.App, u *harness.Account) {
			if err := a.Manager().EndSessions(t.Context(), u.ID); err != nil {
				t.Fatal(err)
			}
		},
		"deleted": func(t *testing.T, a *harness.App, u *harness.Account) {
			if err := a.Manager().Delete(t.Context(), u.ID); err != nil {
				t.Fatal(err)
			}
		},
	} {
		u, twin := a.NewUser(t), a.NewUser(t)
		d, theirs := a.NewDevice(t, "mobile"), a.NewDevice(t, "mobile")
		a.Let(t, "cookie", a.LogIn(t, "cookie", u), d)
		a.Let(t, "cookie", a.LogIn(t, "cookie", twin), theirs)
		end(t, a, u)
		const poll = "POST /auth/mobile/device/token "
		if name == "deleted" { // with what they have decided, where the store keeps both
			if got := a.Send(t, "POST", "/auth/mobile/device/token", d.Polls()); got.Status != http.StatusBadRequest {
				t.Errorf("D04 deleted: %d %s", got.Status, got.Body)
			}
		} else {
			a.Want(t, poll+"400 DEVICE_ACCESS_DENIED", harness.Case("D04 "+name), d.Polls())
		}
		pair := a.Want(t, poll+"200", harness.Case("D04 twin, another user"), theirs.Polls()).Pair(t)
		pair = a.Want(t, "POST /auth/mobile/refresh 200", pair.Body()).Pair(t)
		a.Want(t, "GET /users/me 200", pair.Presented()).WantUser(t, twin)
	}
}

// deviceCodes: a code is valid for what it was made for, as long as it lives.
func deviceCodes(t *testing.T, a *harness.App) {
	mine := a.LogIn(t, "cookie", a.NewUser(t))
	d := a.NewDevice(t, "session")
	a.Let(t, "cookie", mine, d)
	a.Want(t, "POST /auth/jwt/device/token "+badCode, harness.Case("D05 at another backend"), d.Polls())
	a.Want(t, polled+badCode, harness.Case("D05 the user code as the device's"),
		harness.Device{Code: d.User}.Polls())
	a.Want(t, polled+badCode, harness.Case("D05 one letter less"), harness.Device{Code: d.Code[1:]}.Polls())
	late := a.NewDevice(t, "session")
	a.Want(t, claims+badCode, harness.Case("D05 the device's code as the user's"), mine,
		harness.Device{User: late.Code}.Typed())
	a.Want(t, claims+"200", mine, late.Typed())
	a.Want(t, polled+"200", harness.Case("D05 twin"), d.Polls())
	a.Advance(10 * time.Minute)
	a.Want(t, approves+badCode, harness.Case("D05 approved too late"), mine, late.Typed())
	a.Want(t, polled+"400 DEVICE_EXPIRED_TOKEN", harness.Case("D05 polled too late"), late.Polls())
}

// deviceLogins: the user hears of a device, which does nothing sensitive.
func deviceLogins(t *testing.T, other *harness.App) {
	told := func(_ *harness.App, o *harness.Options) { o.Flows = append(o.Flows, notices.Flow{}) }
	a := other.Beside(t, told)
	u := a.NewUser(t, harness.Verified)
	mine, d := a.LogIn(t, "cookie", u), a.NewDevice(t, "session")
	a.Let(t, "cookie", mine, d)
	in := a.Admitted(t, "session", a.Want(t, polled+"200", d.Polls()))
	if m := a.NextMail(t); m.Kind != core.MailNotice || m.Notice.What != notices.DeviceLogin || m.To != u.Email {
		t.Errorf("D06: the user gets %s %+v", m.Kind, m.Notice)
	}
	for _, route := range []string{"PATCH /users/me", "POST /auth/session/device/claim"} {
		method, path, _ := strings.Cut(route, " ")
		got := a.Send(t, method, path, in, harness.JSONObject(harness.Object{
			"password": harness.OtherPassword, "user_code": a.NewDevice(t, "session").User,
		}))
		if got.Status != http.StatusForbidden || !strings.Contains(got.Body, core.CodeProofRequired) {
			t.Errorf("D06 %s by a device that was just let in: %d %s", route, got.Status, got.Body)
		}
	}
	a.Want(t, "PATCH /users/me 200", harness.Case("D06 twin, in the browser"), mine,
		harness.JSONObject(harness.Object{"password": harness.OtherPassword, "current_password": harness.Password}))
	a.Want(t, "GET /users/me 401", harness.Case("D06 a new password ends the device's login"), in)
}

// deviceAndPassword: a device that a user was talked into letting in, and their
// password, are not two factors.
func deviceAndPassword(t *testing.T, a *app) {
	p := a.withApp(t)
	d := a.NewDevice(t, "session")
	a.Let(t, "session", p.in, d)
	in := bearer(t, a.Want(t, polled+"200", d.Polls()))
	const weak = `GET /strong 403 {"detail":{"code":"PROOF_REQUIRED","max_age":0,"methods":[]}}`
	a.Want(t, weak, harness.Case("D08 the approval alone"), in)
	in = bearer(t, a.Want(t, "POST /auth/session/prove/password 200", in, with("password", harness.Password)))
	const refused = ` 403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":["totp","recovery"]}}`
	id := harness.PathID(p.rows(t, core.MethodTOTP)[0].ID)
	a.Want(t, weak, harness.Case("D08 the application's own route"), in)
	a.Want(t, "DELETE /auth/factors/{id}"+refused, harness.Case("D08 removes the factor"), in, id)
	a.Want(t, "POST /auth/session/recovery-codes"+refused, harness.Case("D08 makes codes"), in)
	a.Want(t, "POST /auth/session/passkeys/options"+refused, harness.Case("D08 adds a passkey"), in)
	a.Want(t, "POST /auth/session/device/claim"+refused, harness.Case("D08 lets another device in"), in,
		a.NewDevice(t, "session").Typed())
	a.Want(t, "PATCH /users/me"+refused, harness.Case("D08 changes the password"), in,
		with("password", harness.OtherPassword, "current_password", harness.Password))
	a.Want(t, "POST /auth/session/prove/mail 403", harness.Case("D08 the mailbox in place of the app"), in)
	in = bearer(t, a.Want(t, appProof+"200 (D08 twin, both at the device)", in, body("", p.code(t))))
	a.Want(t, "GET /strong 200", in)
	a.Want(t, "DELETE /auth/factors/{id} 204", in, id)
}

// deviceApprovers: an approval ends with the login that gave it.
func deviceApprovers(t *testing.T, other *harness.App) {
	a := other.Beside(t, harness.Renewing)
	const poll = "POST /auth/mobile/device/token "
	for name, end := range map[string]func(u *harness.Account, mine harness.Option){
		"logged out": func(_ *harness.Account, mine harness.Option) {
			a.Want(t, "POST /auth/cookie/logout 204", mine)
		},
		"ended by another login": func(u *harness.Account, _ harness.Option) {
			id := sessionsOf(t, a, u)[0].ID
			a.Want(t, "DELETE /auth/sessions/{id} 204", a.LogIn(t, "cookie", u), harness.PathID(id))
		},
	} {
		u := a.NewUser(t)
		mine, d := a.LogIn(t, "cookie", u), a.NewDevice(t, "mobile")
		a.Let(t, "cookie", mine, d)
		end(u, mine)
		a.Advance(time.Second)
		again, twin := a.LogIn(t, "cookie", u), a.NewDevice(t, "mobile")
		a.Let(t, "cookie", again, twin)
		a.Want(t, poll+"400 DEVICE_ACCESS_DENIED", harness.Case("D11 "+name), d.Polls())
		a.Want(t, poll+"200", harness.Case("D11 twin, another login"), twin.Polls())
	}
	u := a.NewUser(t)
	first, d := a.LogInRenewing(t, "mobile", u), a.NewDevice(t, "mobile")
	a.Let(t, "mobile", first.Presented(), d)
	a.Want(t, renewed, first.Body())
	a.Advance(11 * time.Second)
	a.Want(t, ended, first.Body())
	a.Want(t, poll+"400 DEVICE_ACCESS_DENIED", harness.Case("D11 its refresh token came again"), d.Polls())
}

// deviceLimits: codes cannot be guessed, nor polled without pause.
func deviceLimits(t *testing.T, other *harness.App) {
	limited := func(_ *harness.App, o *harness.Options) {
		for i, f := range o.Flows {
			if f.Name() == "device" {
				o.Flows[i] = devicegrant.Flow{}
			}
		}
	}
	a := other.Beside(t, limited)
	eve, mine := a.NewUser(t), a.LogIn(t, "cookie", a.NewUser(t))
	guess := harness.Device{User: "BBBB-BBBB"}.Typed()
	for range 10 {
		a.Want(t, claims+badCode, a.LogIn(t, "cookie", eve), guess)
	}
	d := a.NewDevice(t, "session")
	a.Want(t, claims+"429 RATE_LIMITED", harness.Case("D07 an eleventh guess"), a.LogIn(t, "cookie", eve), d.Typed())
	a.Want(t, claims+"200", harness.Case("D07 twin, another user"), mine, d.Typed())
	for range 30 {
		a.Want(t, polled+"400 DEVICE_AUTHORIZATION_PENDING", d.Polls())
		a.Want(t, polled+"400 DEVICE_SLOW_DOWN", harness.Case("D07 a poll at once"), d.Polls())
		a.Advance(5 * time.Second)
	}
	a.Advance(10 * time.Minute)
	for range 30 {
		a.NewDevice(t, "session")
	}
	a.Want(t, "POST /auth/session/device/authorize 429 RATE_LIMITED", harness.Case("D07 many devices of a network"),
		harness.JSON(`{}`))
}

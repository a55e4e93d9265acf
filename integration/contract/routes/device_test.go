package routes_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// decisions are the routes of the person.
var decisions = []string{"claim", "approve", "deny"}

// TestDevice drives the operations of devices to each of their answers.
func TestDevice(t *testing.T) {
	withFactor := func(_ *harness.App, o *harness.Options) { o.Flows = append(o.Flows, harness.SecondFactor{}) }
	harness.OnEveryAdapter(t, withFactor, func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			decides(t, a, backend)
		}
		for _, backend := range []string{"jwt", "session"} {
			devices(t, a, backend)
		}
		for _, route := range []string{"authorize", "token"} {
			a.Want(t, "POST /auth/cookie/device/"+route+" 404", harness.JSON(`{}`))
		}
	})
}

// devices drives the routes of a device.
func devices(t *testing.T, a *harness.App, backend string) {
	t.Helper()
	begin, poll := "POST /auth/"+backend+"/device/authorize ", "POST /auth/"+backend+"/device/token "
	for _, route := range []string{begin, poll} {
		a.Want(t, route+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, harness.Body("text/plain", "x"))
		a.Want(t, route+"413 BODY_TOO_LARGE", harness.Row, harness.JSON(strings.Repeat(" ", core.MaxBody+1)))
	}
	a.Want(t, begin+"422 body.label string_type", harness.Row, harness.JSON(`{"label": 1}`))
	a.Want(t, poll+"422 body.device_code missing, body.grant_type string_pattern_mismatch", harness.Row,
		harness.Form("grant_type", "password"))
	mine := a.LogIn(t, "cookie", a.NewUser(t))
	d := a.NewDevice(t, backend)
	a.Want(t, poll+"400 DEVICE_AUTHORIZATION_PENDING", harness.Row, d.Polls())
	a.Want(t, poll+"400 DEVICE_SLOW_DOWN (at once)", harness.Row, d.Polls())
	a.Let(t, "cookie", mine, d)
	a.Advance(5 * time.Second)
	in := a.Admitted(t, backend, a.Want(t, poll+"200", harness.Row, d.Polls()))
	a.Want(t, "GET /users/me 200 (the device)", in)
	a.Advance(5 * time.Second)
	a.Want(t, poll+"400 DEVICE_BAD_CODE (used)", harness.Row, d.Polls())
	a.Want(t, poll+"400 DEVICE_BAD_CODE (unknown)", harness.JSON(`{"device_code": "x"}`))

	d = a.NewDevice(t, backend)
	a.Want(t, "POST /auth/cookie/device/claim 200", mine, d.Typed())
	a.Want(t, "POST /auth/cookie/device/deny 204", mine, d.Typed())
	a.Want(t, poll+"400 DEVICE_ACCESS_DENIED", harness.Row, d.Polls())
	d = a.NewDevice(t, backend)
	a.Break("tickets")
	a.Want(t, begin+down+"(without tickets)", harness.Row, harness.JSON(`{}`))
	a.Want(t, poll+down+"(without tickets)", harness.Row, d.Polls())
	a.Break("limiter")
	a.Want(t, begin+down+"(without a limiter)", harness.Row, harness.JSON(`{}`))
	a.Want(t, poll+down+"(without a limiter)", harness.Row, d.Polls())
	a.Mend()
	a.Advance(10 * time.Minute)
	a.Want(t, poll+"400 DEVICE_EXPIRED_TOKEN", harness.Row, d.Polls())
	lacking(t, a, backend)
}

// lacking is a device whose user has got a factor since they approved it.
func lacking(t *testing.T, a *harness.App, backend string) {
	t.Helper()
	u := a.NewUser(t)
	d, mine := a.NewDevice(t, backend), a.LogIn(t, "cookie", u)
	a.Let(t, "cookie", mine, d)
	a.EditStored(t, u, func(u *harness.Account) { u.FullName = harness.EnrolledName })
	got := a.Send(t, "POST", "/auth/"+backend+"/device/token", d.Polls())
	if got.Status != 403 || !strings.Contains(got.Body, core.CodeLoginFactorRequired) {
		t.Errorf("with a factor that is new: %d %s", got.Status, got.Body)
	}
}

// decides drives the routes of the person at a backend.
func decides(t *testing.T, a *harness.App, backend string) {
	t.Helper()
	u := a.NewUser(t)
	mine, old := a.LogIn(t, backend, u), a.LogIn(t, backend, u)
	d := a.NewDevice(t, "jwt")
	key := a.Issue(t, backend, core.Session{UserID: u.ID, Scopes: []string{"read"}})
	acting := a.Issue(t, backend, core.Session{
		UserID: u.ID, Actor: a.NewUser(t, harness.Superuser).ID, ActorSession: "x",
		Proofs: []core.Proof{{Method: "password", At: a.Now()}},
	})
	for _, route := range decisions {
		at := "POST /auth/" + backend + "/device/" + route + " "
		a.Want(t, at+"401", harness.Row, d.Typed())
		a.Want(t, at+"400 DUPLICATE_CREDENTIALS", harness.Row, mine, mine, d.Typed())
		a.Want(t, at+"403 INSUFFICIENT_SCOPE", harness.Row, key, d.Typed())
		a.Want(t, at+"403 (whoever acts as the user)", acting, d.Typed())
		a.Want(t, at+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, mine, harness.Body("text/plain", "x"))
		a.Want(t, at+"413 BODY_TOO_LARGE", harness.Row, mine, harness.JSON(strings.Repeat(" ", core.MaxBody+1)))
		a.Want(t, at+"422 body.user_code missing", harness.Row, mine, harness.JSON(`{}`))
		a.Want(t, at+"400 DEVICE_BAD_CODE (unknown)", harness.Row, mine, harness.JSON(`{"user_code": "BBBB-BBBB"}`))
		if backend == "cookie" {
			a.Want(t, at+"403 CROSS_ORIGIN_REFUSED", harness.Row, mine, d.Typed(),
				harness.Header("Sec-Fetch-Site", "cross-site"))
		}
		a.Break("tickets")
		a.Want(t, at+down+"(without tickets)", harness.Row, mine, d.Typed())
		a.Mend()
	}
	claim := "POST /auth/" + backend + "/device/claim "
	a.Want(t, claim+"200", harness.Row, mine, d.Typed())
	a.Want(t, claim+"400 DEVICE_BAD_CODE (claimed by another login)", old, d.Typed())
	a.Want(t, "POST /auth/"+backend+"/device/approve 204", harness.Row, mine, d.Typed())
	a.Want(t, "POST /auth/"+backend+"/device/deny 400 DEVICE_BAD_CODE (approved)", mine, d.Typed())
	d = a.NewDevice(t, "jwt")
	a.Want(t, claim+"200", harness.Row, mine, d.Typed())
	a.Want(t, "POST /auth/"+backend+"/device/deny 204", harness.Row, mine, d.Typed())
	a.Advance(11 * time.Minute)
	a.Want(t, claim+proofWanted, harness.Row, mine, a.NewDevice(t, "jwt").Typed())
}

// TestDeviceAtItsLimits drives the limits of networks and users.
func TestDeviceAtItsLimits(t *testing.T) {
	one := latchkey.Limit{Events: 1, Window: time.Hour}
	few := func(_ *harness.App, o *harness.Options) {
		o.Flows = slices.DeleteFunc(o.Flows, func(f latchkey.Flow) bool { return f.Name() == "device" })
		o.Flows = append(o.Flows, devicegrant.Flow{RequestLimit: one, PollLimit: one, GuessLimit: one})
	}
	harness.OnOneAdapter(t, few, func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			mine := a.LogIn(t, backend, a.NewUser(t))
			unknown := harness.JSON(`{"user_code": "BBBB-BBBB"}`)
			a.Want(t, "POST /auth/"+backend+"/device/claim 400 DEVICE_BAD_CODE", mine, unknown)
			a.Want(t, "POST /auth/"+backend+"/device/claim 429 RATE_LIMITED", harness.Row, mine, unknown)
			if backend == "cookie" {
				continue
			}
			a.Send(t, "POST", "/auth/"+backend+"/device/authorize", harness.JSON(`{}`))
			a.Send(t, "POST", "/auth/"+backend+"/device/token", harness.JSON(`{"device_code": "x"}`))
			a.Want(t, "POST /auth/"+backend+"/device/authorize 429 RATE_LIMITED", harness.Row, harness.JSON(`{}`))
			a.Want(t, "POST /auth/"+backend+"/device/token 429 DEVICE_SLOW_DOWN", harness.Row,
				harness.JSON(`{"device_code": "x"}`))
		}
	})
}

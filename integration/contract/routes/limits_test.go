package routes_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/mailtoken"
)

func TestLimitOfFailures(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u, other := a.NewUser(t), a.NewUser(t)
		right := harness.LoginForm(u.Email, harness.Password)
		for i, spelling := range []string{u.Email, strings.ToUpper(u.Email), strings.ToLower(u.Email)} {
			a.FailLogins(t, 1+i%2, spelling)
		}
		a.FailLogins(t, 1, u.Email)
		for _, backend := range harness.Backends {
			route := "POST /auth/" + backend + "/login "
			a.Want(t, route+"429 RATE_LIMITED (the right password, after 5 failures)", right).WantRetryWithin(t, 5*time.Minute)
			a.Want(t, route+"429 RATE_LIMITED (in another spelling)",
				harness.LoginForm(strings.ToUpper(u.Email), harness.Password))
			a.Want(t, route+harness.LoginStatus(backend)+" (another user)", harness.LoginForm(other.Email, harness.Password))
		}
		a.Advance(5*time.Minute - time.Second)
		a.Want(t, "POST /auth/jwt/login 429 RATE_LIMITED (1 second too early)", right).WantRetryWithin(t, time.Second)
		a.Advance(time.Second)
		a.Want(t, "POST /auth/jwt/login 200 (after 5 minutes)", right)
	})
}

func TestLimitIsTheSameForAll(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for note, name := range map[string]string{"unknown": "nobody@example.org",
			"inactive": a.NewUser(t, harness.Inactive).Email} {
			a.FailLogins(t, 5, name)
			a.Want(t, "POST /auth/jwt/login 429 RATE_LIMITED ("+note+")", harness.LoginForm(name, harness.Password))
		}
	})
}

func TestSuccessClearsFailures(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		right := harness.LoginForm(u.Email, harness.Password)
		for range 3 {
			a.FailLogins(t, 4, u.Email)
			a.Want(t, "POST /auth/jwt/login 200 (after 4 failures)", right)
		}
		a.FailLogins(t, 5, u.Email)
		a.Want(t, "POST /auth/reset-password 200 (a reset clears them too)", harness.ResetBody(a.MailedToken(t, "reset", u)))
		a.Want(t, "POST /auth/jwt/login 200 (after 5 failures and a reset)",
			harness.LoginForm(u.Email, harness.OtherPassword))
	})
}

func TestOnlyFailuresCount(t *testing.T) {
	harness.OnEveryAdapter(t, func(_ *harness.App, o *harness.Options) { o.RequireVerified = true },
		func(t *testing.T, a *harness.App) {
			u := a.NewUser(t)
			for range 7 {
				a.Want(t, "POST /auth/jwt/login 400 LOGIN_USER_NOT_VERIFIED", harness.LoginForm(u.Email, harness.Password))
				a.Want(t, "POST /auth/jwt/login 422 body.password missing", harness.Form("username", u.Email))
			}
			a.ChangeUser(t, u, latchkey.Changes[harness.Account]{IsVerified: new(true)})
			a.Want(t, "POST /auth/jwt/login 200 (neither 422 nor LOGIN_USER_NOT_VERIFIED is a failure)",
				harness.LoginForm(u.Email, harness.Password))
		})
}

func TestLimitHoldsForConcurrentFailures(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		tried := 0
		for got := range a.SendAtOnce(t, 16, "POST", "/auth/jwt/login", func(i int) harness.Option {
			return harness.LoginForm(u.Email, fmt.Sprint("guess number ", i))
		}) {
			switch {
			case got.Status == 400 && got.Words() == core.CodeLoginBadCredentials:
				tried++
			case got.Status != 429 || got.Words() != core.CodeRateLimited:
				t.Errorf("got %d %s", got.Status, got.Body)
			}
		}
		if tried != 5 {
			t.Errorf("%d of 16 concurrent guesses were tried, want 5", tried)
		}
	})
}

func TestLimitOfANetwork(t *testing.T) {
	harness.OnEveryAdapter(t, func(_ *harness.App, o *harness.Options) { o.Limits = latchkey.Limits{} },
		func(t *testing.T, a *harness.App) {
			u := a.NewUser(t)
			right := harness.LoginForm(u.Email, harness.Password)
			from := func(peer string) harness.Option { return harness.Header("Test-Peer", peer) }
			for i := range 30 {
				forged := harness.Header("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
				if i%2 == 0 {
					a.Want(t, "POST /auth/jwt/login 200", right, from("192.0.2.1:1000"), forged)
				} else {
					name := fmt.Sprintf("nobody%d@example.org", i)
					a.Want(t, "POST /auth/session/login 400 LOGIN_BAD_CREDENTIALS", harness.LoginForm(name, harness.Password),
						from("192.0.2.1:2000"), forged)
				}
			}
			limited := "POST /auth/jwt/login 429 RATE_LIMITED "
			a.Want(t, limited+"(31 attempts in a minute, successful or not)", right, from("192.0.2.1:1")).WantRetryWithin(t,
				time.Minute)
			for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP"} {
				a.Want(t, limited+"("+name+" is ignored)", right, from("192.0.2.1:1"), harness.Header(name, "198.51.100.99"))
			}
			a.Want(t, limited+"(the same address, mapped to IPv6)", right, from("[::ffff:192.0.2.1]:1"))
			a.Want(t, "POST /auth/jwt/login 200 (the neighbour)", right, from("192.0.2.2:1"))
			a.Advance(time.Minute)
			a.Want(t, "POST /auth/jwt/login 200 (after a minute)", right, from("192.0.2.1:1"))

			for i := range 30 {
				a.Want(t, "POST /auth/jwt/login 200", right, from(fmt.Sprintf("[2001:db8:0:1::%x]:1", i)))
			}
			a.Want(t, limited+"(31 attempts from one IPv6 /64)", right, from("[2001:db8:0:1:ffff::1]:1"))
			a.Want(t, "POST /auth/jwt/login 200 (another /64)", right, from("[2001:db8:0:2::1]:1"))
		})
}

func TestLimitsOfTheOtherRoutes(t *testing.T) {
	few := latchkey.Limit{Events: 1, Window: time.Minute}
	change := func(_ *harness.App, o *harness.Options) {
		mails := mailtoken.Options{RequestLimit: few, AttemptLimit: few}
		o.Flows = []latchkey.Flow{verify.Flow{Options: mails}, reset.Flow{Options: mails}}
		o.Limits = latchkey.Limits{Registrations: few, UserChanges: few, AdminChanges: few}
	}
	harness.OnEveryAdapter(t, change, func(t *testing.T, a *harness.App) {
		u, admin := a.NewUser(t), a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
		mine, target := a.LogIn(t, "cookie", u), harness.PathID(u.ID)
		address, token := harness.JSONObject(harness.Object{"email": "nobody@example.org"}), harness.VerifyBody("x")
		password := harness.JSONObject(harness.Object{
			"password": harness.OtherPassword, "current_password": harness.Password,
		})
		for _, c := range []struct {
			route, first string
			with         harness.Option
		}{
			{"POST /auth/register", "400 {REGISTER_INVALID_PASSWORD, reason}",
				harness.JSON(`{"email": "a@example.org", "password": "x"}`)},
			{"POST /auth/request-verify-token", "202", address},
			{"POST /auth/forgot-password", "202", address},
			{"POST /auth/verify", "400 VERIFY_USER_BAD_TOKEN", token},
			{"POST /auth/reset-password", "400 RESET_PASSWORD_BAD_TOKEN", harness.ResetBody("x")},
			{"PATCH /users/{id}", "200", harness.All(admin, target, harness.JSON(`{"password": "`+harness.Password+`"}`))},
			{"PATCH /users/me", "200", harness.All(mine, password)},
		} {
			if c.route == "PATCH /users/me" {
				mine = a.LogIn(t, "cookie", u) // the superuser's change has ended the login
				c.with = harness.All(mine, password)
			}
			a.Want(t, c.route+" "+c.first, c.with)
			a.Want(t, c.route+" 429 RATE_LIMITED", harness.Row, c.with).WantRetryWithin(t, time.Minute)
		}
	})
}

func TestLimitOfSessionEnds(t *testing.T) {
	few := latchkey.Limit{Events: 1, Window: time.Minute}
	harness.OnEveryAdapter(t, func(_ *harness.App, o *harness.Options) { o.Limits.SessionEnds = few },
		func(t *testing.T, a *harness.App) {
			u := a.NewUser(t)
			for i, c := range []struct {
				route string
				with  harness.Option
			}{
				{"DELETE /auth/sessions 204", harness.All()},
				{"DELETE /auth/sessions/{id} 404", harness.PathID(harness.NobodyID)},
			} {
				in := harness.All(c.with, a.LogIn(t, "session", u), harness.Header("Test-Peer", fmt.Sprintf("192.0.2.%d:1", i+1)))
				a.Want(t, c.route, in)
				limited := c.route[:len(c.route)-len("200")] + "429 RATE_LIMITED"
				a.Want(t, limited, harness.Row, in).WantRetryWithin(t, time.Minute)
				a.Want(t, "GET /auth/sessions 200 (the list)", in)
				a.Want(t, "DELETE /auth/sessions 204 (another network)", a.LogIn(t, "session", u),
					harness.Header("Test-Peer", fmt.Sprintf("198.51.100.%d:1", i+1)))
			}
		})
}

// Of second proofs a network has so many, whatever the factor and the login.
func TestLimitOfFactors(t *testing.T) {
	few := latchkey.Limit{Events: 2, Window: time.Minute}
	harness.OnEveryStore(t, func(_ *harness.App, o *harness.Options) { o.Limits.FactorAttempts = few },
		func(t *testing.T, a *harness.App) {
			wrong := pendingBody("no such login at all", "000000")
			for _, route := range []string{"POST /auth/jwt/totp", "POST /auth/session/totp"} {
				a.Want(t, route+" 400 LOGIN_BAD_CREDENTIALS", wrong)
			}
			for _, route := range []string{"POST /auth/jwt/totp", "POST /auth/cookie/totp"} {
				a.Want(t, route+" 429 RATE_LIMITED (a network's third)", wrong).WantRetryWithin(t, time.Minute)
			}
			a.Want(t, "POST /auth/jwt/totp 400 LOGIN_BAD_CREDENTIALS (another network)", wrong,
				harness.Header("Test-Peer", "192.0.2.9:1"))
			a.Advance(time.Minute)
			a.Want(t, "POST /auth/jwt/totp 400 LOGIN_BAD_CREDENTIALS (a minute later)", wrong)
		})
}

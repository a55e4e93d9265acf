package contract_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// wrong fails n logins of a name, on one backend after the other.
func (a *app) wrong(t *testing.T, n int, name string) {
	t.Helper()
	for i := range n {
		a.want(t, "POST /auth/"+backends[i%3]+"/login 400 LOGIN_BAD_CREDENTIALS", form("username", name, "password", another))
	}
}

// wantWait checks that Retry-After is at most so long.
func (a answer) wantWait(t *testing.T, most time.Duration) {
	t.Helper()
	if s, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || s < 1 || time.Duration(s)*time.Second > most {
		t.Errorf("Retry-After is %s, want at most %v", a.header.Get("Retry-After"), most)
	}
}

func TestLimitOfFailures(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u, other := a.user(t), a.user(t)
		right := form("username", u.Email, "password", password)
		for i, spelling := range []string{u.Email, strings.ToUpper(u.Email), strings.ToLower(u.Email)} {
			a.wrong(t, 1+i%2, spelling)
		}
		a.wrong(t, 1, u.Email)
		for _, backend := range backends {
			route := "POST /auth/" + backend + "/login "
			a.row(t, route+"429 RATE_LIMITED (the right password, after 5 failures)", right).wantWait(t, 5*time.Minute)
			a.row(t, route+"429 RATE_LIMITED (in another spelling)",
				form("username", strings.ToUpper(u.Email), "password", password))
			a.row(t, route+success(backend)+" (another user)", form("username", other.Email, "password", password))
		}
		a.pass(5*time.Minute - time.Second)
		a.row(t, "POST /auth/jwt/login 429 RATE_LIMITED (1 second too early)", right).wantWait(t, time.Second)
		a.pass(time.Second)
		a.row(t, "POST /auth/jwt/login 200 (after 5 minutes)", right)
	})
}

func TestLimitIsTheSameForAll(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for note, name := range map[string]string{"unknown": "nobody@example.org", "inactive": a.user(t, inactive).Email} {
			a.wrong(t, 5, name)
			a.row(t, "POST /auth/jwt/login 429 RATE_LIMITED ("+note+")", form("username", name, "password", password))
		}
	})
}

func TestSuccessClearsFailures(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		right := form("username", u.Email, "password", password)
		for range 3 {
			a.wrong(t, 4, u.Email)
			a.row(t, "POST /auth/jwt/login 200 (after 4 failures)", right)
		}
		a.wrong(t, 5, u.Email)
		a.row(t, "POST /auth/reset-password 200 (a reset clears them too)", fresh(a.asked(t, "reset", u)))
		a.row(t, "POST /auth/jwt/login 200 (after 5 failures and a reset)", form("username", u.Email, "password", another))
	})
}

func TestOnlyFailuresCount(t *testing.T) {
	onEveryAdapter(t, func(_ *app, o *options) { o.RequireVerified = true }, func(t *testing.T, a *app) {
		u := a.user(t)
		for range 7 {
			a.want(t, "POST /auth/jwt/login 400 LOGIN_USER_NOT_VERIFIED", form("username", u.Email, "password", password))
			a.want(t, "POST /auth/jwt/login 422 body.password missing", form("username", u.Email))
		}
		a.change(t, u, latchkey.Changes[Account]{IsVerified: new(true)})
		a.row(t, "POST /auth/jwt/login 200 (neither 422 nor LOGIN_USER_NOT_VERIFIED is a failure)",
			form("username", u.Email, "password", password))
	})
}

func TestLimitHoldsForConcurrentFailures(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		tried := 0
		for got := range a.atOnce(t, 16, "POST", "/auth/jwt/login", func(i int) option {
			return form("username", u.Email, "password", fmt.Sprint("guess number ", i))
		}) {
			switch {
			case got.status == 400 && got.says() == core.CodeLoginBadCredentials:
				tried++
			case got.status != 429 || got.says() != core.CodeRateLimited:
				t.Errorf("got %d %s", got.status, got.body)
			}
		}
		if tried != 5 {
			t.Errorf("%d of 16 concurrent guesses were tried, want 5", tried)
		}
	})
}

func TestLimitOfANetwork(t *testing.T) {
	onEveryAdapter(t, func(_ *app, o *options) { o.Limits = latchkey.Limits{} }, func(t *testing.T, a *app) {
		u := a.user(t)
		right := form("username", u.Email, "password", password)
		from := func(peer string) option { return header("Test-Peer", peer) }
		for i := range 30 {
			forged := header("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
			if i%2 == 0 {
				a.want(t, "POST /auth/jwt/login 200", right, from("192.0.2.1:1000"), forged)
			} else {
				name := fmt.Sprintf("nobody%d@example.org", i)
				a.want(t, "POST /auth/session/login 400 LOGIN_BAD_CREDENTIALS", form("username", name, "password", password),
					from("192.0.2.1:2000"), forged)
			}
		}
		limited := "POST /auth/jwt/login 429 RATE_LIMITED "
		a.row(t, limited+"(31 attempts in a minute, successful or not)", right, from("192.0.2.1:1")).wantWait(t, time.Minute)
		for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP"} {
			a.row(t, limited+"("+name+" is ignored)", right, from("192.0.2.1:1"), header(name, "198.51.100.99"))
		}
		a.row(t, limited+"(the same address, mapped to IPv6)", right, from("[::ffff:192.0.2.1]:1"))
		a.row(t, "POST /auth/jwt/login 200 (the neighbour)", right, from("192.0.2.2:1"))
		a.pass(time.Minute)
		a.row(t, "POST /auth/jwt/login 200 (after a minute)", right, from("192.0.2.1:1"))

		for i := range 30 {
			a.want(t, "POST /auth/jwt/login 200", right, from(fmt.Sprintf("[2001:db8:0:1::%x]:1", i)))
		}
		a.row(t, limited+"(31 attempts from one IPv6 /64)", right, from("[2001:db8:0:1:ffff::1]:1"))
		a.row(t, "POST /auth/jwt/login 200 (another /64)", right, from("[2001:db8:0:2::1]:1"))
	})
}

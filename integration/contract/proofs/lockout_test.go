package proofs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

const (
	day        = 24 * time.Hour
	wrongLogin = "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS"
)

// consecutiveFailures are a hundred of one account, from as many networks.
func consecutiveFailures(t *testing.T, a *harness.App) {
	for name, c := range map[string]struct {
		over time.Duration
		lift func(u *harness.Account)
		// after is what an unlocked user logs in with.
		after string
	}{
		"Q01 101 failures from 101 networks, then a reset": {3 * day, func(u *harness.Account) {
			a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", u)))
		}, harness.OtherPassword},
		"Q14 101 failures in 20 days, then a login by a passkey": {20 * day, func(u *harness.Account) {
			_, err := a.Manager().Login(t.Context(), u.ID, "jwt", nil, core.Proof{Method: core.MethodPasskey})
			if err != nil {
				t.Fatal(err)
			}
		}, harness.Password},
		"Q01 101 failures, then an operator": {10 * day, func(u *harness.Account) {
			if err := a.Manager().UnlockLogin(t.Context(), u.ID); err != nil {
				t.Fatal(err)
			}
		}, harness.Password},
		"Q01 101 failures, then a month": {3 * day, func(*harness.Account) { a.Advance(30 * day) }, harness.Password},
	} {
		u := a.NewUser(t, harness.Verified)
		strangersFail(t, a, 100, c.over, u.Email)
		a.Advance(time.Hour)
		compared := a.Hasher.Compared.Load()
		right := harness.LoginForm(u.Email, harness.Password)
		for i, backend := range harness.Backends {
			a.Want(t, "POST /auth/"+backend+"/login 400 LOGIN_BAD_CREDENTIALS", harness.Case(name+", at "+backend), right,
				network(200+i))
		}
		if n := a.Hasher.Compared.Load() - compared; n != 0 {
			t.Errorf("%s: %d passwords were compared", name, n)
		}
		c.lift(u)
		a.Want(t, "POST /auth/jwt/login 200 (twin)", harness.LoginForm(u.Email, c.after), network(300))
	}
	u := a.NewUser(t)
	strangersFail(t, a, 60, 4*day, u.Email)
	a.Want(t, "POST /auth/jwt/login 200 (twin, a success between)", harness.LoginForm(u.Email, harness.Password))
	strangersFail(t, a, 60, 4*day, u.Email)
	a.Want(t, "POST /auth/jwt/login 200 (twin, 120 failures)", harness.LoginForm(u.Email, harness.Password))
}

// nobodyIsLimitedAlike: what is registered cannot be learnt from a limit of a
// day or a month, which nobody has: its refusal is that of a wrong password.
func nobodyIsLimitedAlike(t *testing.T, a *harness.App) {
	u := a.NewUser(t)
	for _, name := range []string{u.Email, "nobody@example.org"} {
		strangersFail(t, a, 105, 29*day, name)
		a.Advance(time.Hour)
		a.FailLogins(t, 5, name)
		for range 3 {
			a.Want(t, "POST /auth/jwt/login 429 RATE_LIMITED", harness.Case("Q01 the short limit of "+name),
				harness.LoginForm(name, harness.Password)).WantRetryWithin(t, 5*time.Minute)
		}
	}
}

// lockedOutOnPurpose is a user whose limits of strangers are used up.
func lockedOutOnPurpose(t *testing.T, a *harness.App) {
	u := a.NewUser(t, harness.Verified)
	mine := knownBrowser(t, a, u)
	right, wrong := harness.LoginForm(u.Email, harness.Password), harness.LoginForm(u.Email, harness.OtherPassword)
	const login, refused = "POST /auth/cookie/login 204", "POST /auth/cookie/login 429 RATE_LIMITED"
	a.FailLogins(t, 5, u.Email)
	a.Want(t, refused, right)
	got := a.Want(t, login, harness.Case("Q02 the owner in a known browser"), right, mine)
	if got.Cookie(t); len(got.Header["Set-Cookie"]) != 1 {
		t.Errorf("a known browser gets %q", got.Header["Set-Cookie"])
	}
	a.Want(t, "POST /auth/cookie/login 400 LOGIN_BAD_CREDENTIALS", harness.Case("Q02 a typing error there"), wrong, mine)
	a.Want(t, refused, harness.Case("Q02 a success there forgives strangers nothing"), right)
	a.Want(t, "POST /auth/jwt/login 429 RATE_LIMITED", harness.Case("Q02 the cookie at another backend"), right, mine)
	in := harness.All(mine, harness.Credential("cookie", got.Cookie(t).Value))
	a.Want(t, "POST /auth/cookie/prove/password 204 (Q02 a step-up there)", in,
		harness.JSONObject(harness.Object{"password": harness.Password}))
	a.Want(t, "PATCH /users/me 200 (Q02 a new password there)", in,
		harness.JSONObject(harness.Object{"password": harness.Password, "current_password": harness.Password}))
	a.Want(t, login+" (Q02 known after it)", right, mine)
	strangersFail(t, a, 95, 3*day, u.Email) // 100 in all
	a.Advance(time.Hour)
	a.Want(t, "POST /auth/cookie/login 400 LOGIN_BAD_CREDENTIALS", harness.Case("Q12 another browser"), right, network(1))
	a.Want(t, login, harness.Case("Q12 the known one"), right, mine)
	a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", u)))
	a.Want(t, login, harness.Case("Q12 another browser after a reset"),
		harness.LoginForm(u.Email, harness.OtherPassword), network(2))
}

// stolenCookie is a known browser's: it opens nothing, and is worth a few
// guesses.
func stolenCookie(t *testing.T, a *harness.App) {
	u, eve := a.NewUser(t), a.NewUser(t)
	stolen, hers := knownBrowser(t, a, u), knownBrowser(t, a, eve)
	right, wrong := harness.LoginForm(u.Email, harness.Password), harness.LoginForm(u.Email, harness.OtherPassword)
	const bad, refused = "POST /auth/cookie/login 400 LOGIN_BAD_CREDENTIALS", "POST /auth/cookie/login 429 RATE_LIMITED"
	a.Want(t, "GET /users/me 401", harness.Case("Q02 the cookie alone"), stolen)
	for range 10 {
		a.Want(t, bad, wrong, stolen)
	}
	a.Want(t, refused, harness.Case("Q02 the 11th guess in 15 minutes"), right, stolen).WantRetryWithin(t, 15*time.Minute)
	a.Want(t, "POST /auth/cookie/login 204 (twin, strangers have theirs)", right)
	a.Advance(15 * time.Minute)
	for range 4 {
		for range 10 {
			a.Want(t, bad, wrong, stolen)
		}
		a.Advance(15 * time.Minute)
	}
	a.Want(t, refused, harness.Case("Q02 the 51st guess of a day"), right, stolen)
	a.Advance(day)
	a.Want(t, "POST /auth/cookie/login 204 (twin, a day later)", right, stolen)

	for range 5 {
		a.Want(t, bad, harness.Case("Q02 another user's cookie"), wrong, hers)
	}
	a.Want(t, refused, harness.Case("Q02 it is a stranger's"), right, hers)
	a.Want(t, refused, harness.Case("Q02 two cookies are none"), right, stolen, stolen)
	a.Want(t, refused, harness.Case("Q02 one that is made up"), right,
		harness.Header("Cookie", harness.CookieName+"-known=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
	a.Want(t, "POST /auth/cookie/login 204 (twin, the user's own)", right, stolen)
}

// knownBrowsersEnd: a browser is known no longer than its user wants.
func knownBrowsersEnd(t *testing.T, a *harness.App) {
	for name, c := range map[string]struct {
		end   func(u *harness.Account)
		known bool
		now   string // the password afterwards
	}{
		"Q02 a reset": {func(u *harness.Account) {
			a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", u)))
		}, false, harness.OtherPassword},
		"Q02 all logins are ended": {func(u *harness.Account) {
			a.Want(t, "DELETE /auth/sessions 204", a.LogIn(t, "jwt", u))
		}, false, harness.Password},
		"Q02 an operator ends them": {func(u *harness.Account) {
			if err := a.Manager().EndSessions(t.Context(), u.ID); err != nil {
				t.Fatal(err)
			}
		}, false, harness.Password},
		"Q02 the address is another user's now": {func(u *harness.Account) {
			if err := a.Manager().Delete(t.Context(), u.ID); err != nil {
				t.Fatal(err)
			}
			a.Want(t, "POST /auth/register 201",
				harness.JSONObject(harness.Object{"email": u.Email, "password": harness.Password}))
		}, false, harness.Password},
		"Q02 an operator sets the password": {func(u *harness.Account) {
			a.ChangeUser(t, u, edit{Password: new(harness.OtherPassword)})
		}, false, harness.OtherPassword},
		"Q02 a year":   {func(*harness.Account) { a.Advance(365 * day) }, false, harness.Password},
		"twin, a year": {func(*harness.Account) { a.Advance(364 * day) }, true, harness.Password},
		"twin, a new password of the user's": {func(u *harness.Account) {
			a.Want(t, "PATCH /users/me 200", a.LogIn(t, "session", u),
				harness.JSONObject(harness.Object{"password": harness.OtherPassword, "current_password": harness.Password}))
		}, true, harness.OtherPassword},
	} {
		u := a.NewUser(t, harness.Verified)
		browser := knownBrowser(t, a, u)
		c.end(u)
		for range 5 {
			a.Want(t, wrongLogin, harness.LoginForm(u.Email, "a guess at it"))
		}
		want := "POST /auth/cookie/login 429 RATE_LIMITED"
		if c.known {
			want = "POST /auth/cookie/login 204"
		}
		a.Want(t, want, harness.Case(name), harness.LoginForm(u.Email, c.now), browser)
	}
}

// network is a request's client network, another one for each number.
func network(n int) harness.Option {
	return harness.Header("Test-Peer", fmt.Sprintf("198.51.%d.%d:1", 100+n/250, n%250))
}

// strangersFail fails n logins of a name over a time, each from a network of
// its own.
func strangersFail(t *testing.T, a *harness.App, n int, over time.Duration, name string) {
	t.Helper()
	for i := range n {
		a.Advance(over / time.Duration(n))
		a.Want(t, "POST /auth/"+harness.Backends[i%3]+"/login 400 LOGIN_BAD_CREDENTIALS", network(i),
			harness.LoginForm(name, harness.OtherPassword))
	}
}

// knownBrowser logs a user in at the backend cookie, and returns what the
// browser keeps for the time after that login.
func knownBrowser(t *testing.T, a *harness.App, u *harness.Account) harness.Option {
	t.Helper()
	return a.Want(t, "POST /auth/cookie/login 204", harness.LoginForm(u.Email, harness.Password)).Known(t)
}

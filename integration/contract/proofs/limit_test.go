package proofs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// spellings of one address have one count.
func spellings(t *testing.T, a *harness.App) {
	const stored = "Ren\u00e9.Q@B\u00fccher.example"
	a.NewUser(t, func(u *harness.Account) { u.Email = stored })
	spellings := []string{
		"ren\u00e9.q@b\u00fccher.example", "REN\u00c9.Q@B\u00dcCHER.EXAMPLE", "rene\u0301.q@bu\u0308cher.example",
		"ren\u00e9.q@xn--bcher-kva.example", "ren\u00e9.q@b\u00fccher\u3002example",
		"Rene\u0301.Q@XN--BCHER-KVA.example", stored, " " + stored + "\t",
	}
	for i, spelling := range spellings[:5] {
		a.Want(t, "POST /auth/"+harness.Backends[i%3]+"/login 400 LOGIN_BAD_CREDENTIALS",
			harness.LoginForm(spelling, harness.OtherPassword))
	}
	for i, spelling := range spellings {
		a.Want(t, "POST /auth/"+harness.Backends[i%3]+"/login 429 RATE_LIMITED",
			harness.Case("Q04 one count for all spellings, "+spelling), harness.LoginForm(spelling, harness.Password))
	}
	a.Want(t, wrongLogin, harness.Case("Q04 spellings that are none cannot be logged in with"),
		harness.LoginForm(strings.Replace(stored, "@", " @", 1), harness.Password))
	a.Advance(5 * time.Minute)
	for _, spelling := range spellings {
		a.Want(t, "POST /auth/jwt/login 200 (twin, later)", harness.LoginForm(spelling, harness.Password))
	}
}

// lastSlot is that of the limit of minutes, for many attempts at once.
func lastSlot(t *testing.T, a *harness.App) {
	for name, email := range map[string]string{"a user": a.NewUser(t).Email, "nobody": "nobody.q08@example.org"} {
		t.Run("Q08 64 concurrent attempts at the last slot, "+name, func(t *testing.T) {
			a.FailLogins(t, 4, email)
			before := a.Hasher.Verified.Load()
			tried := 0
			for got := range a.SendAtOnce(t, atOnce, "POST", "/auth/session/login", func(i int) harness.Option {
				return harness.LoginForm(email, fmt.Sprint("guess number ", i))
			}) {
				switch {
				case got.Status == 400 && got.Words() == core.CodeLoginBadCredentials:
					tried++
				case got.Status != 429 || got.Words() != core.CodeRateLimited:
					t.Errorf("got %d %s", got.Status, got.Body)
				}
			}
			if hashed := a.Hasher.Verified.Load() - before; tried != 1 || hashed != 1 {
				t.Errorf("%d were tried and %d hashed, want 1", tried, hashed)
			}
		})
	}
	u := a.NewUser(t)
	for range 20 {
		a.Want(t, "POST /auth/session/login 200 (twin, successes do not count)",
			harness.LoginForm(u.Email, harness.Password))
	}
}

// lastSlots are those of a user's month, which does not tell, and of a known
// browser: of any number of concurrent guesses one is compared.
func lastSlots(t *testing.T, other *harness.App) {
	limits := latchkey.Limits{
		LoginFailures:  []latchkey.Limit{{Events: 100, Window: time.Minute}, {Events: 5, Window: 30 * 24 * time.Hour}},
		DeviceFailures: []latchkey.Limit{{Events: 5, Window: time.Minute}, {Events: 50, Window: 24 * time.Hour}},
		LoginAttempts:  latchkey.Limit{Events: 1000, Window: time.Minute},
	}
	a := other.Beside(t, func(_ *harness.App, o *harness.Options) { o.Limits = limits })
	a.Advance(time.Minute)
	u := a.NewUser(t)
	const login = "POST /auth/cookie/login "
	right := harness.LoginForm(u.Email, harness.Password)
	known := a.Want(t, login+"204", right).Known(t)
	for name, c := range map[string]struct {
		from    harness.Option
		refused string
	}{
		"Q08 of a user's month":    {harness.All(), "400 LOGIN_BAD_CREDENTIALS"},
		"Q08 of a known browser's": {known, "429 RATE_LIMITED"},
	} {
		wrong := harness.All(c.from, harness.LoginForm(u.Email, harness.OtherPassword))
		for range 4 {
			a.Want(t, login+"400 LOGIN_BAD_CREDENTIALS", wrong)
		}
		before := a.Hasher.Compared.Load()
		for got := range a.SendAtOnce(t, atOnce, "POST", "/auth/cookie/login", func(i int) harness.Option {
			return harness.All(c.from, harness.LoginForm(u.Email, fmt.Sprint("guess ", i)))
		}) {
			if out := got.Outcome(); out != c.refused && out != "400 LOGIN_BAD_CREDENTIALS" {
				t.Errorf("%s: %d %s", name, got.Status, got.Body)
			}
		}
		if n := a.Hasher.Compared.Load() - before; n != 1 {
			t.Errorf("%s: %d guesses were compared, want 1", name, n)
		}
		a.Want(t, login+c.refused, harness.Case(name), right, c.from)
	}
	a.Advance(time.Minute)
	a.Want(t, login+"204 (twin, the known browser a minute later)", right, known)
	a.Advance(30 * 24 * time.Hour)
	a.Want(t, login+"204 (twin, a stranger a month later)", right)
}

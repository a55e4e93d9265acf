package proofs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// Of any number of concurrent guesses at the last slot one is compared: of a
// user's month, which does not tell, and of a known browser.
func TestQ08LastSlots(t *testing.T) {
	limits := latchkey.Limits{
		LoginFailures:  []latchkey.Limit{{Events: 100, Window: time.Minute}, {Events: 5, Window: 30 * 24 * time.Hour}},
		DeviceFailures: []latchkey.Limit{{Events: 5, Window: time.Minute}, {Events: 50, Window: 24 * time.Hour}},
		LoginAttempts:  latchkey.Limit{Events: 1000, Window: time.Minute},
	}
	for _, p := range places {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			a := harness.NewApp(t, p.Adapter, p.Open, func(_ *harness.App, o *harness.Options) { o.Limits = limits })
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
				for got := range a.SendAtOnce(t, 64, "POST", "/auth/cookie/login", func(i int) harness.Option {
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
		})
	}
}

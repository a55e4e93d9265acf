package attacks_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// TestAttackR16Silence looks at what reaches the stores; TestSilence of the
// front door looks at the time.
func TestAttackR16Silence(t *testing.T) {
	var ledgers harness.PerApp[harness.CallLog]
	with := func(a *harness.App, o *harness.Options) {
		a.Note = ledgers.Of(a).Add
		o.MailDelay = time.Minute
	}
	harness.OnEveryStore(t, with, func(t *testing.T, a *harness.App) {
		u, off, done := a.NewUser(t), a.NewUser(t, harness.Inactive), a.NewUser(t, harness.Verified)
		for kind, route := range harness.MailRoutes {
			t.Run("R16 before the answer everybody causes one look-up, "+kind, func(t *testing.T) {
				for _, email := range []string{"nobody@example.org", u.Email, off.Email, done.Email} {
					ledgers.Of(a).Take()
					a.Want(t, route+"202", harness.JSONObject(harness.Object{"email": email}))
					if calls := ledgers.Of(a).Take(); !slices.Equal(calls, []string{"limiter.Allow", "users.Find"}) {
						t.Errorf("%s causes %q", email, calls)
					}
				}
				if err := a.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				if m := a.NextMail(t); m.Kind != kind {
					t.Errorf("twin: got a %s", m)
				}
				for range len(a.Mails) { // a reset has one for the verified user too
					a.NextMail(t)
				}
			})
		}
		a.WantNoMail(t)
	})
}

func TestAttackG23Changes(t *testing.T) {
	with := func(_ *harness.App, o *harness.Options) {
		o.Limits.UserChanges = latchkey.Limit{Events: 6, Window: time.Hour}
		o.Limits.NetworkChanges = latchkey.Limit{Events: 10, Window: time.Hour}
	}
	harness.OnEveryAdapter(t, with, func(t *testing.T, a *harness.App) {
		eve, taken := a.LogIn(t, "session", a.NewUser(t)), a.NewUser(t)
		probe := func(i int) harness.Option {
			if i%2 == 0 {
				return harness.JSONObject(harness.Object{"email": taken.Email})
			}
			return harness.JSONObject(harness.Object{"email": fmt.Sprintf("free%d@example.org", i)})
		}
		t.Run("G23 150 new addresses of one user", func(t *testing.T) {
			served := 0
			for i := range 150 {
				got := a.Send(t, "PATCH", "/users/me", eve, probe(i))
				switch {
				case got.Status != http.StatusTooManyRequests:
					served++
				case got.Header.Get("Retry-After") == "" || got.Words() != "RATE_LIMITED":
					t.Fatalf("got %v", got)
				}
			}
			if served != 6 {
				t.Errorf("%d were served, want 6", served)
			}
		})
		a.Want(t, "PATCH /users/me 429 RATE_LIMITED", harness.Case("G23 from another network"), eve, probe(1),
			harness.Header("Test-Peer", "192.0.2.9:1"))
		a.Want(t, "PATCH /users/me 200 (twin, neither password nor address)", eve, harness.JSON(`{"full_name": "Evi"}`))
		a.Want(t, "PATCH /users/me 200 (twin, a new password)", eve,
			harness.JSONObject(harness.Object{"password": harness.OtherPassword}))
		another := a.LogIn(t, "session", a.NewUser(t))
		t.Run("G23 another user of the network", func(t *testing.T) {
			for i := range 4 {
				a.Want(t, "PATCH /users/me 200 (twin)", another,
					harness.JSONObject(harness.Object{"email": fmt.Sprintf("other%d@example.org", i)}))
			}
			a.Want(t, "PATCH /users/me 429 RATE_LIMITED", another, probe(1))
		})
		a.Advance(time.Hour)
		a.Want(t, "PATCH /users/me 200 (twin, later)", eve,
			harness.JSONObject(harness.Object{"email": "free1@example.org", "current_password": harness.OtherPassword}))
	})
}

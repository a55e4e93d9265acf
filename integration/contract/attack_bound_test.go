package contract_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
)

// TestAttackR16Silence looks at what reaches the stores; TestSilence of the
// front door looks at the time.
func TestAttackR16Silence(t *testing.T) {
	var ledgers per[ledger]
	with := func(a *app, o *options) {
		a.note = ledgers.of(a).add
		o.MailDelay = time.Minute
	}
	onEveryStore(t, with, func(t *testing.T, a *app) {
		u, off, done := a.user(t), a.user(t, inactive), a.user(t, verified)
		for kind, route := range asks {
			t.Run("R16 before the answer everybody causes one look-up, "+kind, func(t *testing.T) {
				for _, email := range []string{"nobody@example.org", u.Email, off.Email, done.Email} {
					ledgers.of(a).take()
					a.want(t, route+"202", members(object{"email": email}))
					if calls := ledgers.of(a).take(); !slices.Equal(calls, []string{"limiter.Take", "users.Find"}) {
						t.Errorf("%s causes %q", email, calls)
					}
				}
				if err := a.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				if m := a.mail(t); m.Kind != kind {
					t.Errorf("twin: got a %s", m)
				}
				for range len(a.mails) { // a reset has one for the verified user too
					a.mail(t)
				}
			})
		}
		a.wantNoMail(t)
	})
}

func TestAttackG23Changes(t *testing.T) {
	with := func(_ *app, o *options) {
		o.Limits.UserChanges = latchkey.Limit{Events: 6, Window: time.Hour}
		o.Limits.NetworkChanges = latchkey.Limit{Events: 10, Window: time.Hour}
	}
	onEveryAdapter(t, with, func(t *testing.T, a *app) {
		eve, taken := a.login(t, "session", a.user(t)), a.user(t)
		probe := func(i int) option {
			if i%2 == 0 {
				return members(object{"email": taken.Email})
			}
			return members(object{"email": fmt.Sprintf("free%d@example.org", i)})
		}
		t.Run("G23 150 new addresses of one user", func(t *testing.T) {
			served := 0
			for i := range 150 {
				got := a.send(t, "PATCH", "/users/me", eve, probe(i))
				switch {
				case got.status != http.StatusTooManyRequests:
					served++
				case got.header.Get("Retry-After") == "" || got.says() != "RATE_LIMITED":
					t.Fatalf("got %v", got)
				}
			}
			if served != 6 {
				t.Errorf("%d were served, want 6", served)
			}
		})
		a.attack(t, "G23 from another network", "PATCH /users/me 429 RATE_LIMITED", eve, probe(1),
			header("Test-Peer", "192.0.2.9:1"))
		a.want(t, "PATCH /users/me 200 (twin, neither password nor address)", eve, text(`{"full_name": "Evi"}`))
		a.want(t, "PATCH /users/me 200 (twin, a new password)", eve, members(object{"password": another}))
		another := a.login(t, "session", a.user(t))
		t.Run("G23 another user of the network", func(t *testing.T) {
			for i := range 4 {
				a.want(t, "PATCH /users/me 200 (twin)", another, members(object{"email": fmt.Sprintf("other%d@example.org", i)}))
			}
			a.want(t, "PATCH /users/me 429 RATE_LIMITED", another, probe(1))
		})
		a.pass(time.Hour)
		a.want(t, "PATCH /users/me 200 (twin, later)", eve, probe(1))
	})
}

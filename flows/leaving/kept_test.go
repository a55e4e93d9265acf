package leaving_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

func TestWhatElseKeepsTheAccount(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, keep := range map[string]func(a app) (status int){
		"an end of the suspension": func(a app) int { return status(a.Manager().Reinstate(ctx, a.Ada.ID)) },
		"another suspension": func(a app) int {
			return 100 + status(a.Manager().Suspend(ctx, a.Ada.ID, time.Time{}, "fraud"))
		},
		"a suspension that ends": func(a app) int {
			return 100 + status(a.Manager().Suspend(ctx, a.Ada.ID, time.Now().Add(time.Hour), "fraud"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApp(t, nil)
				a.leave()
				token := a.token()
				if keep(a) >= 100 {
					a.logsIn(a.Client("api"), factortest.Password, 400, "fraud")
				} else {
					a.loggedIn("api").Me(200)
				}
				a.undo(token, 400)
				time.Sleep(2 * grace)
				if _, err := a.Sweep(ctx); err != nil || !a.there() {
					t.Errorf("removed, %v", err)
				}
			})
		})
	}
	t.Run("an end of all logins does not", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApp(t, nil)
			a.leave()
			token := a.token()
			if err := a.Manager().EndSessions(ctx, a.Ada.ID); err != nil {
				t.Fatal(err)
			}
			a.undo(token, 200)
			a.leave()
			if err := a.Manager().EndSessions(ctx, a.Ada.ID); err != nil {
				t.Fatal(err)
			}
			time.Sleep(grace)
			if _, err := a.Sweep(ctx); err != nil || a.there() {
				t.Errorf("not removed, %v", err)
			}
		})
	})
}

// status is 0 for no error, so that a test fails in what follows.
func status(err error) int {
	if err != nil {
		return 1000
	}
	return 0
}

// Of an account that was taken over, the thief may have changed the address
// and then deleted it.
func TestM85AnUndoneAddressKeepsTheAccount(t *testing.T) {
	t.Parallel()
	everywhere(t, nil, func(t *testing.T, a app) {
		thief := a.loggedIn("api")
		thief.Send("PATCH", "/users/me", `{"email": "eve@example.org"}`, 200, "")
		thief.Send("DELETE", "/users/me", "", 202, "")
		m := a.mails(core.MailLeaving)
		if len(m) != 1 || m[0].To != "eve@example.org" {
			t.Errorf("the mails are %+v", m)
		}
		undo := a.mails(core.MailEmailUndo)
		a.Client("api").Send("POST", "/auth/email/undo", `{"token": "`+undo[0].Token+`"}`, 200, "")
		a.undo(m[0].Token, 400)
		if m := a.mails(core.MailReset); len(m) != 1 || m[0].To != factortest.Ada {
			t.Errorf("the reset mails are %+v", m)
		}
		time.Sleep(grace)
		if _, err := a.Sweep(t.Context()); err != nil || !a.there() {
			t.Errorf("removed, %v", err)
		}
	})
}

func TestAnotherAddressDoesNotUndo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, nil)
		a.leave()
		token, address := a.token(), "eve@example.org"
		_, err := a.Manager().Update(t.Context(), a.Ada.ID, latchkey.Changes[member]{Email: &address})
		if err != nil {
			t.Fatal(err)
		}
		a.undo(token, 400)
	})
}

func TestHooksMayKeepUsers(t *testing.T) {
	t.Parallel()
	refusal := error(latchkey.Refuse("OPEN_INVOICE"))
	var kinds []core.EventKind
	hooks := latchkey.Hooks[member]{BeforeDelete: func(_ context.Context, e *latchkey.Event[member]) error {
		kinds = append(kinds, e.Kind)
		return refusal
	}}
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, func(o *options) { o.Hooks = hooks })
		c := a.loggedIn("web")
		c.Send("DELETE", "/users/me", "", 400, "OPEN_INVOICE")
		c.Me(200)
		refusal = nil
		c.Send("DELETE", "/users/me", "", 202, "")
		refusal = latchkey.Refuse("OPEN_INVOICE")
		time.Sleep(grace)
		_, err := a.Sweep(t.Context())
		if !errors.Is(err, refusal) || !strings.Contains(err.Error(), a.Ada.ID) || !a.there() {
			t.Errorf("got %v, there: %v", err, a.there())
		}
		a.logsIn(a.Client("api"), factortest.Password, 400, core.CodeLoginUserSuspended)
		refusal = nil
		if _, err := a.Sweep(t.Context()); err != nil || a.there() {
			t.Errorf("got %v, there: %v", err, a.there())
		}
		want := []core.EventKind{"user.leaving", "user.leaving", "user.deleted", "user.deleted"}
		if !slices.Equal(kinds, want) {
			t.Errorf("asked about %v, want %v", kinds, want)
		}
	})
}

// Until they are removed, and after it, the records have the user's ID; after
// it they have no client of theirs.
func TestRecordsOfWhoHasLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.NewAudit()
		a := newApp(t, func(o *options) { o.Flows = append(o.Flows, audit.Flow{Store: store}) })
		a.leave()
		records := func() (actions []string, clients int) {
			all, _, err := store.List(t.Context(), core.AuditQuery{User: a.Ada.ID, Oldest: true, Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range all {
				actions = append(actions, string(r.Action))
				if r.Client.IP.IsValid() || r.Client.Label != "" {
					clients++
				}
			}
			slices.Sort(actions) // several are of the same time
			return actions, clients
		}
		if got, clients := records(); strings.Join(got, " ") != "login register user.leaving" || clients != 2 {
			t.Errorf("before: %v, %d with a client", got, clients)
		}
		time.Sleep(grace)
		if _, err := a.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, clients := records(); strings.Join(got, " ") != "login register user.deleted user.leaving" || clients != 0 {
			t.Errorf("after: %v, %d with a client", got, clients)
		}
	})
}

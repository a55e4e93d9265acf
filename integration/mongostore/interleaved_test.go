package mongostore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"go.mongodb.org/mongo-driver/v2/event"
)

// between returns a store that runs do once, before its first command of that
// name on the collection.
func between(t *testing.T, database, command, collection string, do func() error) *mongostore.Store {
	t.Helper()
	done := false
	monitor := &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		if done || e.CommandName != command || !strings.Contains(e.Command.String(), collection) {
			return
		}
		done = true
		if err := do(); err != nil {
			t.Error(err)
		}
	}}
	t.Cleanup(func() {
		if !done {
			t.Error("the other one did not run: the test is about steps that are no more")
		}
	})
	store, err := mongostore.New(connect(t, monitor).Database(database), mongostore.Options{Standalone: external == ""})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// TestReplacingTicketsAtOnce: of two tickets put at the same moment, the one
// requested later is left, whatever the order of steps.
func TestReplacingTicketsAtOnce(t *testing.T) {
	for _, step := range []struct{ command, collection string }{
		{"update", "latchkey_tickets"}, // before the first ticket is stored
		{"find", "latchkey_tickets"},   // after the first has replaced older ones, before it looks for later ones
	} {
		t.Run(step.command, func(t *testing.T) {
			ctx, later := t.Context(), time.Now().Add(time.Hour)
			ticket := func(d byte) core.Ticket {
				return core.Ticket{Digest: [32]byte{d}, Purpose: "reset", UserID: "ada", Expires: later}
			}
			db, store, _ := open[core.User](t, mongostore.Options{})
			first := between(t, db.Name(), step.command, step.collection,
				func() error { return store.Tickets().Put(ctx, ticket(2), true) })
			if err := first.Tickets().Put(ctx, ticket(1), true); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Tickets().Find(ctx, "reset", [32]byte{1}); err != core.ErrNotFound {
				t.Errorf("the first ticket: %v", err)
			}
			if _, err := store.Tickets().Consume(ctx, "reset", [32]byte{2}); err != nil {
				t.Errorf("the second ticket: %v", err)
			}
			// A third one leaves the used one as it is, so that a
			// replay can be distinguished from a forgery.
			if err := store.Tickets().Put(ctx, ticket(3), true); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Tickets().Consume(ctx, "reset", [32]byte{2}); err != core.ErrUsed {
				t.Errorf("the used ticket: %v", err)
			}
		})
	}
}

// TestSessionBesideDeleteAll: the one who comes late finds the other's mark,
// whatever the order of steps.
func TestSessionBesideDeleteAll(t *testing.T) {
	readFloor := "find"
	if external != "" {
		readFloor = "findAndModify"
	}
	session := core.Session{UserID: "ada", Epoch: 1, Expires: time.Now().Add(time.Hour)}
	t.Run("S07 DeleteAll before the session is stored, or before the floor is read", func(t *testing.T) {
		for _, step := range []struct{ command, collection string }{{"update", "latchkey_sessions"},
			{readFloor, "latchkey_owners"}} {
			db, store, _ := open[core.User](t, mongostore.Options{})
			late := between(t, db.Name(), step.command, step.collection, func() error {
				return store.Sessions().DeleteAll(t.Context(), "ada", 2, [32]byte{})
			})
			if err := late.Sessions().Create(t.Context(), [32]byte{1}, session); err != core.ErrInvalid {
				t.Errorf("before %s: Create gave %v, want ErrInvalid", step.collection, err)
			}
			if _, err := store.Sessions().Find(t.Context(), [32]byte{1}); err != core.ErrNotFound {
				t.Errorf("before %s: the session: %v", step.collection, err)
			}
		}
	})
	t.Run("S07 a session before the floor is raised, or before the sessions are deleted", func(t *testing.T) {
		for _, step := range []struct{ command, collection string }{{"update", "latchkey_owners"},
			{"delete", "latchkey_sessions"}} {
			db, store, _ := open[core.User](t, mongostore.Options{})
			ending := between(t, db.Name(), step.command, step.collection, func() error {
				err := store.Sessions().Create(t.Context(), [32]byte{1}, session)
				if errors.Is(err, core.ErrInvalid) {
					err = nil
				}
				return err
			})
			if err := ending.Sessions().DeleteAll(t.Context(), "ada", 2, [32]byte{}); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Sessions().Find(t.Context(), [32]byte{1}); err != core.ErrNotFound {
				t.Errorf("before %s: the session: %v", step.collection, err)
			}
		}
	})
}

// TestUsersAtOnce: the unique index decides between two who have both seen that
// an address is free.
func TestUsersAtOnce(t *testing.T) {
	db, _, us := open[core.User](t, mongostore.Options{})
	late := between(t, db.Name(), "insert", "latchkey_users", func() error { return us.Create(t.Context(), ada()) })
	users, err := mongostore.Users[core.User](late)
	if err != nil {
		t.Fatal(err)
	}
	if err := users.Create(t.Context(), ada()); err != core.ErrTaken {
		t.Errorf("Create gave %v, want ErrTaken", err)
	}
}

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
				t.Errorf("before %s: Create returned %v, want ErrInvalid", step.collection, err)
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
		t.Errorf("Create returned %v, want ErrTaken", err)
	}
}

// TestCredentialsAtOnce: between the steps of one call, another one does its
// own.
func TestCredentialsAtOnce(t *testing.T) {
	ctx, owner := t.Context(), credentialID
	passkey := func(key string) *core.Credential {
		return &core.Credential{Owner: owner, Kind: "passkey", Key: key}
	}
	count := func(c *core.Credential) error { c.Label += "+"; return nil }
	fresh := func(t *testing.T) (name string, credentials *mongostore.Credentials, one *core.Credential) {
		db, store, _ := open[core.User](t, mongostore.Options{})
		one = passkey("one")
		if err := store.Credentials().Create(ctx, one, 2); err != nil {
			t.Fatal(err)
		}
		return db.Name(), store.Credentials(), one
	}
	t.Run("K04 two Updates", func(t *testing.T) {
		name, credentials, one := fresh(t)
		update := func(c *mongostore.Credentials) error { return second(c.Update(ctx, "passkey", owner, one.ID, count)) }
		late := between(t, name, "update", "latchkey_credentials", func() error { return update(credentials) })
		if err := update(late.Credentials()); err != nil {
			t.Fatal(err)
		}
		if c, err := credentials.Find(ctx, "passkey", "one"); err != nil || c.Label != "++" {
			t.Errorf("after two Updates the credential is %+v, %v", c, err)
		}
	})
	t.Run("an Update and a Delete", func(t *testing.T) {
		name, credentials, one := fresh(t)
		late := between(t, name, "update", "latchkey_credentials",
			func() error { return credentials.Delete(ctx, "passkey", owner, one.ID) })
		_, err := late.Credentials().Update(ctx, "passkey", owner, one.ID, count)
		if _, found := credentials.Find(ctx, "passkey", "one"); err != core.ErrNotFound || found != core.ErrNotFound {
			t.Errorf("Update returned %v, and then Find %v", err, found)
		}
	})
	t.Run("M25 two Creates of one key", func(t *testing.T) {
		name, credentials, _ := fresh(t)
		late := between(t, name, "insert", "latchkey_credentials",
			func() error { return credentials.Create(ctx, passkey("two"), 0) })
		for _, max := range []int{0, 9} {
			if err := late.Credentials().Create(ctx, passkey("two"), max); err != core.ErrTaken {
				t.Errorf("Create with max %d returned %v, want ErrTaken", max, err)
			}
		}
	})
	t.Run("two Creates of which one may be", func(t *testing.T) {
		name, credentials, _ := fresh(t)
		late := between(t, name, "insert", "latchkey_credentials",
			func() error { return credentials.Create(ctx, passkey("two"), 2) })
		if err := late.Credentials().Create(ctx, passkey("three"), 2); err != core.ErrFull {
			t.Errorf("Create returned %v, want ErrFull", err)
		}
	})
}

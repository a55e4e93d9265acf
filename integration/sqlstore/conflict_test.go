package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// servers runs a test on the databases on which two transactions can run at the
// same time.
func servers(t *testing.T, test func(t *testing.T, d database)) {
	everywhere(t, func(t *testing.T, d database) {
		if d.driver != "sqlite" {
			test(t, d)
		}
	})
}

func increment(u *core.User) error { u.TokenEpoch++; return nil }

// couple makes two users.
func couple(t *testing.T, us *sqlstore.UserStore[core.User]) (one, two string) {
	t.Helper()
	a, b := ada(), &core.User{Email: "bob@example.org", EmailKey: "bob@example.org"}
	if err := errors.Join(us.Create(t.Context(), a), us.Create(t.Context(), b)); err != nil {
		t.Fatal(err)
	}
	return a.ID, b.ID
}

// embrace lets two transactions lock two users in opposite order, once, and
// returns how often each ran. after receives the result of the second lock.
func embrace(
	t *testing.T, store *sqlstore.Store, us *sqlstore.UserStore[core.User],
	after func(ctx context.Context, err error) error,
) (runs [2]int) {
	t.Helper()
	one, two := couple(t, us)
	var met, all sync.WaitGroup
	met.Add(2)
	for i, ids := range [2][2]string{{one, two}, {two, one}} {
		all.Go(func() {
			err := store.Transact(t.Context(), func(ctx context.Context) error {
				_, err := us.Update(ctx, ids[0], increment)
				if runs[i]++; runs[i] == 1 {
					met.Done()
					met.Wait() // now each has one
				}
				if err != nil {
					return err
				}
				_, err = us.Update(ctx, ids[1], increment)
				return after(ctx, err)
			})
			if err != nil {
				t.Errorf("Transact returned %v", err)
			}
		})
	}
	all.Wait()
	for _, id := range []string{one, two} {
		if epoch, err := us.Epoch(t.Context(), id); epoch != 2 || err != nil {
			t.Errorf("an epoch is %d, %v; want 2", epoch, err)
		}
	}
	return runs
}

func TestDeadlock(t *testing.T) {
	servers(t, func(t *testing.T, d database) {
		store, us := users[core.User](t, d.new(t), sqlstore.Options{Patience: crowded})
		runs := embrace(t, store, us, func(_ context.Context, err error) error { return err })
		if runs[0]+runs[1] != 3 {
			t.Errorf("the transactions ran %d and %d times, want one of them twice", runs[0], runs[1])
		}
	})
}

// TestDeadlockThatIsFoundLate: whoever has the patience waits, and then the
// transaction runs again.
func TestDeadlockThatIsFoundLate(t *testing.T) {
	t.Parallel()
	d := onPostgres.with("&options=-c%20deadlock_timeout%3D2500ms")
	store, us := users[core.User](t, d.new(t), sqlstore.Options{Patience: crowded})
	embrace(t, store, us, func(_ context.Context, err error) error { return err })
}

// TestDeadlockThatIsPassedOver: MySQL has rolled the transaction back, and
// statements after that must not be committed on their own.
func TestDeadlockThatIsPassedOver(t *testing.T) {
	servers(t, func(t *testing.T, d database) {
		store, us := users[core.User](t, d.new(t), sqlstore.Options{Patience: crowded})
		embrace(t, store, us, func(ctx context.Context, err error) error {
			if err == nil {
				return nil
			}
			late := &core.User{Email: "late@example.org", EmailKey: "late@example.org"}
			if err := us.Create(ctx, late); err == nil {
				t.Error("Create worked in a transaction that was rolled back")
			}
			return nil
		})
		if _, err := us.Find(t.Context(), core.ByEmail("late@example.org")); err != core.ErrNotFound {
			t.Errorf("what followed was kept: %v", err)
		}
	})
}

// TestSerializationFailure: a row has changed since the transaction began.
func TestSerializationFailure(t *testing.T) {
	ctx := t.Context()
	d := onPostgres.with("&options=-c%20default_transaction_isolation%3Dserializable")
	store, us := users[core.User](t, d.new(t), sqlstore.Options{})
	u := ada()
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	runs := 0
	err := store.Transact(ctx, func(inside context.Context) error {
		runs++
		if _, err := us.Find(inside, core.ByID(u.ID)); err != nil {
			return err
		}
		if runs == 1 {
			if _, err := us.Update(ctx, u.ID, func(u *core.User) error { u.TokenEpoch += 10; return nil }); err != nil {
				return err
			}
		}
		_, err := us.Update(inside, u.ID, increment)
		return err
	})
	if err != nil || runs != 2 {
		t.Errorf("Transact returned %v after %d runs, want none after 2", err, runs)
	}
	if epoch, err := us.Epoch(ctx, u.ID); epoch != 11 || err != nil {
		t.Errorf("the epoch is %d, %v; want 11", epoch, err)
	}
}

// TestRefusedUpdateInATransaction: the address is free when Update reads the
// row, and taken while the statement waits for the other transaction.
// PostgreSQL ends a transaction over that.
func TestRefusedUpdateInATransaction(t *testing.T) {
	servers(t, func(t *testing.T, d database) {
		ctx := t.Context()
		store, us := users[core.User](t, d.new(t), sqlstore.Options{})
		one, two := couple(t, us)
		move := func(u *core.User) error { u.Email, u.EmailKey = "new@example.org", "new@example.org"; return nil }
		moved, waits := make(chan struct{}), make(chan struct{})
		var all sync.WaitGroup
		all.Go(func() {
			err := store.Transact(ctx, func(ctx context.Context) error {
				_, err := us.Update(ctx, one, move)
				close(moved)
				<-waits
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-moved
		err := store.Transact(ctx, func(ctx context.Context) error {
			time.AfterFunc(100*time.Millisecond, func() { close(waits) }) // whether it waits by then or not, it is refused
			if _, err := us.Update(ctx, two, move); err != core.ErrTaken {
				t.Errorf("Update returned %v, want ErrTaken", err)
			}
			_, err := us.Update(ctx, two, increment)
			return err
		})
		all.Wait()
		if err != nil {
			t.Errorf("after a refusal: %v", err)
		}
		if u, err := us.Find(ctx, core.ByID(two)); err != nil || u.TokenEpoch != 1 || u.EmailKey != "bob@example.org" {
			t.Errorf("the user is %+v, %v", u, err)
		}
	})
}

// TestFindAfterARefusal: after an address was reported as taken, its user is
// found, even if there was none when the transaction began.
func TestFindAfterARefusal(t *testing.T) {
	servers(t, func(t *testing.T, d database) {
		store, us := users[core.User](t, d.new(t), sqlstore.Options{})
		err := store.Transact(t.Context(), func(inside context.Context) error {
			if _, err := us.Find(inside, core.ByEmail(ada().EmailKey)); err != core.ErrNotFound {
				t.Errorf("Find returned %v, want ErrNotFound", err)
			}
			if err := us.Create(t.Context(), ada()); err != nil {
				return err
			}
			if err := us.Create(inside, ada()); err != core.ErrTaken {
				t.Errorf("Create returned %v, want ErrTaken", err)
			}
			_, err := us.Find(inside, core.ByEmail(ada().EmailKey))
			return err
		})
		if err != nil {
			t.Errorf("after the refusal: %v", err)
		}
	})
}

// TestSnapshot: a transaction of the application's own keeps seeing the rows of
// its beginning, and must not act on them.
func TestSnapshot(t *testing.T) {
	d := onMariaDB // its default is REPEATABLE READ; PostgreSQL refuses such writes
	for _, settings := range []string{"", "?clientFoundRows=true"} {
		ctx, db := t.Context(), d.with(settings).new(t)
		store, us := users[core.User](t, db, sqlstore.Options{})
		tickets, limiter, sessions := store.Tickets(), store.Limiter(), store.Sessions()
		soon := time.Now().Add(time.Hour)
		once := core.Limit{Events: 1, Window: time.Hour}
		session := core.Session{UserID: "ada", Epoch: 1, Expires: soon}
		bobs := core.Session{UserID: "bob", Epoch: 1, Expires: soon}
		used := core.Ticket{Digest: [32]byte{1}, Purpose: "reset", Expires: soon}
		fails := core.Ticket{Digest: [32]byte{2}, Purpose: "reset", Expires: soon}
		if err := errors.Join(tickets.Put(ctx, used, false), tickets.Put(ctx, fails, false),
			sessions.Create(ctx, [32]byte{1}, session), sessions.Create(ctx, [32]byte{3}, bobs)); err != nil {
			t.Fatal(err)
		}
		err := db.inTx(ctx, func(outside context.Context, tx *sql.Tx) error {
			inside := store.WithTx(outside, tx)
			if _, err := us.Find(inside, core.ByEmail("ada@example.org")); err != core.ErrNotFound { // the beginning
				return err
			}
			_, err1 := tickets.Consume(ctx, "reset", used.Digest)
			_, err2 := limiter.Allow(ctx, "key", once)
			if err := errors.Join(err1, err2, tickets.Fail(ctx, "reset", fails.Digest, 1),
				sessions.DeleteAll(ctx, "ada", 2, [32]byte{})); err != nil {
				return err
			}
			rotates(t, sessions, [32]byte{3}, turn("", "one"))
			if got, err := sessions.Rotate(inside, [32]byte{3}, turn("", "two")); got.Secret != core.Digest("one") || err != nil {
				t.Errorf("T02 a secret that was replaced since: %+v, %v, want what it became", got, err)
			}
			if _, err := tickets.Consume(inside, "reset", used.Digest); err != core.ErrUsed {
				t.Errorf("R01 a ticket that was used since: %v, want ErrUsed", err)
			}
			if _, err := tickets.Consume(inside, "reset", fails.Digest); err != core.ErrNotFound {
				t.Errorf("a ticket that failed since: %v, want ErrNotFound", err)
			}
			if wait, err := limiter.Allow(inside, "key", once); wait == 0 || err != nil {
				t.Errorf("Q08 a limit that was reached since: %v, %v", wait, err)
			}
			if err := sessions.Touch(inside, [32]byte{1}, soon, soon); err != core.ErrNotFound {
				t.Errorf("S04 a session that was ended since: %v, want ErrNotFound", err)
			}
			return sessions.Create(inside, [32]byte{2}, session)
		})
		if err != nil && err != core.ErrInvalid {
			t.Fatal(err)
		}
		if _, err := sessions.Find(ctx, [32]byte{2}); err != core.ErrNotFound {
			t.Errorf("S07 a session below the floor that was written since: %v, want ErrNotFound", err)
		}
	}
}

// TestTouchThatChangesNothing: MySQL may count a row only if it changes.
func TestTouchThatChangesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx := t.Context()
		store, _ := users[core.User](t, d.new(t), sqlstore.Options{})
		soon := time.Now().Add(time.Hour)
		if err := store.Sessions().Create(ctx, [32]byte{1},
			core.Session{UserID: "ada", LastSeen: soon, Expires: soon}); err != nil {
			t.Fatal(err)
		}
		if err := store.Sessions().Touch(ctx, [32]byte{1}, soon, soon); err != nil {
			t.Errorf("Touch returned %v", err)
		}
	})
}

// TestNumbersThatWereGiven: numbers made by the database skip those that were
// given. On PostgreSQL they would collide, and look as if the address was
// taken.
func TestNumbersThatWereGiven(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		_, us := users[core.User](t, d.new(t), sqlstore.Options{IDs: sqlstore.BigInt})
		for _, id := range []string{"3", "2", "9007199254740993"} {
			if err := us.Create(t.Context(), &core.User{ID: id}); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			if err := us.Create(t.Context(), &core.User{}); err != nil {
				t.Errorf("Create returned %v", err)
			}
		}
		if u, err := us.Find(t.Context(), core.ByID("9007199254740996")); err != nil || u.ID != "9007199254740996" {
			t.Errorf("the last user is %v, %v", u, err)
		}
	})
}

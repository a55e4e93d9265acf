package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

const (
	patience = 400 * time.Millisecond
	// tooLate is far beyond the patience on a busy machine, and far below
	// the time that a call would take without it.
	tooLate = 4 * time.Second
)

// waiting holds stores on one database, and a user in it.
type waiting struct {
	db    *handle
	store *sqlstore.Store
	users *sqlstore.UserStore[core.User]
	ada   *core.User
}

func newWaiting(t *testing.T, db *handle, patience time.Duration) *waiting {
	t.Helper()
	w := &waiting{db: db, ada: ada()}
	w.store, w.users = users[core.User](t, db, sqlstore.Options{Patience: patience})
	if err := w.users.Create(t.Context(), w.ada); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.reads(t.Context(), true)...); err != nil {
		t.Fatal(err)
	}
	return w
}

// calls returns what an application calls stores for. Each waits at most once.
func (w *waiting) calls() map[string]func(ctx context.Context) error {
	nothing := func(context.Context) error { return nil }
	return map[string]func(ctx context.Context) error{
		"Find": func(ctx context.Context) error {
			_, err := w.users.Find(ctx, core.ByID(w.ada.ID))
			return err
		},
		"Create": func(ctx context.Context) error { return w.users.Create(ctx, &core.User{}) },
		"Update": func(ctx context.Context) error {
			_, err := w.users.Update(ctx, w.ada.ID, increment)
			return err
		},
		"Sessions.Delete": func(ctx context.Context) error { return w.store.Sessions().Delete(ctx, [32]byte{1}) },
		"Limiter.Take": func(ctx context.Context) error {
			_, err := w.store.Limiter().Allow(ctx, "key", plenty)
			return err
		},
		"Transact": func(ctx context.Context) error { return w.store.Transact(ctx, nothing) },
	}
}

// reads runs the calls that change nothing of importance.
func (w *waiting) reads(ctx context.Context, wantNone bool) (errs []error) {
	for _, call := range w.calls() {
		if err := call(ctx); (err == nil) != wantNone {
			errs = append(errs, err)
		}
	}
	return errs
}

// wantGivenUp runs calls at once, and fails unless each returns, in time, an
// error that is none of core's.
func wantGivenUp(t *testing.T, ctx context.Context, calls map[string]func(ctx context.Context) error) { //nolint:revive // as t.Run has it
	t.Helper()
	var all sync.WaitGroup
	for name, call := range calls {
		all.Go(func() {
			begun := time.Now()
			err := call(ctx)
			if took := time.Since(begun); took > tooLate {
				t.Errorf("F27 %s took %v", name, took)
			}
			switch {
			case err == nil:
				t.Errorf("F27 %s succeeded", name)
			case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, core.ErrNotFound):
				t.Errorf("F27 %s: %v passes for something else", name, err)
			}
		})
	}
	all.Wait()
}

// wantAnswers waits until all calls succeed again.
func wantAnswers(t *testing.T, w *waiting) {
	t.Helper()
	for end := time.Now().Add(tooLate); ; time.Sleep(10 * time.Millisecond) {
		errs := w.reads(t.Context(), true)
		if len(errs) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("F27 afterwards: %v", errors.Join(errs...))
		}
	}
}

// TestPatience stops servers, so nothing else runs and goroutines can be
// counted.
func TestPatience(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *server.Process{"PostgreSQL": server.StartPostgres,
		"MariaDB": server.StartMariaDB} {
		t.Run("F27 "+name, func(t *testing.T) { stoppedServer(t, databases[name], start(t)) })
	}
}

func stoppedServer(t *testing.T, d database, p *server.Process) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	w := newWaiting(t, d.open(t, p.URL()), patience)
	before := runtime.NumGoroutine()

	p.Pause()
	// Twice: with the connections of the pool, and with none.
	wantGivenUp(t, ctx, w.calls())
	wantGivenUp(t, ctx, w.calls())
	hurried, stop := context.WithTimeout(ctx, patience/4)
	defer stop()
	if _, err := w.users.Find(hurried, core.ByID(w.ada.ID)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller's own deadline: %v", err)
	}
	p.Resume()
	wantAnswers(t, w)

	again := func() { p.Resume(); wantAnswers(t, w) }
	for name, end := range map[string]error{"the commit": nil, "the rollback": errUndo} {
		begun := time.Now()
		err := w.store.Transact(ctx, func(ctx context.Context) error {
			_, err := w.users.Update(ctx, w.ada.ID, increment)
			p.Pause()
			begun = time.Now()
			return errors.Join(err, end)
		})
		if err == nil || errors.Is(err, context.Canceled) || time.Since(begun) > tooLate {
			t.Errorf("F27 %s: %v after %v", name, err, time.Since(begun))
		}
		again()
	}
	begun := time.Now()
	err := w.store.Transact(ctx, func(ctx context.Context) error {
		_, err := w.users.Update(ctx, w.ada.ID, increment)
		p.Pause()
		begun = time.Now()
		for range 20 { // only the first waits
			_, err = w.users.Find(ctx, core.ByID(w.ada.ID))
		}
		return err
	})
	if err == nil || time.Since(begun) > tooLate {
		t.Errorf("F27 a statement of a transaction: %v after %v", err, time.Since(begun))
	}
	again()
	own, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.Pause()
	joined := w.store.WithTx(ctx, own)
	wantGivenUp(t, joined, map[string]func(context.Context) error{"the application's transaction": w.calls()["Find"]})
	_ = own.Rollback()
	again()

	after := runtime.NumGoroutine()
	for end := time.Now().Add(tooLate); after > before && time.Now().Before(end); after = runtime.NumGoroutine() {
		time.Sleep(10 * time.Millisecond) // connections close
	}
	if after > before+connections {
		t.Errorf("F27 there were %d goroutines before, %d after", before, after)
	}
}

func TestPatienceWithATakenPool(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.new(t)
		w := newWaiting(t, db, patience)
		db.SetMaxOpenConns(1)
		taken, err := db.DB.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wantGivenUp(t, t.Context(), w.calls())
		// The twin: a connection becomes free before the patience ends.
		time.AfterFunc(patience/4, func() { _ = taken.Close() })
		if err := w.calls()["Update"](t.Context()); err != nil {
			t.Errorf("a connection that comes in time: %v", err)
		}
		wantAnswers(t, w)
	})
}

func TestPatienceWithALockedRow(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx, db := t.Context(), d.new(t)
		w := newWaiting(t, db, patience)
		_, endless := users[core.User](t, db, sqlstore.Options{Patience: -1})
		own, err := db.BeginTx(ctx, &sql.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.users.Lock(w.store.WithTx(ctx, own), w.ada.ID); err != nil {
			t.Fatal(err)
		}
		wantGivenUp(t, ctx, map[string]func(context.Context) error{"Update": w.calls()["Update"]})
		// Without patience only the caller's context ends the wait.
		hurried, stop := context.WithTimeout(ctx, 2*patience)
		defer stop()
		if _, err := endless.Update(hurried, w.ada.ID, increment); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without patience: %v", err)
		}
		// The twin: slower than usual, and within the patience.
		time.AfterFunc(patience/4, func() { _ = own.Rollback() })
		if err := w.calls()["Update"](ctx); err != nil {
			t.Errorf("a row that comes free in time: %v", err)
		}
		err = w.store.Transact(ctx, func(ctx context.Context) error {
			_, err := w.users.Update(ctx, w.ada.ID, increment)
			time.Sleep(patience + patience/4) // the application's own work
			return errors.Join(err, w.calls()["Find"](ctx))
		})
		if err != nil {
			t.Errorf("a transaction that lasts longer than the patience: %v", err)
		}
	})
}

// TestHangingServer: clients get 503, in time.
func TestHangingServer(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *server.Process{"PostgreSQL": server.StartPostgres,
		"MariaDB": server.StartMariaDB} {
		t.Run("F27 "+name, func(t *testing.T) {
			p := start(t)
			a := newApp(t, name, p.URL())
			a.settles(t, 10*time.Second)
			p.Pause()
			var all sync.WaitGroup
			for _, probe := range a.probes[:5] {
				all.Go(func() {
					begun := time.Now()
					unavailable, err := a.try(t.Context(), probe)
					if took := time.Since(begun); !unavailable || took > 2*time.Second+tooLate {
						t.Errorf("%s: unavailable is %v, %v, after %v", probe.name, unavailable, err, took)
					}
				})
			}
			all.Wait()
			p.Resume()
			a.settles(t, recovery)
		})
	}
}

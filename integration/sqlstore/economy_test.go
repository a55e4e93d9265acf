package sqlstore_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/recorder"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// runs returns how often a statement with this beginning was run.
func runs(r *recorder.Recorder, beginning string) (n int) {
	for _, text := range r.Statements() {
		if strings.HasPrefix(text, beginning) {
			n++
		}
	}
	return n
}

// noted returns how often a recorder records one statement: MySQL's driver
// receives it, prepares it instead, and receives it again.
func (d database) noted() int {
	if d.driver == onMariaDB.driver {
		return 2
	}
	return 1
}

// TestTakeIsOneStatement: a refusal takes two.
func TestTakeIsOneStatement(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx := t.Context()
		db, statements := d.recorded(t, d.address(t))
		store, _ := users[core.User](t, db, sqlstore.Options{})
		limiter, limit := store.Limiter(), core.Limit{Events: 2, Window: time.Hour}
		for i, want := range []int{1, 1, 2, 2} {
			runs(statements, "")
			wait, err := limiter.Allow(ctx, "key", limit)
			if err != nil || (wait > 0) != (i >= limit.Events) {
				t.Fatalf("Take %d: wait %v, %v", i, wait, err)
			}
			if got := runs(statements, "") / d.noted(); i > 0 && got > want {
				t.Errorf("Take %d ran %d statements, want %d", i, got, want)
			}
		}
	})
}

// TestSweepLeavesGaps: on SQLite, which has one writer, a sweep lets others
// write between two batches.
func TestSweepLeavesGaps(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		ctx, now := t.Context(), time.Now()
		db, statements := d.recorded(t, d.address(t))
		store, us := users[core.User](t, db, sqlstore.Options{})
		const expired, batch = 450, 100
		fill := func() {
			t.Helper()
			err := store.Transact(ctx, func(ctx context.Context) error {
				var errs []error
				for i := range expired {
					digest := core.Digest(string(rune(i)))
					errs = append(errs, store.Tickets().Put(ctx,
						core.Ticket{Purpose: "reset", Digest: digest, Expires: now.Add(-time.Hour)}, false))
				}
				return errors.Join(errs...)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		fill()
		runs(statements, "")
		n, err := store.Tickets().Sweep(ctx)
		if err != nil || n != expired {
			t.Fatalf("Sweep returned %d, %v", n, err)
		}
		want := 1
		if d.driver == onSQLite.driver {
			want = expired/batch + 1
		}
		if got := runs(statements, "DELETE") / d.noted(); got != want {
			t.Errorf("Sweep ran %d statements, want %d", got, want)
		}

		fill()
		var all sync.WaitGroup
		all.Go(func() {
			if n, err := store.Tickets().Sweep(ctx); n != expired || err != nil {
				t.Errorf("Sweep returned %d, %v", n, err)
			}
		})
		if err := us.Create(ctx, ada()); err != nil {
			t.Errorf("Create beside a sweep: %v", err)
		}
		all.Wait()
	})
}

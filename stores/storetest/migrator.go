package storetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Migrator runs the cases of core.Migrator, and of core.Clock where the store
// is one. open returns a store over a new, empty database, without tables.
func Migrator(t *testing.T, open func(t *testing.T) core.Migrator) {
	t.Helper()
	Run(t, open, MigratorCases())
}

// MigratorCases returns the cases of Migrator.
func MigratorCases() []Case[core.Migrator] {
	return []Case[core.Migrator]{
		{Rule: "Plan returns what an empty database lacks, and changes nothing", Check: func(ctx context.Context, s core.Migrator) error {
			first, err := s.Plan(ctx)
			second, err2 := s.Plan(ctx)
			return errors.Join(err, err2, that(len(first) > 0, "nothing is planned for an empty database"),
				that(strings.Join(first, "\n") == strings.Join(second, "\n"), "the second Plan is another one: %q", second))
		}},
		{Rule: "After Migrate nothing is planned, and Migrate may run again", Check: func(ctx context.Context, s core.Migrator) error {
			for range 2 {
				if err := s.Migrate(ctx); err != nil {
					return err
				}
				plan, err := s.Plan(ctx)
				if err := errors.Join(err, that(len(plan) == 0, "still planned: %q", plan)); err != nil {
					return err
				}
			}
			return nil
		}},
		{Rule: "Concurrent calls of Migrate all succeed", Check: func(ctx context.Context, s core.Migrator) error {
			errs := make([]error, 4)
			var all sync.WaitGroup
			for i := range errs {
				all.Go(func() { errs[i] = s.Migrate(ctx) })
			}
			all.Wait()
			plan, err := s.Plan(ctx)
			return errors.Join(append(errs, err, that(len(plan) == 0, "still planned: %q", plan))...)
		}},
		{Rule: "A context that has ended is an error", Check: func(ctx context.Context, s core.Migrator) error {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			_, err := s.Plan(ctx)
			return errors.Join(that(err != nil, "Plan succeeds"), that(s.Migrate(ctx) != nil, "Migrate succeeds"))
		}},
		{Rule: "The clock needs no tables and is this machine's, as the server runs there", Check: func(ctx context.Context, s core.Migrator) error {
			clock, ok := core.As[core.Clock](s)
			if !ok {
				return NotDeclaredError("core.Clock")
			}
			before := time.Now()
			there, err := clock.Time(ctx)
			after := time.Now()
			const slack = 5 * time.Second
			return errors.Join(err, that(there.Location() == time.UTC, "the time is in %v, want UTC", there.Location()),
				that(there.After(before.Add(-slack)) && there.Before(after.Add(slack)), "the clock says %v at %v", there, after))
		}},
	}
}

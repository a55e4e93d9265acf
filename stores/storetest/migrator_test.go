package storetest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// schema is a Migrator without a database.
type schema struct {
	mu       sync.Mutex
	migrated int
	faults
}

// faults are what is broken.
type faults struct {
	forgetful, eager, once, deaf bool
	off                          time.Duration
}

func (s *schema) Plan(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.deaf && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if s.eager {
		defer func() { s.migrated++ }()
	}
	if s.migrated > 0 && !s.forgetful {
		return nil, nil
	}
	return []string{"CREATE TABLE a"}, nil
}

func (s *schema) Migrate(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.deaf && ctx.Err() != nil {
		return ctx.Err()
	}
	if s.once && s.migrated > 0 {
		return core.ErrTaken
	}
	s.migrated++
	return nil
}

func (s *schema) Time(context.Context) (time.Time, error) { return time.Now().UTC().Add(s.off), nil }

func TestMigrator(t *testing.T) {
	storetest.Migrator(t, func(*testing.T) core.Migrator { return &schema{} })
}

func TestMigratorFindsBrokenOnes(t *testing.T) {
	t.Parallel()
	const plan, after, concurrent, ended, clock = "Plan returns", "After Migrate", "Concurrent", "A context", "The clock"
	for name, c := range map[string]struct {
		store faults
		rules []string
	}{
		"Plan changes":           {faults{eager: true}, []string{plan}},
		"Migrate makes nothing":  {faults{forgetful: true}, []string{after, concurrent}},
		"Migrate runs once":      {faults{once: true}, []string{after, concurrent}},
		"the context is ignored": {faults{deaf: true}, []string{ended}},
		"the clock is wrong":     {faults{off: time.Hour}, []string{clock}},
		"a healthy one":          {},
	} {
		t.Run(name, func(t *testing.T) {
			broken(t, storetest.MigratorCases(), func() core.Migrator { return &schema{faults: c.store} }, c.rules...)
		})
	}
}

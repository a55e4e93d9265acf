package core

import (
	"context"
	"time"
)

// Migrator is a store that keeps its rows in tables, or the like, which have to
// be there (optional). The commands migrate status, up and print call it.
type Migrator interface {
	// Migrate makes what is missing, and drops and changes nothing. It may
	// run again, and in several processes at once, but in no transaction of
	// the application's.
	Migrate(ctx context.Context) error
	// Plan returns what Migrate would do now, a statement of the database's
	// own language each, in their order, and changes nothing; none if there
	// is nothing to do. It does not need the tables.
	Plan(ctx context.Context) ([]string, error)
}

// Clock is a store whose server has a clock of its own (optional).
type Clock interface {
	// Time returns the present time of that clock.
	Time(ctx context.Context) (time.Time, error)
}

// Shared is a store that may serve processes on several machines at once
// (optional), so that what one of them keeps in its memory is not the others'.
type Shared interface {
	Shared() bool
}

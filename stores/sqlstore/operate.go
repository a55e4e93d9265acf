package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var (
	_ core.Migrator = (*Store)(nil)
	_ core.Clock    = (*Store)(nil)
	_ core.Migrator = (*UserStore[core.User])(nil)
	_ core.Clock    = (*UserStore[core.User])(nil)
	_ core.Shared   = (*UserStore[core.User])(nil)
)

// Time returns the time of the database's clock, in whole microseconds; of
// SQLite it is this machine's.
func (s *Store) Time(ctx context.Context) (time.Time, error) {
	var micros int64
	err := s.get(ctx, s.statement("read the database's clock", s.dialect.clock), nil, &micros)
	return fromMicros(micros), err
}

// Migrate is the Store's: the front door looks for it here.
func (us *UserStore[U]) Migrate(ctx context.Context) error { return us.s.Migrate(ctx) }

// Plan is the Store's.
func (us *UserStore[U]) Plan(ctx context.Context) ([]string, error) { return us.s.Plan(ctx) }

// Time is the Store's.
func (us *UserStore[U]) Time(ctx context.Context) (time.Time, error) { return us.s.Time(ctx) }

// Shared reports whether the database is a server; a file of SQLite is for the
// processes of one machine.
func (us *UserStore[U]) Shared() bool { return !us.s.dialect.local }

package gormstore

import (
	"context"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var (
	_ core.Migrator = (*Store)(nil)
	_ core.Clock    = (*Store)(nil)
)

// Time returns the time of the database's clock; of SQLite it is this
// machine's.
func (s *Store) Time(ctx context.Context) (time.Time, error) { return s.sql.Time(ctx) }

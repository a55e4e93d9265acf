package sqlstore

import (
	"database/sql"
	"sync"
	"time"
)

// engine runs statements and transactions on a database. The stores of this
// package stand on it; it has no tables of its own.
type engine struct {
	db      *sql.DB
	dialect dialect
	opts    Options
	mutex   statement
	// prepared holds a *sql.Stmt for each text that get ran; closing the
	// database closes them.
	prepared sync.Map
}

// now is the current time as the database stores it.
func (e *engine) now() int64 { return micros(e.opts.Now()) }

// micros is how the tables of this package keep a time: microseconds since 1970
// UTC, which every database compares alike; 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

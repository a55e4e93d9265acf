package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Limiter is a core.Limiter and a core.Sweeper. A key is stored as its SHA-256, as it may hold an e-mail address. In a transaction that
// is rolled back nothing has been counted, so count outside of one.
type Limiter struct {
	s *Store

	count, begin, find, shorten, give, forget, sweep statement
}

var (
	_ core.Limiter = (*Limiter)(nil)
	_ core.Sweeper = (*Limiter)(nil)
)

func newLimiter(s *Store) *Limiter {
	return &Limiter{
		s: s,
		// MySQL goes from left to right, and on with what it has set.
		count: s.statement("count an event", `UPDATE {limits} SET events = CASE WHEN ends <= ? THEN 1 ELSE events + 1 END,
			ends = CASE WHEN ends <= ? THEN ? ELSE ends END WHERE digest = ? AND (events < ? OR ends <= ?)`),
		begin:   s.statement("count an event", "INSERT INTO {limits} (digest, events, ends) VALUES (?, 1, ?)"+s.dialect.skip),
		find:    s.statement("find a limit", "SELECT events, ends FROM {limits} WHERE digest = ?"+s.dialect.newest),
		shorten: s.statement("shorten a window", "UPDATE {limits} SET ends = ? WHERE digest = ? AND ends > ?"),
		give:    s.statement("give an event back", "UPDATE {limits} SET events = events - 1 WHERE digest = ? AND events > 0"),
		forget:  s.statement("forget a limit", "DELETE FROM {limits} WHERE digest = ?"),
		sweep:   s.statement("sweep limits", s.dialect.sweep("{limits}", "digest", "ends")),
	}
}

// Take counts an event, by one conditional statement; see core.Limiter.
func (t *Limiter) Take(ctx context.Context, key string, l core.Limit) (time.Duration, error) {
	if l.Events <= 0 || l.Window <= 0 {
		return 0, nil
	}
	d, now := core.Digest(key), t.s.now()
	end := now + l.Window.Microseconds()
	for {
		n, err := t.s.exec(ctx, t.count, now, now, end, d[:], l.Events, now)
		if err != nil || n == 1 {
			return 0, err
		}
		var events, ends int64
		switch err := t.s.get(ctx, t.find, []any{d[:]}, &events, &ends); {
		case errors.Is(err, core.ErrNotFound):
			if err := t.s.insert(ctx, t.begin, d[:], end); !errors.Is(err, core.ErrTaken) {
				return 0, err
			}
		case err != nil:
			return 0, err
		case events >= int64(l.Events) && ends > now:
			return t.wait(ctx, d, now, ends, l.Window)
		}
		// Somebody else was here in between, so what was found no longer holds.
	}
}

// wait is how long a full count stays full: at least a moment, even if its window was over meanwhile, and at most a window. One that ends
// later was begun by a clock that was ahead, and is shortened to what is answered.
func (t *Limiter) wait(ctx context.Context, d [32]byte, now, ends int64, window time.Duration) (time.Duration, error) {
	wait := time.Duration(ends-now) * time.Microsecond
	if wait <= window {
		return max(wait, time.Microsecond), nil
	}
	latest := now + window.Microseconds()
	_, err := t.s.exec(ctx, t.shorten, latest, d[:], latest)
	return window, err
}

// Give takes an event back; see core.Limiter.
func (t *Limiter) Give(ctx context.Context, key string) error {
	d := core.Digest(key)
	_, err := t.s.exec(ctx, t.give, d[:])
	return err
}

// Forget sets a count to nothing; see core.Limiter.
func (t *Limiter) Forget(ctx context.Context, key string) error {
	d := core.Digest(key)
	_, err := t.s.exec(ctx, t.forget, d[:])
	return err
}

// Sweep deletes counts whose window is over; see core.Sweeper.
func (t *Limiter) Sweep(ctx context.Context) (int, error) { return t.s.sweep(ctx, t.sweep) }

package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Limiter is a core.Limiter and a core.Sweeper. A key is stored as its SHA-256,
// as it may hold an e-mail address. In a transaction that is rolled back
// nothing has been counted, so count outside of one.
type Limiter struct {
	s *Store

	take, find, shorten, give, forget, sweep statement
}

var (
	_ core.Limiter = (*Limiter)(nil)
	_ core.Sweeper = (*Limiter)(nil)
)

func newLimiter(s *Store) *Limiter {
	return &Limiter{
		s: s,
		take: s.statement("count an event",
			"INSERT INTO {limits} (digest, events, ends) VALUES (?, 1, ?)"+s.dialect.count),
		find:    s.statement("find a limit", "SELECT events, ends FROM {limits} WHERE digest = ?"+s.dialect.newest),
		shorten: s.statement("shorten a window", "UPDATE {limits} SET ends = ? WHERE digest = ? AND ends > ?"),
		give:    s.statement("give an event back", "UPDATE {limits} SET events = events - 1 WHERE digest = ? AND events > 0"),
		forget:  s.statement("forget a limit", "DELETE FROM {limits} WHERE digest = ?"),
		sweep:   s.statement("sweep limits", s.dialect.sweep("{limits}", "digest", "ends")),
	}
}

// Take counts an event, by one conditional statement; see core.Limiter. A
// refusal takes another one, to say how long it lasts.
func (t *Limiter) Take(ctx context.Context, key string, l core.Limit) (time.Duration, error) {
	if l.Events <= 0 || l.Window <= 0 {
		return 0, nil
	}
	d, now := core.Digest(key), t.s.now()
	end := now + l.Window.Microseconds()
	for {
		counted, err := t.count(ctx, d, now, end, l.Events)
		if err != nil || counted {
			return 0, err
		}
		var events, ends int64
		err = t.s.get(ctx, t.find, []any{d[:]}, &events, &ends)
		if err == nil && events >= int64(l.Events) && ends > now {
			return t.wait(ctx, d, now, ends, l.Window)
		}
		if err != nil && !errors.Is(err, core.ErrNotFound) {
			return 0, err
		}
		// Somebody else was here in between, so what was found no
		// longer holds.
	}
}

// count is false if the count is full.
func (t *Limiter) count(ctx context.Context, d [32]byte, now, end int64, most int) (bool, error) {
	args := []any{d[:], end, now, most, now, end}
	if t.s.dialect.returning {
		n, err := t.s.exec(ctx, t.take, append(args, now, most)...)
		return n == 1, err
	}
	refused, err := t.s.insertNumber(ctx, t.take, args...)
	return refused == 0, err
}

// wait is how long a full count stays full: at least a moment, even if its
// window was over meanwhile, and at most a window. One that ends later was
// begun by a clock that was ahead, and is shortened to what is answered.
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

package bunstore

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

	take, shorten, ends, give, forget, sweep statement
}

var (
	_ core.Limiter = (*Limiter)(nil)
	_ core.Sweeper = (*Limiter)(nil)
)

func newLimiter(s *Store) *Limiter {
	return &Limiter{
		s: s,
		take: s.statement("count an event", `INSERT INTO {limits} (digest, events, ends) VALUES (?, 1, ?)
			ON CONFLICT (digest) DO UPDATE SET
				events = CASE WHEN {limits}.ends <= ? THEN 1 ELSE {limits}.events + 1 END,
				ends = CASE WHEN {limits}.ends <= ? THEN excluded.ends ELSE {limits}.ends END
			WHERE {limits}.events < ? OR {limits}.ends <= ?`),
		shorten: s.statement("shorten a window", "UPDATE {limits} SET ends = ? WHERE digest = ? AND ends > ?"),
		ends:    s.statement("find a limit", "SELECT ends FROM {limits} WHERE digest = ?"),
		give:    s.statement("give an event back", "UPDATE {limits} SET events = events - 1 WHERE digest = ? AND events > 0"),
		forget:  s.statement("forget a limit", "DELETE FROM {limits} WHERE digest = ?"),
		sweep:   s.statement("sweep limits", "DELETE FROM {limits} WHERE digest IN (SELECT digest FROM {limits} WHERE ends <= ? LIMIT ?)"),
	}
}

// Take counts an event, in one statement; see core.Limiter.
func (t *Limiter) Take(ctx context.Context, key string, l core.Limit) (time.Duration, error) {
	if l.Events <= 0 || l.Window <= 0 {
		return 0, nil
	}
	d, now := core.Digest(key), t.s.now()
	n, err := t.s.exec(ctx, t.take, d[:], now+l.Window.Microseconds(), now, now, l.Events, now)
	if err != nil || n == 1 {
		return 0, err
	}
	return t.wait(ctx, d, now, l.Window)
}

// wait is how long a full count stays full: at least a moment, even if it was forgotten meanwhile, and at most a window. One that ends
// later was begun by a clock that was ahead, and is shortened to what is answered.
func (t *Limiter) wait(ctx context.Context, d [32]byte, now int64, window time.Duration) (time.Duration, error) {
	var ends int64
	if err := t.s.get(ctx, t.ends, []any{d[:]}, &ends); err != nil && !errors.Is(err, core.ErrNotFound) {
		return 0, err
	}
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

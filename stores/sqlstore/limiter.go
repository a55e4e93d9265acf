package sqlstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Limiter is a core.Limiter and a core.Sweeper. A key is stored as its SHA-256,
// as it may hold an e-mail address. In a transaction that is rolled back
// nothing has been counted, so count outside of one.
type Limiter struct {
	s *Store

	// allow counts an event under one limit, two, and so on.
	allow [core.MaxLimits]countStatement
	// shorten has a statement for each slot.
	shorten                    [core.MaxLimits]statement
	find, refund, reset, sweep statement
}

var (
	_ core.Limiter = (*Limiter)(nil)
	_ core.Sweeper = (*Limiter)(nil)
)

func newLimiter(s *Store) *Limiter {
	t := &Limiter{
		s:      s,
		find:   s.statement("find a limit", "SELECT "+slotColumns()+" FROM {limits} WHERE digest = ?"+s.dialect.newest),
		refund: s.statement("refund an event", refundText()),
		reset:  s.statement("reset a limit", "DELETE FROM {limits} WHERE digest = ?"),
		sweep:  s.statement("sweep limits", s.dialect.sweep("{limits}", "digest", "ends", laterSlotsOver())),
	}
	for i, slot := range slots {
		t.allow[i] = s.countStatement(i + 1)
		t.shorten[i] = s.statement("shorten a window",
			"UPDATE {limits} SET "+slot.ends+" = ? WHERE digest = ? AND "+slot.ends+" > ?")
	}
	return t
}

// Allow counts an event, by one conditional statement; see core.Limiter. A
// refusal takes another one, to say how long it lasts.
func (t *Limiter) Allow(ctx context.Context, key string, limits ...core.Limit) (time.Duration, error) {
	limits, err := core.Effective(limits)
	if err != nil || len(limits) == 0 {
		return 0, err
	}
	slices.Reverse(limits) // see slots
	d := core.Digest(key)
	c := countArgs{digest: d[:], now: t.s.now(), limits: limits}
	for {
		counted, err := t.count(ctx, c)
		if err != nil || counted {
			return 0, err
		}
		var found counts
		err = t.s.get(ctx, t.find, []any{d[:]}, found.dest()...)
		if err != nil && !errors.Is(err, core.ErrNotFound) {
			return 0, err
		}
		if wait, err := t.wait(ctx, c, found); err != nil || wait > 0 {
			return wait, err
		}
		// Somebody else was here in between, so what was found no
		// longer holds.
	}
}

// count is false if a count is full.
func (t *Limiter) count(ctx context.Context, c countArgs) (bool, error) {
	st := t.allow[len(c.limits)-1]
	if t.s.dialect.returning {
		n, err := t.s.exec(ctx, st.statement, st.args(c)...)
		return n == 1, err
	}
	refused, err := t.s.insertNumber(ctx, st.statement, st.args(c)...)
	return refused == 0, err
}

// wait is how long the counts that are full stay full, 0 if none is. A window
// that ends later than one that begins now was begun by a clock that was ahead,
// and is shortened to what is answered.
func (t *Limiter) wait(ctx context.Context, c countArgs, found counts) (longest time.Duration, err error) {
	for i, l := range c.limits {
		if found.events[i] < int64(l.Events) || found.ends[i] <= c.now {
			continue
		}
		wait := time.Duration(found.ends[i]-c.now) * time.Microsecond
		if wait > l.Window {
			wait = l.Window
			latest := c.end(i)
			if _, err := t.s.exec(ctx, t.shorten[i], latest, c.digest, latest); err != nil {
				return 0, err
			}
		}
		longest = max(longest, wait)
	}
	return longest, nil
}

// Refund takes an event back; see core.Limiter.
func (t *Limiter) Refund(ctx context.Context, key string) error {
	d := core.Digest(key)
	_, err := t.s.exec(ctx, t.refund, d[:])
	return err
}

// Reset sets the counts to nothing; see core.Limiter.
func (t *Limiter) Reset(ctx context.Context, key string) error {
	d := core.Digest(key)
	_, err := t.s.exec(ctx, t.reset, d[:])
	return err
}

// Sweep deletes counts whose windows are over; see core.Sweeper.
func (t *Limiter) Sweep(ctx context.Context) (int, error) {
	now := t.s.now()
	args := make([]any, len(slots))
	for i := range args {
		args[i] = now
	}
	return t.s.inBatches(ctx, t.sweep, args...)
}

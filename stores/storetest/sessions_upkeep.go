package storetest

import (
	"context"
	"errors"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// listed returns an error unless List returns exactly these sessions, in this
// order.
func listed(ctx context.Context, s sessions, userID string, ids ...string) error {
	lister, ok := core.As[core.SessionLister](s.Store)
	if !ok {
		return NotDeclaredError("core.SessionLister")
	}
	all, err := lister.List(ctx, userID)
	if err != nil {
		return is("List", err, nil)
	}
	var got []string
	for _, one := range all {
		got = append(got, one.ID)
	}
	return that(slices.Equal(got, ids), "List of %q returned %q, want %q", userID, got, ids)
}

var sessionUpkeepCases = []sessionCase{
	{Rule: "SessionLister: List returns a user's live sessions, newest first", Check: func(ctx context.Context, s sessions) error {
		hour := s.waits()
		err := listed(ctx, s, "ann")
		// Digests, IDs and creation times are in different orders.
		for _, name := range []string{"c", "a", "d", "b"} {
			err = errors.Join(err, create(ctx, s, "ann", name))
			s.Advance(hour / 6)
		}
		err = errors.Join(err, create(ctx, s, "bob", "bob's"), listed(ctx, s, "ann", "b", "d", "a", "c"),
			listed(ctx, s, "bob", "bob's"),
			listed(ctx, s, "nobody"), is("Touch", touch(ctx, s, "d"), nil), listed(ctx, s, "ann", "b", "d", "a", "c"),
			is("Delete", s.Store.Delete(ctx, key("a")), nil), listed(ctx, s, "ann", "b", "d", "c"))
		s.Advance(hour - 4*(hour/6)) // "c" is an hour old
		err = errors.Join(err, listed(ctx, s, "ann", "b", "d"),
			is("DeleteAll", s.Store.DeleteAll(ctx, "ann", 2, key("d")), nil), listed(ctx, s, "ann", "d"))
		return err
	}},
	{Rule: "SessionLister: List returns whole sessions", Check: func(ctx context.Context, s sessions) error {
		lister, ok := core.As[core.SessionLister](s.Store)
		if !ok {
			return NotDeclaredError("core.SessionLister")
		}
		want := session(s, "ann")
		err := is("Create", s.Store.Create(ctx, key("one"), want), nil)
		err = errors.Join(err, outage("List under a cancelled context", second(lister.List(cancelled(ctx), "ann"))),
			outage("List of nobody's under a cancelled context", second(lister.List(cancelled(ctx), "bob"))))
		all, err2 := lister.List(ctx, "ann")
		if len(all) != 1 {
			return errors.Join(err, err2, that(false, "List returned %d sessions, want 1", len(all)))
		}
		return errors.Join(err, is("List", err2, nil), sameSession("List", all[0], want))
	}},
	{Rule: "Sweeper: Sweep deletes expired sessions, only those, and returns their number", Check: func(ctx context.Context, s sessions) error {
		sweeper, ok := core.As[core.Sweeper](s.Store)
		if !ok {
			return NotDeclaredError("core.Sweeper")
		}
		hour := s.waits()
		err := errors.Join(create(ctx, s, "ann", "old", "older", "touched"),
			outage("Sweep under a cancelled context", second(sweeper.Sweep(cancelled(ctx)))))
		s.Advance(hour / 2)
		err = errors.Join(err, create(ctx, s, "ann", "young"), is("Touch", touch(ctx, s, "touched"), nil))
		early, err2 := sweeper.Sweep(ctx)
		s.Advance(hour / 2)
		due, err3 := sweeper.Sweep(ctx)
		again, err4 := sweeper.Sweep(ctx)
		return errors.Join(err, is("Sweep", errors.Join(err2, err3, err4), nil),
			that(early == 0 && due == 2 && again == 0, "Sweeps deleted %d, %d and %d, want 0, 2 and 0", early, due, again),
			dead(ctx, s, "old"), dead(ctx, s, "older"), alive(ctx, s, "touched"), alive(ctx, s, "young"))
	}},
	{Rule: "Sweeper: Sweep keeps the floors", Check: func(ctx context.Context, s sessions) error {
		sweeper, ok := core.As[core.Sweeper](s.Store)
		if !ok {
			return NotDeclaredError("core.Sweeper")
		}
		hour := s.waits()
		err := errors.Join(create(ctx, s, "ann", "one"), is("DeleteAll", s.Store.DeleteAll(ctx, "ann", 5, noOne), nil))
		s.Advance(2 * hour)
		return errors.Join(err, is("Sweep", second(sweeper.Sweep(ctx)), nil), below(ctx, s, "old", "ann", 4))
	}},
}

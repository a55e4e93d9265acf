package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// cancelled returns a cancelled context.
func cancelled(ctx context.Context) context.Context {
	gone, cancel := context.WithCancel(ctx)
	cancel()
	return gone
}

var cancelCases = []userCase{
	{Rule: "F01 a cancelled context is an error that is none of core's sentinels", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		late, stop := context.WithDeadline(ctx, time.Unix(0, 0))
		defer stop()
		id := all[0].ID
		var errs []error
		for _, gone := range []context.Context{cancelled(ctx), late} {
			errs = append(errs,
				outage("Create", s.Create(gone, account("bob@example.com"))),
				outage("Create of a taken EmailKey", s.Create(gone, account("ann@example.com"))),
				outage("Find", second(s.Find(gone, core.ByID(id)))),
				outage("Find of an absent user", second(s.Find(gone, core.ByEmail("bob@example.com")))),
				outage("Update", second(s.Update(gone, id, func(u *Account) error { u.Credits++; return nil }))),
				outage("Delete", s.Delete(gone, id)),
				outage("List", listError(s.List(gone, core.Query{Limit: 10}))),
			)
		}
		return errors.Join(append(errs, holds(ctx, s, "afterwards", all[0]),
			is("Find of the user who was not created", second(s.Find(ctx, core.ByEmail("bob@example.com"))),
				core.ErrNotFound))...)
	}},
	{Rule: "F01 an Update whose context ends meanwhile is done or returns an error, whole or not at all", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		old, changed := all[0], *all[0]
		edit := func(u *Account) { u.EmailKey, u.Nick, u.Credits, u.TokenEpoch = "anne@example.com", "anne", 99, 2 }
		edit(&changed)
		ending, end := context.WithCancel(ctx)
		defer end()
		_, err = s.Update(ending, old.ID, func(u *Account) error { edit(u); end(); return nil })
		found, err2 := s.Find(ctx, core.ByID(old.ID))
		if err2 != nil {
			return is("Find", err2, nil)
		}
		want := &changed
		if err != nil && found.EmailKey == old.EmailKey {
			want = old
		}
		return errors.Join(noSentinel("Update", err), holds(ctx, s, "afterwards", want),
			is("Update under a living context", second(s.Update(ctx, old.ID, func(*Account) error { return nil })), nil))
	}},
}

func listError(_ []*Account, _ string, err error) error { return err }

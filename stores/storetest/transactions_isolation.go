package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// glance is how long a reader may wait for a transaction: one that waits sees
// nothing of it.
const glance = 200 * time.Millisecond

var isolationCases = []Case[Database]{
	{Rule: "What a transaction has not committed nobody else sees", Check: func(ctx context.Context, s Database) error {
		var found error
		looked := make(chan struct{})
		err := s.Transactor.Transact(ctx, func(inside context.Context) error {
			if _, err := add(inside, s.Users, "ann@example.com"); err != nil {
				return err
			}
			go func() {
				defer close(looked)
				found = second(s.Users.Find(ctx, core.ByEmail("ann@example.com")))
			}()
			select {
			case <-looked:
			case <-time.After(glance):
			}
			return errRollback
		})
		if !errors.Is(err, errRollback) {
			return is("Transact", err, errRollback)
		}
		<-looked
		return is("Find by somebody else", found, core.ErrNotFound)
	}},
	{Rule: "F01 a transaction whose context ends is undone, or kept whole", Check: func(ctx context.Context, s Database) error {
		create := func(ctx context.Context) error {
			return second(add(ctx, s.Users, "ann@example.com", "bob@example.com"))
		}
		before := s.Transactor.Transact(cancelled(ctx), create)
		err := errors.Join(outage("Transact under a cancelled context", before),
			exists(ctx, s, "ann@example.com", core.ErrNotFound), exists(ctx, s, "bob@example.com", core.ErrNotFound))

		ending, end := context.WithCancel(ctx)
		during := s.Transactor.Transact(ending, func(ctx context.Context) error {
			if _, err := add(ctx, s.Users, "ann@example.com"); err != nil {
				return err
			}
			end()
			return second(add(ctx, s.Users, "bob@example.com"))
		})
		err = errors.Join(err, outage("Transact whose context ends", during),
			exists(ctx, s, "ann@example.com", core.ErrNotFound), exists(ctx, s, "bob@example.com", core.ErrNotFound))

		ending, end = context.WithCancel(ctx)
		last := s.Transactor.Transact(ending, func(ctx context.Context) error { defer end(); return create(ctx) })
		page, _, err2 := s.Users.List(ctx, core.Query{Limit: 10})
		return errors.Join(err, noSentinel("Transact whose context ends at last", last), is("List", err2, nil),
			that(len(page) == 2 || len(page) == 0 && last != nil, "Transact returned %v and kept %d of 2 users", last,
				len(page)))
	}},
	{Rule: "F10 transactions that lock two users in opposite orders end, whole or not at all", Check: func(ctx context.Context, s Database) error {
		all, err := add(ctx, s.Users, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		pay := func(ctx context.Context, u *Account) error {
			return second(s.Users.Update(ctx, u.ID, func(u *Account) error { u.Credits++; return nil }))
		}
		errs := together(8, func(i int) error {
			first, then := all[i%2], all[1-i%2]
			return s.Transactor.Transact(ctx, func(ctx context.Context) error {
				if err := pay(ctx, first); err != nil {
					return err
				}
				return pay(ctx, then)
			})
		})
		var wrong []error
		for _, err := range errs {
			if err == nil {
				all[0].Credits, all[1].Credits = all[0].Credits+1, all[1].Credits+1
			}
			wrong = append(wrong, noSentinel("Transact", err))
		}
		return errors.Join(append(wrong, holds(ctx, s.Users, "ann", all[0]), holds(ctx, s.Users, "bob", all[1]))...)
	}},
}

package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

var raceCases = []userCase{
	{Rule: "Of any number of concurrent Creates of one ID one wins", Check: func(ctx context.Context, s users) error {
		return repeat(func(round int) error {
			// The store itself decides the form of its IDs.
			gone, err := add(ctx, s, fmt.Sprintf("gone%d@example.com", round))
			if err != nil {
				return err
			}
			if err := s.Delete(ctx, gone[0].ID); err != nil {
				return is("Delete", err, nil)
			}
			made := make([]*Account, crowd)
			errs := together(crowd, func(i int) error {
				made[i] = account(fmt.Sprintf("user%d.%d@example.com", round, i))
				made[i].ID = gone[0].ID
				return s.Create(ctx, made[i])
			})
			err = tally("Create", errs, 1, core.ErrTaken)
			for i, u := range made {
				if errs[i] == nil {
					err = errors.Join(err, holds(ctx, s, "the winner", u))
				} else {
					err = errors.Join(err, is("Find of a loser", second(s.Find(ctx, core.ByEmail(u.EmailKey))), core.ErrNotFound))
				}
			}
			return err
		})
	}},
	{Rule: "Concurrent Creates give every user an ID of their own", Check: func(ctx context.Context, s users) error {
		made := make([]*Account, crowd)
		errs := together(crowd, func(i int) error {
			made[i] = account(fmt.Sprintf("user%d@example.com", i))
			return is("Create", s.Create(ctx, made[i]), nil)
		})
		if err := errors.Join(errs...); err != nil {
			return err
		}
		owners := map[string]string{"": "nobody"}
		for _, u := range made {
			errs = append(errs, that(owners[u.ID] == "", "the ID %q was assigned to %s and to %s", u.ID, owners[u.ID],
				u.EmailKey),
				holds(ctx, s, u.EmailKey, u))
			owners[u.ID] = u.EmailKey
		}
		return errors.Join(errs...)
	}},
	{Rule: "Of any number of concurrent Creates of one EmailKey and Updates to it one wins", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s users) error {
		return repeat(func(round int) error {
			taken := fmt.Sprintf("ann%d@example.com", round)
			var keys []string
			for i := range crowd / 2 {
				keys = append(keys, fmt.Sprintf("user%d.%d@example.com", round, i))
			}
			all, err := add(ctx, s, keys...)
			if err != nil {
				return err
			}
			errs := together(crowd, func(i int) error {
				if i%2 == 0 {
					return s.Create(ctx, account(taken))
				}
				_, err := s.Update(ctx, all[i/2].ID, func(u *Account) error { u.EmailKey = taken; return nil })
				return err
			})
			return errors.Join(tally("Create and Update", errs, 1, core.ErrTaken),
				is("Find", second(s.Find(ctx, core.ByEmail(taken))), nil))
		})
	}},
}

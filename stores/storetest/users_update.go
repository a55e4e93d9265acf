package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var updateCases = []userCase{
	{Rule: "Update runs change on the current row, stores what it left, and returns it", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		want, saw := all[0], (*Account)(nil)
		before := *want
		got, err := s.Update(ctx, want.ID, func(u *Account) error {
			seen := *u
			saw = &seen
			u.Nick, u.Credits, u.Motto, u.Seen = "new", -5, nil, u.Seen.Add(time.Second)
			u.HashedPassword, u.IsVerified, u.IsActive, u.TokenEpoch = "", true, false, u.TokenEpoch+1
			u.Email, u.UpdatedAt = "Ann@example.com", u.UpdatedAt.Add(time.Minute)
			return nil
		})
		if err != nil {
			return is("Update", err, nil)
		}
		want.Nick, want.Credits, want.Motto, want.Seen = "new", -5, nil, want.Seen.Add(time.Second)
		want.HashedPassword, want.IsVerified, want.IsActive, want.TokenEpoch = "", true, false, want.TokenEpoch+1
		want.Email, want.UpdatedAt = "Ann@example.com", want.UpdatedAt.Add(time.Minute)
		return errors.Join(
			same("what change was given", saw, &before), same("what Update returned", got, want),
			holds(ctx, s, "ann", want), holds(ctx, s, "bob", all[1]),
		)
	}},
	{Rule: "Update never assigns a user another ID", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		var errs []error
		for _, id := range []string{"", all[1].ID, "another"} {
			// The store may refuse or ignore such a change.
			if got, err := s.Update(ctx, all[0].ID, func(u *Account) error { u.ID = id; return nil }); err == nil {
				errs = append(errs, same("what Update returned", got, all[0]))
			}
		}
		return errors.Join(append(errs, holds(ctx, s, "ann", all[0]), holds(ctx, s, "bob", all[1]),
			is("Find of another", second(s.Find(ctx, core.ByID("another"))), core.ErrNotFound))...)
	}},
	{Rule: "K04 no concurrent Update is lost", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		errs := together(crowd, func(int) error {
			_, err := s.Update(ctx, all[0].ID, func(u *Account) error { u.Credits++; return nil })
			return err
		})
		all[0].Credits += crowd
		return errors.Join(tally("Update", errs, crowd, nil), holds(ctx, s, "after 64 increments", all[0]))
	}},
	{Rule: "An error of change undoes everything and is returned as it is", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		var errs []error
		for _, reason := range []error{errors.New("no"), core.ErrNotFound, core.Forbidden()} {
			_, err := s.Update(ctx, all[0].ID, func(u *Account) error {
				*u.Motto = "changed"
				u.Credits, u.EmailKey = 99, "changed@example.com"
				return reason
			})
			errs = append(errs, asIs("Update", err, reason))
		}
		return errors.Join(append(errs, holds(ctx, s, "afterwards", all[0]),
			is("Find by the refused EmailKey", second(s.Find(ctx, core.ByEmail("changed@example.com"))), core.ErrNotFound))...)
	}},
}

var deleteCases = []userCase{
	{Rule: "Delete removes the user; ErrNotFound if there is none", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		id := all[0].ID
		return errors.Join(
			is("Delete", s.Delete(ctx, id), nil),
			is("Find by ID", second(s.Find(ctx, core.ByID(id))), core.ErrNotFound),
			is("Find by EmailKey", second(s.Find(ctx, core.ByEmail("ann@example.com"))), core.ErrNotFound),
			is("Update", second(s.Update(ctx, id, func(*Account) error { return nil })), core.ErrNotFound),
			is("Delete again", s.Delete(ctx, id), core.ErrNotFound),
			holds(ctx, s, "bob", all[1]),
		)
	}},
	{Rule: "The EmailKey of a deleted user is free", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		if err := s.Delete(ctx, all[0].ID); err != nil {
			return is("Delete", err, nil)
		}
		again, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		return holds(ctx, s, "the new user", again[0])
	}},
	{Rule: "Of any number of concurrent Deletes one wins, and no concurrent Update brings the user back", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		id := all[0].ID
		var deletes [crowd / 2]error
		updates := together(crowd, func(i int) error {
			if i%2 == 0 {
				deletes[i/2] = s.Delete(ctx, id)
				return nil
			}
			_, err := s.Update(ctx, id, func(u *Account) error { u.Credits++; return nil })
			if errors.Is(err, core.ErrNotFound) {
				return nil
			}
			return err
		})
		return errors.Join(
			tally("Delete", deletes[:], 1, core.ErrNotFound), tally("Update", updates, crowd, nil),
			is("Find afterwards", second(s.Find(ctx, core.ByID(id))), core.ErrNotFound),
		)
	}},
}

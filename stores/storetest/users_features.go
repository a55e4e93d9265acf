package storetest

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

var featureCases = []userCase{
	{Rule: "EpochStore: Epoch returns the current TokenEpoch, ErrNotFound if there is no user", Check: func(ctx context.Context, s users) error {
		epochs, ok := core.As[core.EpochStore](s)
		if !ok {
			return NotDeclaredError("core.EpochStore")
		}
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		id := all[0].ID
		before, err1 := epochs.Epoch(ctx, id)
		_, err2 := s.Update(ctx, id, func(u *Account) error { u.TokenEpoch = 1 << 40; return nil })
		after, err3 := epochs.Epoch(ctx, id)
		errs := []error{
			is("Epoch", err1, nil), is("Update", err2, nil), is("Epoch", err3, nil),
			that(before == 1 && after == 1<<40, "Epoch returned %d, then %d; want 1, then %d", before, after, 1<<40),
			outage("Epoch under a cancelled context", second(epochs.Epoch(cancelled(ctx), id))),
		}
		for _, strange := range strangeIDs(id) {
			errs = append(errs, is("Epoch of "+show(strange), second(epochs.Epoch(ctx, strange)), core.ErrNotFound))
		}
		return errors.Join(append(errs,
			is("Delete", s.Delete(ctx, id), nil),
			is("Epoch of a deleted user", second(epochs.Epoch(ctx, id)), core.ErrNotFound))...)
	}},
	{Rule: "IDMaker: NewID returns an ID that Create keeps, another one every time", Check: func(ctx context.Context, s users) error {
		ids, ok := core.As[core.IDMaker](s)
		if !ok {
			return NotDeclaredError("core.IDMaker")
		}
		u, unused := account("ann@example.com"), ids.NewID()
		u.ID = ids.NewID()
		want := u.ID
		err := is("Create", s.Create(ctx, u), nil)
		others, err2 := add(ctx, s, "bob@example.com")
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		return errors.Join(
			that(want != "" && want != unused && u.ID == want, "NewID returned %q and %q, Create made it %q", unused, want,
				u.ID),
			that(others[0].ID != want && others[0].ID != unused, "Create made the ID %q, which NewID had returned",
				others[0].ID),
			holds(ctx, s, "ann", u), holds(ctx, s, "bob", others[0]),
		)
	}},
	{Rule: "Transactor: what the store itself did in a transaction is undone; Transactions has the rest", Check: func(ctx context.Context, s users) error {
		t, ok := core.As[core.Transactor](s)
		if !ok {
			return NotDeclaredError("core.Transactor")
		}
		u := account("ann@example.com")
		err := t.Transact(ctx, func(ctx context.Context) error { return errors.Join(s.Create(ctx, u), errRollback) })
		return errors.Join(is("Transact", err, errRollback),
			is("Find", second(s.Find(ctx, core.ByEmail(u.EmailKey))), core.ErrNotFound))
	}},
}

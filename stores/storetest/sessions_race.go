package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/latchkey-go/latchkey/core"
)

var sessionRaceCases = []sessionCase{
	{Rule: "Of any number of concurrent Creates of one digest one wins", Check: func(ctx context.Context, s sessions) error {
		return repeat(func(round int) error {
			name := fmt.Sprintf("round %d", round)
			errs := together(crowd, func(i int) error { return login(ctx, s, name, "ann", int64(i)) })
			winner := slices.Index(errs, nil)
			return errors.Join(tally("Create", errs, 1, core.ErrTaken), hasEpoch(ctx, s, name, int64(winner)))
		})
	}},
	{Rule: "S02 no Touch that races a Delete brings the session back", Check: func(ctx context.Context, s sessions) error {
		return revokeRace(ctx, s, func(name string) error { return s.Store.Delete(ctx, key(name)) })
	}},
	{Rule: "S04 no Touch that races a DeleteAll brings the session back", Check: func(ctx context.Context, s sessions) error {
		epoch := int64(1)
		return revokeRace(ctx, s, func(string) error { epoch++; return s.Store.DeleteAll(ctx, "ann", epoch, [32]byte{}) })
	}},
	{Rule: "S02 what a Find reads while a Delete or a DeleteAll is on its way is not returned after it", Check: func(ctx context.Context, s sessions) error {
		return repeat(func(round int) error {
			name, epoch := fmt.Sprintf("session of round %d", round), int64(round)+1
			if err := login(ctx, s, name, "ann", epoch); err != nil {
				return is("Create", err, nil)
			}
			revoke := func() error { return s.Store.Delete(ctx, key(name)) }
			if round%2 == 1 {
				revoke = func() error { return s.Store.DeleteAll(ctx, "ann", epoch+1, noOne) }
			}
			errs := together(crowd, func(i int) error {
				if i == crowd/2 {
					return errors.Join(is("revoke", revoke(), nil), dead(ctx, s, name))
				}
				for range 4 {
					if _, err := s.Store.Find(ctx, key(name)); err != nil {
						return errors.Join(is("Find", err, core.ErrNotFound), dead(ctx, s, name))
					}
				}
				return nil
			})
			return errors.Join(append(errs, dead(ctx, s, name))...)
		})
	}},
	{Rule: "No Touch that races a DeleteAll takes the new epoch from the session that it spares", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s sessions) error {
		if err := login(ctx, s, "kept", "ann", 1); err != nil {
			return is("Create", err, nil)
		}
		return repeat(func(round int) error {
			epoch := int64(round) + 2
			errs := together(crowd, func(i int) error {
				if i == crowd/2 {
					return is("DeleteAll", s.Store.DeleteAll(ctx, "ann", epoch, key("kept")), nil)
				}
				return is("Touch", touch(ctx, s, "kept"), nil)
			})
			return errors.Join(append(errs, hasEpoch(ctx, s, "kept", epoch))...)
		})
	}},
	{Rule: "Of concurrent DeleteAlls the highest floor stays", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s sessions) error {
		return repeat(func(round int) error {
			user, top := fmt.Sprintf("user %d", round), int64(crowd)
			errs := together(crowd, func(i int) error {
				// Neither rising nor falling, so that the last
				// to begin is not the highest.
				return is("DeleteAll", s.Store.DeleteAll(ctx, user, int64(i*37%crowd)+1, noOne), nil)
			})
			name := fmt.Sprintf("session %d", round)
			return errors.Join(append(errs, below(ctx, s, "late "+name, user, top-1),
				is("Create", login(ctx, s, name, user, top), nil), alive(ctx, s, name))...)
		})
	}},
}

// revokeRace touches a session from all sides while revoke revokes it; once
// revoke has returned, nobody may find it.
func revokeRace(ctx context.Context, s sessions, revoke func(name string) error) error {
	return repeat(func(round int) error {
		name := fmt.Sprintf("session of round %d", round)
		if err := login(ctx, s, name, "ann", int64(round)+1); err != nil {
			return is("Create", err, nil)
		}
		var revoked atomic.Bool
		errs := together(crowd, func(i int) error {
			if i == crowd/2 {
				err := is("revoke", revoke(name), nil)
				revoked.Store(true)
				return err
			}
			ended := revoked.Load()
			err := touch(ctx, s, name)
			if ended || err != nil {
				return errors.Join(is("Touch", err, core.ErrNotFound), dead(ctx, s, name))
			}
			return nil
		})
		return errors.Join(append(slices.Clone(errs), dead(ctx, s, name))...)
	})
}

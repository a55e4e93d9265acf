package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// What else happens to a session whose secret is replaced.
var sessionRotatedCases = []sessionCase{
	{Rule: "Rotator: a rotation stays when Touch, DeleteAll, Trim and List go over its session, and Rotate keeps the epoch", Check: rotating(func(ctx context.Context, s sessions) error {
		first, next := turn(s, "", "one"), turn(s, "one", "two")
		stays := func(name string, want core.Rotation) error { return dull(ctx, s, name, turn(s, "none", "three"), want) }
		err := errors.Join(create(ctx, s, "ann", "kept", "other"), rotates(ctx, s, "kept", first), rotates(ctx, s, "other", first),
			is("Touch", touch(ctx, s, "kept"), nil), stays("kept", first.Next),
			is("DeleteAll", s.Store.DeleteAll(ctx, "ann", 5, key("kept")), nil), unturned(ctx, s, "other", "one"),
			stays("kept", first.Next), hasEpoch(ctx, s, "kept", 5), rotates(ctx, s, "kept", next), hasEpoch(ctx, s, "kept", 5),
			is("DeleteAll", s.Store.DeleteAll(ctx, "ann", 5, noOne), nil), stays("kept", next.Next))
		if lister, ok := core.As[core.SessionLister](s.Store); ok {
			all, err2 := lister.List(ctx, "ann")
			err = errors.Join(err, is("List", err2, nil), that(len(all) == 1 && all[0].ID == "kept" && all[0].Epoch == 5,
				"List returned %v, want the session that was kept", all), stays("kept", next.Next))
		}
		if trimmer, ok := core.As[core.SessionTrimmer](s.Store); ok {
			err = errors.Join(err, is("Trim", second(trimmer.Trim(ctx, "ann", "web", 1, noOne)), nil), stays("kept", next.Next))
		}
		return errors.Join(err, is("DeleteAll", s.Store.DeleteAll(ctx, "ann", 6, noOne), nil), unturned(ctx, s, "kept", "two"))
	})},
	{Rule: "S02 Rotator: a session that Delete or DeleteAll ends after a Rotate is gone at once, and from the list", Check: rotating(func(ctx context.Context, s sessions) error {
		err := errors.Join(create(ctx, s, "ann", "deleted", "ended", "late"))
		for _, name := range []string{"deleted", "ended", "late"} {
			err = errors.Join(err, rotates(ctx, s, name, turn(s, "", "one")), alive(ctx, s, name))
		}
		s.Advance(s.waits()) // past their first end
		err = errors.Join(err, alive(ctx, s, "deleted"), is("Delete", s.Store.Delete(ctx, key("deleted")), nil), dead(ctx, s, "deleted"),
			unturned(ctx, s, "deleted", "one"), is("DeleteAll", s.Store.DeleteAll(ctx, "ann", 2, key("late")), nil), dead(ctx, s, "ended"),
			unturned(ctx, s, "ended", "one"), alive(ctx, s, "late"))
		if _, ok := core.As[core.SessionLister](s.Store); ok {
			err = errors.Join(err, listed(ctx, s, "ann", "late"))
		}
		return err
	})},
	{Rule: "Rotator: a session made under the digest of one that has ended was never rotated", Check: rotating(func(ctx context.Context, s sessions) error {
		hour, first := s.waits(), turn(s, "", "one")
		again := func(name string, epoch int64) error {
			return errors.Join(is("Create of "+name, login(ctx, s, name, "ann", epoch), nil), unrotated(ctx, s, name),
				dull(ctx, s, name, turn(s, "one", "two"), core.Rotation{}), rotates(ctx, s, name, turn(s, "", "one")))
		}
		err := errors.Join(create(ctx, s, "ann", "deleted", "ended"), rotates(ctx, s, "deleted", first), rotates(ctx, s, "ended", first),
			is("Delete", s.Store.Delete(ctx, key("deleted")), nil), again("deleted", 1),
			is("DeleteAll", s.Store.DeleteAll(ctx, "ann", 2, noOne), nil), again("ended", 2))
		if sweeper, ok := core.As[core.Sweeper](s.Store); ok {
			s.Advance(3 * hour)
			err = errors.Join(err, is("Sweep", second(sweeper.Sweep(ctx)), nil), again("ended", 2))
		}
		return err
	})},
	{Rule: "S02 SessionCache: what was rotated is no more in memory as it was", Check: rotating(func(ctx context.Context, s sessions) error {
		cached, err := memory(s)
		if err != nil {
			return err
		}
		errs := []error{create(ctx, s, "ann", "one", "two")}
		for i, from := range []string{"", "first"} {
			errs = append(errs, alive(ctx, s, "one"), alive(ctx, s, "two"))
			_, err := rotate(ctx, s, "one", turn(s, from, []string{"first", "second"}[i]))
			errs = append(errs, is("Rotate", err, nil), forgotten(s, "Rotate", cached, "one"))
		}
		return errors.Join(errs...)
	})},
	{Rule: "T02 Rotator: of concurrent Rotates from one secret one is made, and all return it", Unless: NoAtomicUpdates, Check: rotating(func(ctx context.Context, s sessions) error {
		err, last := create(ctx, s, "ann", "id"), ""
		return errors.Join(err, repeat(func(round int) error {
			turns, made := make([]core.Turn, crowd), make([]core.Rotation, crowd)
			for i := range turns {
				turns[i] = turn(s, last, fmt.Sprintf("%d of round %d", i, round))
				turns[i].Expires = turns[i].Expires.Add(time.Duration(i) * time.Second)
			}
			errs := together(crowd, func(i int) (err error) {
				made[i], err = rotate(ctx, s, "id", turns[i])
				return err
			})
			winner := slices.IndexFunc(turns, func(t core.Turn) bool { return t.Next.Secret == made[0].Secret })
			if err := errors.Join(errs...); err != nil || winner < 0 {
				return errors.Join(err, that(winner >= 0, "the rotation is %q, which is nobody's", made[0]))
			}
			want := turns[winner]
			for i := range made {
				errs = append(errs, sameRotation("Rotate", made[i], want.Next))
			}
			last = fmt.Sprintf("%d of round %d", winner, round)
			found, err := s.Store.Find(ctx, key("id"))
			if err != nil {
				return is("Find", err, nil)
			}
			return errors.Join(append(errs, dull(ctx, s, "id", turn(s, "none", "never"), want.Next),
				sameTime("Expires, of the one that was made,", found.Session.Expires, want.Expires))...)
		}))
	})},
	{Rule: "S02 no Rotate that races a Delete brings the session back", Check: rotating(func(ctx context.Context, s sessions) error {
		return rotateRace(ctx, s, func(name string) error { return s.Store.Delete(ctx, key(name)) })
	})},
	{Rule: "S04 no Rotate that races a DeleteAll brings the session back", Check: rotating(func(ctx context.Context, s sessions) error {
		epoch := int64(1)
		return rotateRace(ctx, s, func(string) error { epoch++; return s.Store.DeleteAll(ctx, "ann", epoch, noOne) })
	})},
	{Rule: "T17 no Rotate that races a DeleteAll takes the new epoch from the session that it spares, nor is undone by it", Unless: NoAtomicUpdates, Check: rotating(func(ctx context.Context, s sessions) error {
		err := create(ctx, s, "ann", "kept")
		return errors.Join(err, repeat(func(round int) error {
			epoch := int64(round) + 2
			var made core.Rotation
			last, err := rotate(ctx, s, "kept", turn(s, "none", "never"))
			errs := together(crowd, func(i int) (err error) {
				switch i {
				case crowd / 2:
					return is("DeleteAll", s.Store.DeleteAll(ctx, "ann", epoch, key("kept")), nil)
				case 0:
					t := turn(s, "", fmt.Sprint("round ", round))
					t.From, t.Next.Replaced = last.Secret, last.Secret
					made = t.Next
					return is("Rotate", second(rotate(ctx, s, "kept", t)), nil)
				}
				return is("Rotate", second(rotate(ctx, s, "kept", turn(s, "none", "never"))), nil)
			})
			return errors.Join(append(errs, err, hasEpoch(ctx, s, "kept", epoch), dull(ctx, s, "kept", turn(s, "none", "never"), made))...)
		}))
	})},
}

// rotateRace replaces a session's secret again and again from all sides while
// revoke revokes it; once revoke has returned, nobody may find it.
func rotateRace(ctx context.Context, s sessions, revoke func(name string) error) error {
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
			ended, last := revoked.Load(), core.Rotation{}
			for j := range 2 {
				t := turn(s, "", fmt.Sprintf("%d of %d", j, i))
				t.From, t.Next.Replaced = last.Secret, last.Secret
				var err error
				if last, err = rotate(ctx, s, name, t); ended || err != nil {
					return errors.Join(is("Rotate", err, core.ErrNotFound), dead(ctx, s, name))
				}
			}
			return nil
		})
		return errors.Join(append(errs, dead(ctx, s, name), unturned(ctx, s, name, ""))...)
	})
}

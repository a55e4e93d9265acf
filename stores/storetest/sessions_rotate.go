package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// rotating makes a case about stores that keep rotations.
func rotating(check func(ctx context.Context, s sessions) error) func(context.Context, sessions) error {
	return func(ctx context.Context, s sessions) error {
		if _, ok := core.As[core.Rotator](s.Store); !ok {
			return NotDeclaredError("core.Rotator")
		}
		return check(ctx, s)
	}
}

func rotate(ctx context.Context, s sessions, name string, t core.Turn) (core.Rotation, error) {
	rotator, _ := core.As[core.Rotator](s.Store)
	return rotator.Rotate(ctx, key(name), t)
}

// turn makes next the secret in place of from, "" for a session that was not
// rotated. Nothing is too young for it.
func turn(s sessions, from, next string) core.Turn {
	now := s.Now()
	t := core.Turn{
		Next:   core.Rotation{Secret: key(next), Sealed: key("sealed " + next), At: now},
		Before: now, Seen: now, Expires: now.Add(2 * s.hour()),
	}
	if from != "" {
		t.From = key(from)
	}
	t.Next.Replaced = t.From
	return t
}

// rotates returns an error unless the turn is made, and dull unless it changes
// nothing, as the rotation is another.
func rotates(ctx context.Context, s sessions, name string, t core.Turn) error {
	got, err := rotate(ctx, s, name, t)
	return errors.Join(is("Rotate of "+show(name), err, nil), sameRotation("Rotate of "+show(name), got, t.Next),
		dull(ctx, s, name, turn(s, "no secret", "never"), t.Next))
}

func dull(ctx context.Context, s sessions, name string, t core.Turn, want core.Rotation) error {
	got, err := rotate(ctx, s, name, t)
	step := fmt.Sprintf("Rotate of %q from %q", name, t.From)
	return errors.Join(is(step, err, nil), sameRotation(step, got, want))
}

// unrotated returns an error unless the session lives and has no rotation.
func unrotated(ctx context.Context, s sessions, name string) error {
	return dull(ctx, s, name, turn(s, "no secret", "never"), core.Rotation{})
}

// unturned returns an error unless Rotate finds no session.
func unturned(ctx context.Context, s sessions, name, from string) error {
	return errors.Join(is("Rotate of "+show(name), second(rotate(ctx, s, name, turn(s, from, "late"))), core.ErrNotFound),
		dead(ctx, s, name))
}

func sameRotation(step string, got, want core.Rotation) error {
	err := that(got.At.IsZero() == want.At.IsZero(), "%s: At is %v, want %v", step, got.At, want.At)
	if !want.At.IsZero() {
		err = errors.Join(err, sameTime(step+": At", got.At, want.At))
	}
	got.At, want.At = time.Time{}, time.Time{}
	return errors.Join(err, that(got == want, "%s: got %q, want %q", step, got, want))
}

var sessionRotateCases = []sessionCase{
	{Rule: "Rotator: Rotate returns the rotation that it has made, with every field, and so does a later one", Check: rotating(func(ctx context.Context, s sessions) error {
		hard := [][32]byte{{31: 1}, {0: '\'', 1: '"', 31: ' '}, key("\xff\xfe\x00x"), {0: ' ', 1: '\\', 31: 0xff}}
		err := errors.Join(create(ctx, s, "ann", "one", "two"), unrotated(ctx, s, "one"))
		var last [32]byte
		for i, d := range hard {
			t := turn(s, "", "")
			t.From, t.Next.Replaced, t.Next.Secret, t.Next.Sealed = last, last, d, hard[(i+1)%len(hard)]
			t.Next.At = t.Next.At.Add(time.Duration(i-len(hard)) * time.Microsecond)
			err = errors.Join(err, rotates(ctx, s, "one", t))
			last = d
		}
		return errors.Join(err, unrotated(ctx, s, "two"))
	})},
	{Rule: "T01 Rotator: what has another secret than From is not changed; From is zero while there is none", Check: rotating(func(ctx context.Context, s sessions) error {
		first, next := turn(s, "", "one"), turn(s, "one", "two")
		err := errors.Join(create(ctx, s, "ann", "id"), dull(ctx, s, "id", turn(s, "one", "two"), core.Rotation{}),
			rotates(ctx, s, "id", first))
		for _, from := range []string{"", "ONE", "one ", "one\x00x", "on", "sealed one", "id"} {
			err = errors.Join(err, dull(ctx, s, "id", turn(s, from, "two"), first.Next))
		}
		for i := range 32 { // the digests differ in one bit
			t := turn(s, "one", "two")
			t.From[i] ^= 0x20
			err = errors.Join(err, dull(ctx, s, "id", t, first.Next))
		}
		err = errors.Join(err, rotates(ctx, s, "id", next))
		for _, from := range []string{"", "one", "sealed one", "sealed two"} {
			err = errors.Join(err, dull(ctx, s, "id", turn(s, from, "three"), next.Next))
		}
		return err
	})},
	{Rule: "Rotator: what has become the present secret after Before is not replaced, at that moment it is", Check: rotating(func(ctx context.Context, s sessions) error {
		first := turn(s, "", "one")
		first.Before = s.Now().Add(-time.Hour) // nothing is there that could be young
		young, older := turn(s, "one", "two"), turn(s, "one", "two")
		young.Before, older.Before = first.Next.At.Add(-time.Microsecond), first.Next.At
		none := young
		none.Before = time.Time{}
		return errors.Join(create(ctx, s, "ann", "id"), rotates(ctx, s, "id", first), dull(ctx, s, "id", young, first.Next),
			dull(ctx, s, "id", none, first.Next), rotates(ctx, s, "id", older))
	})},
	{Rule: "Rotator: Rotate moves LastSeen and Expires, and nothing else; one that changes no rotation moves neither", Check: rotating(func(ctx context.Context, s sessions) error {
		minute := s.waits() / 60
		want := session(s, "ann")
		want.Scopes, want.Organization, want.Brief = []string{"read"}, "org of ann", true
		moved := func(step string, t core.Turn, rotates func(context.Context, sessions, string, core.Turn) error) error {
			err := alive(ctx, s, "id") // any cache must drop it
			err = errors.Join(err, rotates(ctx, s, "id", t))
			found, err2 := s.Store.Find(ctx, key("id"))
			return errors.Join(err, is("Find", err2, nil), sameSession(step, found.Session, want))
		}
		still := func(next core.Rotation) func(context.Context, sessions, string, core.Turn) error {
			return func(ctx context.Context, s sessions, name string, t core.Turn) error {
				return dull(ctx, s, name, t, next)
			}
		}
		err := errors.Join(is("Create", s.Store.Create(ctx, key("id"), want), nil),
			is("Create", login(ctx, s, "other", "ann", 1), nil),
			moved("after a wrong From", turn(s, "none", "one"), still(core.Rotation{})))
		for i, next := range []string{"one", "two", "three"} {
			s.Advance(minute)
			t := turn(s, []string{"", "one", "two"}[i], next)
			t.Expires = want.Expires.Add(time.Duration(1-i) * minute) // later, the same, earlier
			want.LastSeen, want.Expires = t.Seen, t.Expires
			young := turn(s, next, "four")
			young.Before = t.Next.At.Add(-time.Microsecond)
			err = errors.Join(err, moved("after Rotate", t, rotates), moved("after a wrong From", turn(s, "", "four"), still(t.Next)),
				moved("after one too early", young, still(t.Next)))
		}
		return errors.Join(err, unrotated(ctx, s, "other"))
	})},
	{Rule: "Rotator: Rotate never revives a session: ErrNotFound after Delete, after DeleteAll, after Expires, below the floor, for an unknown one", Check: rotating(func(ctx context.Context, s sessions) error {
		hour := s.waits()
		var err error
		for from, names := range map[string][]string{"": {"deleted", "ended", "expired"}, "one": {"deleted too", "ended too", "expired too"}} {
			for i, user := range []string{"ann", "bob", "cid"} {
				err = errors.Join(err, is("Create", login(ctx, s, names[i], user, 1), nil))
				if from != "" {
					t := turn(s, "", from)
					t.Expires = s.Now().Add(hour)
					err = errors.Join(err, rotates(ctx, s, names[i], t))
				}
			}
			err = errors.Join(err, is("Delete", s.Store.Delete(ctx, key(names[0])), nil))
		}
		err = errors.Join(err, is("DeleteAll", s.Store.DeleteAll(ctx, "bob", 2, noOne), nil), below(ctx, s, "late", "bob", 1))
		s.Advance(hour)
		for _, name := range []string{"deleted", "ended", "expired", "late", "unknown"} {
			err = errors.Join(err, unturned(ctx, s, name, ""), unturned(ctx, s, name+" too", "one"),
				unturned(ctx, s, name+" too", ""))
		}
		return err
	})},
	{Rule: "Rotator: Rotate may move Expires to an earlier time, and to one that is over", Check: rotating(func(ctx context.Context, s sessions) error {
		minute := s.waits() / 60
		soon, over := turn(s, "", "one"), turn(s, "", "one")
		soon.Expires, over.Expires = s.Now().Add(minute), s.Now()
		err := errors.Join(create(ctx, s, "ann", "soon", "over"), is("Rotate", second(rotate(ctx, s, "soon", soon)), nil),
			is("Rotate", second(rotate(ctx, s, "over", over)), nil), unturned(ctx, s, "over", "one"))
		s.Advance(minute)
		return errors.Join(err, unturned(ctx, s, "soon", "one"))
	})},
	{Rule: "Rotator: F01 a cancelled context is an error that is none of core's sentinels", Check: rotating(func(ctx context.Context, s sessions) error {
		gone := cancelled(ctx)
		first := turn(s, "", "one")
		return errors.Join(create(ctx, s, "ann", "id"), outage("Rotate", second(rotate(gone, s, "id", first))),
			unrotated(ctx, s, "id"), outage("Rotate of none", second(rotate(gone, s, "none", first))), rotates(ctx, s, "id", first),
			outage("Rotate again", second(rotate(gone, s, "id", turn(s, "one", "two")))), dull(ctx, s, "id", turn(s, "", "two"), first.Next))
	})},
}

package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// touch moves a session's expiry to two hours of the clock from now.
func touch(ctx context.Context, s sessions, name string) error {
	return s.Store.Touch(ctx, key(name), s.Now(), s.Now().Add(2*s.hour()))
}

var touchCases = []sessionCase{
	{Rule: "Touch moves LastSeen and Expires, and nothing else", Check: func(ctx context.Context, s sessions) error {
		hour := s.waits()
		want := session(s, "ann")
		err := errors.Join(is("Create", s.Store.Create(ctx, key("one"), want), nil),
			is("Create", login(ctx, s, "two", "ann", 1), nil))
		err = errors.Join(err, alive(ctx, s, "one")) // any cache must drop it
		s.Advance(hour / 2)
		want.LastSeen = s.Now()
		want.Expires = want.LastSeen.Add(2 * hour)
		err = errors.Join(err, is("Touch", s.Store.Touch(ctx, key("one"), want.LastSeen, want.Expires), nil))
		s.Advance(hour)
		found, err2 := s.Store.Find(ctx, key("one"))
		return errors.Join(err, is("Find", err2, nil), sameSession("after Touch", found.Session, want), dead(ctx, s, "two"))
	}},
	{Rule: "Touch may move Expires to an earlier time", Check: func(ctx context.Context, s sessions) error {
		minute := s.waits() / 60
		err := errors.Join(is("Create", login(ctx, s, "one", "ann", 1), nil),
			is("Touch", s.Store.Touch(ctx, key("one"), s.Now(), s.Now().Add(minute)), nil))
		s.Advance(minute)
		return errors.Join(err, dead(ctx, s, "one"))
	}},
	{Rule: "A session that Find returned is not changed by a later Touch", Check: func(ctx context.Context, s sessions) error {
		want := session(s, "ann")
		err := is("Create", s.Store.Create(ctx, key("one"), want), nil)
		found, err2 := s.Store.Find(ctx, key("one"))
		s.Advance(time.Second)
		return errors.Join(err, is("Find", err2, nil), is("Touch", touch(ctx, s, "one"), nil),
			sameSession("found before Touch", found.Session, want))
	}},
	{Rule: "Touch never revives a session: ErrNotFound after Delete, after DeleteAll, after Expires, for an unknown one", Check: func(ctx context.Context, s sessions) error {
		hour := s.waits()
		err := errors.Join(
			is("Create", login(ctx, s, "deleted", "ann", 1), nil), is("Create", login(ctx, s, "all deleted", "bob", 1), nil),
			is("Create", login(ctx, s, "expired", "cid", 1), nil),
			is("Delete", s.Store.Delete(ctx, key("deleted")), nil),
			is("DeleteAll", s.Store.DeleteAll(ctx, "bob", 2, [32]byte{}), nil),
		)
		s.Advance(hour)
		for _, name := range []string{"deleted", "all deleted", "expired", "unknown"} {
			err = errors.Join(err, is("Touch of "+name, touch(ctx, s, name), core.ErrNotFound), dead(ctx, s, name))
		}
		return err
	}},
}

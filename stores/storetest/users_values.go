package storetest

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// kept creates users that edit prepared, one for each value, and returns an
// error unless the store returns each unchanged.
func kept[T any](ctx context.Context, s users, edit func(u *Account, value T), values ...T) error {
	var errs []error
	for i, value := range values {
		u := account(strings.Repeat("a", i+1) + "@example.com")
		edit(u, value)
		if err := s.Create(ctx, u); err != nil {
			errs = append(errs, is("Create", err, nil))
			continue
		}
		errs = append(errs, holds(ctx, s, "created", u))
	}
	return errors.Join(errs...)
}

var valueCases = []userCase{
	{Rule: "The flags of a user are kept", Check: func(ctx context.Context, s users) error {
		return kept(ctx, s, func(u *Account, bits int) {
			u.IsActive, u.IsSuperuser, u.IsVerified = bits&1 != 0, bits&2 != 0, bits&4 != 0
		}, 0, 1, 2, 3, 4, 5, 6, 7)
	}},
	{Rule: "A user without a password, and one with a hash of 500 bytes, are kept", Check: func(ctx context.Context, s users) error {
		return kept(ctx, s, func(u *Account, h core.PasswordHash) { u.HashedPassword = h },
			"", core.PasswordHash("$argon2id$"+strings.Repeat("h", 490)))
	}},
	{Rule: "Email is kept as it was typed, apart from the EmailKey", Check: func(ctx context.Context, s users) error {
		return kept(ctx, s, func(u *Account, email string) { u.Email = email }, "Ann@EXAMPLE.com", "jörg@bücher.example",
			"小明@例子.example")
	}},
	{Rule: "A suspension is kept, and so is its end", Check: func(ctx context.Context, s users) error {
		until := time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)
		err := kept(ctx, s, func(u *Account, at time.Time) { u.SuspendedUntil, u.SuspendedFor = at, "spam, \"twice\" 日本" },
			until, time.Unix(0, 1000).UTC())
		u := account("zoe@example.com")
		u.SuspendedUntil, u.SuspendedFor = until, "spam"
		if err := errors.Join(err, s.Create(ctx, u)); err != nil {
			return err
		}
		u, err = s.Update(ctx, u.ID, func(u *Account) error {
			u.SuspendedUntil, u.SuspendedFor = time.Time{}, ""
			return nil
		})
		return errors.Join(is("Update", err, nil), holds(ctx, s, "lifted", u))
	}},
	{Rule: "TokenEpoch is kept as 64 bits", Check: func(ctx context.Context, s users) error {
		return kept(ctx, s, func(u *Account, n int64) { u.TokenEpoch = n }, 0, 1<<31, 1<<53+1, math.MaxInt64)
	}},
	{Rule: "Own columns: numbers are kept", Check: func(ctx context.Context, s users) error {
		return kept(ctx, s, func(u *Account, n int) { u.Credits = n }, 0, -1, math.MaxInt32, math.MinInt32)
	}},
	{Rule: "Own columns: text is kept, whatever its script", Check: func(ctx context.Context, s users) error {
		return kept(ctx, s, func(u *Account, text string) { u.Nick, u.Motto = text, &text },
			"", " ", "trailing space ", "line\r\nbreak\ttab", "naïve", "nai\u0308ve", "日本語", "👩‍👩‍👧", "שלום", `'";--\%_?$1:name`, "null", "<b>&amp;")
	}},
	{Rule: "Own columns: NULL and the empty text differ", Check: func(ctx context.Context, s users) error {
		return kept(ctx, s, func(u *Account, motto *string) { u.Motto = motto }, nil, new(""), new("null"))
	}},
	{Rule: "Times are kept as instants with microseconds, and returned in UTC", Check: func(ctx context.Context, s users) error {
		set := func(u *Account, at time.Time) { u.CreatedAt, u.UpdatedAt, u.Seen = at, at.Add(time.Microsecond), at }
		return kept(ctx, s, set, time.Unix(0, 0).UTC(),
			time.Date(1901, 12, 13, 0, 0, 0, 1000, time.UTC),
			time.Date(2024, 10, 27, 0, 30, 0, 999999000, time.UTC), // an hour that occurs twice in Europe's daylight saving time
			time.Date(2099, 12, 31, 23, 59, 59, 123456000, time.UTC))
	}},
	{Rule: "Every returned user is the caller's own copy", Check: func(ctx context.Context, s users) error {
		u := account("ann@example.com")
		if err := s.Create(ctx, u); err != nil {
			return is("Create", err, nil)
		}
		want := *u
		want.Motto = new(*u.Motto)
		spoil(u) // what Create was given
		inside := &Account{}
		updated, err := s.Update(ctx, want.ID, func(u *Account) error { inside = u; return nil })
		if err != nil {
			return is("Update", err, nil)
		}
		spoil(inside)
		spoil(updated)
		for _, key := range []core.Key{core.ByID(want.ID), core.ByEmail(want.EmailKey)} {
			found, err := s.Find(ctx, key)
			if err != nil {
				return is("Find", err, nil)
			}
			spoil(found)
		}
		page, _, err := s.List(ctx, core.Query{Limit: 10})
		if err != nil {
			return is("List", err, nil)
		}
		for _, u := range page {
			spoil(u)
		}
		return holds(ctx, s, "after copies were changed", &want)
	}},
}

// spoil changes whatever can be reached from u.
func spoil(u *Account) {
	*u.Motto = "spoiled"
	u.Nick, u.Credits, u.EmailKey, u.ID = "spoiled", -1, "spoiled", "spoiled"
}

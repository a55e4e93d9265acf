package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// keptOrRefused creates u and returns an error unless the store returns it
// unchanged or has refused it with none of core's errors.
func keptOrRefused(ctx context.Context, s users, u *Account) error {
	if err := s.Create(ctx, u); err != nil {
		return errors.Join(noSentinel("Create", err),
			is("Find of the refused user", second(s.Find(ctx, core.ByEmail(u.EmailKey))), core.ErrNotFound))
	}
	return holds(ctx, s, "created", u)
}

var hardCases = []userCase{
	{Rule: "G05 P08 a value is stored byte for byte or refused, never shortened or altered", Check: func(ctx context.Context, s users) error {
		var errs []error
		for i, text := range hardText() {
			own, base := account(fmt.Sprintf("own%d@example.com", i)), account(fmt.Sprintf("base%d@example.com", i))
			own.Nick = text
			errs = append(errs, keptOrRefused(ctx, s, own))
			if base.Email = text; len(text) < 1<<20 {
				base.HashedPassword = core.PasswordHash(text)
			}
			errs = append(errs, keptOrRefused(ctx, s, base))
		}
		return errors.Join(errs...)
	}},
	{Rule: "G05 P08 what Update cannot store byte for byte it refuses, and changes nothing", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		var errs []error
		for _, text := range hardText() {
			before, after := *all[0], *all[0]
			edit := func(u *Account) { u.Credits, u.Nick = u.Credits+1, text }
			edit(&after)
			got, err := s.Update(ctx, before.ID, func(u *Account) error { edit(u); return nil })
			if err != nil {
				errs = append(errs, noSentinel("Update", err), holds(ctx, s, "refused", &before))
				continue
			}
			errs = append(errs, same("what Update returned", got, &after), holds(ctx, s, "updated", &after))
			*all[0] = after
		}
		return errors.Join(errs...)
	}},
	{Rule: "An EmailKey of 320 bytes is kept, and distinguished from those that differ at its end", Check: func(ctx context.Context, s users) error {
		long, umlauts := strings.Repeat("k", 319), strings.Repeat("ü", 159)+"u"
		var all []*Account
		for _, key := range []string{long + "a", long + "b", long, umlauts + "a", umlauts + "b"} {
			u := account("ann@example.com") // whose own columns may be shorter
			u.EmailKey = key
			if err := s.Create(ctx, u); err != nil {
				return is("Create", err, nil)
			}
			all = append(all, u)
		}
		errs := []error{is("Find of another one", second(s.Find(ctx, core.ByEmail(long+"c"))), core.ErrNotFound)}
		for _, u := range all {
			errs = append(errs, holds(ctx, s, "long", u))
		}
		return errors.Join(errs...)
	}},
	{Rule: "G05 an EmailKey that cannot be stored byte for byte is refused, and nobody else's", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "nul", "broken\ufffdutf8", "cut")
		if err != nil {
			return err
		}
		var errs []error
		for _, text := range hardText() {
			if len(text) < 1<<20 { // an index holds less
				errs = append(errs, keptOrRefused(ctx, s, account(text)))
			}
		}
		for _, u := range all {
			errs = append(errs, holds(ctx, s, show(u.EmailKey), u))
		}
		return errors.Join(errs...)
	}},
	{Rule: "Far times are kept to the microsecond or refused, never changed", Check: func(ctx context.Context, s users) error {
		var errs []error
		for i, at := range []time.Time{
			{}, time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(999, 12, 31, 23, 59, 59, 999999000, time.UTC),
			time.Date(1582, 10, 10, 12, 0, 0, 0, time.UTC), // a day that the Gregorian calendar left out
			time.Date(1883, 11, 18, 12, 3, 58, 123456000, time.UTC), time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC),
			time.Date(2262, 4, 11, 23, 47, 16, 854776000, time.UTC), // beyond 64 bits of nanoseconds
			time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		} {
			u := account(fmt.Sprintf("user%d@example.com", i))
			u.Seen = at
			errs = append(errs, keptOrRefused(ctx, s, u))
		}
		return errors.Join(errs...)
	}},
}

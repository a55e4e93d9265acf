package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// stayed returns an error unless got has each of want, and nobody twice.
func stayed(got, want []string) error {
	those := slices.DeleteFunc(slices.Clone(got), func(key string) bool { return !slices.Contains(want, key) })
	unique := slices.Compact(slices.Sorted(slices.Values(got)))
	return errors.Join(
		sameSet("those who stayed", those, want),
		that(len(unique) == len(got), "somebody is listed twice: %q", got),
	)
}

var listRaceCases = []userCase{
	{Rule: "List returns each user once while others come and go", Check: func(ctx context.Context, s users) error {
		want := numbered("m", 20)
		leaving, err := add(ctx, s, numbered("a", 9)...)
		if err != nil {
			return err
		}
		if _, err := add(ctx, s, want...); err != nil {
			return err
		}
		n := 0
		got, err := walk(ctx, s, "", 3, func(*Account) error {
			if n++; n > len(leaving) {
				return nil
			}
			for _, name := range []string{"b", "n", "z"} {
				if _, err := add(ctx, s, fmt.Sprintf("%s-new%d@example.com", name, n)); err != nil {
					return err
				}
			}
			return s.Delete(ctx, leaving[n-1].ID)
		})
		if err != nil {
			return err
		}
		return stayed(got, want)
	}},
	{Rule: "List returns each user once though the last of each page is deleted, or gets another EmailKey, before the next", Check: func(ctx context.Context, s users) error {
		want := numbered("m", 18)
		if _, err := add(ctx, s, want...); err != nil {
			return err
		}
		n := 0
		got, err := walk(ctx, s, "", 3, func(last *Account) error {
			n++
			if n%3 == 0 {
				return s.Delete(ctx, last.ID)
			}
			key := fmt.Sprintf("%c%d@example.com", "az"[n%2], n)
			_, err := s.Update(ctx, last.ID, func(u *Account) error { u.EmailKey = key; return nil })
			return err
		})
		return errors.Join(err, sameSet("everybody", got, want))
	}},
	{Rule: "List returns each user once while others are created and deleted at the same time", Check: func(ctx context.Context, s users) error {
		const writers = 8
		want := numbered("m", 20)
		leaving, err := add(ctx, s, numbered("a", writers)...)
		if err != nil {
			return err
		}
		if _, err := add(ctx, s, want...); err != nil {
			return err
		}
		var listed atomic.Bool
		errs := together(writers+1, func(i int) error {
			if i == writers {
				defer listed.Store(true)
				return walks(ctx, s, want)
			}
			return comeAndGo(ctx, s, leaving[i], &listed)
		})
		return errors.Join(errs...)
	}},
}

func walks(ctx context.Context, s users, want []string) error {
	for range 3 {
		got, err := walk(ctx, s, "", 3, nothing)
		if err := errors.Join(err, stayed(got, want)); err != nil {
			return err
		}
	}
	return nil
}

// comeAndGo deletes the user and creates another one, again and again until
// enough.
func comeAndGo(ctx context.Context, s users, u *Account, enough *atomic.Bool) error {
	for n := 0; !enough.Load(); n++ {
		if err := s.Delete(ctx, u.ID); err != nil {
			return is("Delete", err, nil)
		}
		u = account(fmt.Sprintf("%c%d-%s", "bnz"[n%3], n, u.Email))
		if err := s.Create(ctx, u); err != nil {
			return is("Create", err, nil)
		}
	}
	return nil
}

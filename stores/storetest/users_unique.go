package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

// lookalikes are different keys to a store, however similar some collation,
// case mapping or normalisation considers them.
var lookalikes = []string{
	"mike@example.com", "Mike@example.com", "MIKE@EXAMPLE.COM", "mıke@example.com", "mİke@example.com", "míke@example.com",
	"mike@example.com ", " mike@example.com", "mike@example.com.", "ｍike@example.com",
	"strasse@example.com", "straße@example.com", "ﬁn@example.com", "fin@example.com",
	"re\u0301ne@example.com", "r\u00e9ne@example.com", "rene@example.com", "k@example.com", "\u212a@example.com",
}

var uniqueCases = []userCase{
	{Rule: "Create is ErrTaken if the EmailKey exists, and changes nothing", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		page := func() int { us, _, _ := s.List(ctx, core.Query{Limit: 10}); return len(us) }
		again := account("ann@example.com")
		again.Nick = "another"
		return errors.Join(
			is("Create of the same EmailKey", s.Create(ctx, again), core.ErrTaken),
			holds(ctx, s, "the first user", all[0]),
			that(page() == 1, "List returns %d users, want 1", page()),
		)
	}},
	{Rule: "A refused Create leaves an empty ID empty", Check: func(ctx context.Context, s users) error {
		if _, err := add(ctx, s, "ann@example.com"); err != nil {
			return err
		}
		u := account("ann@example.com")
		return errors.Join(is("Create", s.Create(ctx, u), core.ErrTaken), that(u.ID == "", "the ID is %q", u.ID))
	}},
	{Rule: "Update is ErrTaken if the new EmailKey exists, and changes nothing", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		_, err = s.Update(ctx, all[1].ID, func(u *Account) error {
			u.EmailKey, u.Nick, u.Credits = "ann@example.com", "another", 99
			return nil
		})
		return errors.Join(
			is("Update to an existing EmailKey", err, core.ErrTaken),
			holds(ctx, s, "ann", all[0]), holds(ctx, s, "bob", all[1]),
		)
	}},
	{Rule: "Update may keep the EmailKey, and change it to one that is free", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		want := all[0]
		_, err1 := s.Update(ctx, want.ID, func(u *Account) error { u.Email = "Ann@Example.com"; return nil })
		_, err2 := s.Update(ctx, want.ID, func(u *Account) error { u.EmailKey = "anne@example.com"; return nil })
		want.Email, want.EmailKey = "Ann@Example.com", "anne@example.com"
		return errors.Join(
			is("Update with the same EmailKey", err1, nil), is("Update to a free EmailKey", err2, nil),
			holds(ctx, s, "updated", want),
			is("Find by the former EmailKey", second(s.Find(ctx, core.ByEmail("ann@example.com"))), core.ErrNotFound),
			is("Create with the former EmailKey", s.Create(ctx, account("ann@example.com")), nil),
		)
	}},
	{Rule: "An empty EmailKey is no key: any number of users have it, and none is found by it", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "", "", "ann@example.com")
		if err != nil {
			return err
		}
		_, gone := s.Update(ctx, all[2].ID, func(u *Account) error { u.EmailKey = ""; return nil })
		return errors.Join(
			is("Find by the empty EmailKey", second(s.Find(ctx, core.ByEmail(""))), core.ErrNotFound),
			is("Update to the empty EmailKey", gone, nil),
			is("Find by the EmailKey given up", second(s.Find(ctx, core.ByEmail("ann@example.com"))), core.ErrNotFound),
			listsKeys(ctx, s, "", "", "", ""),
		)
	}},
	{Rule: "G01 Q04 an EmailKey is compared byte by byte", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, lookalikes...)
		if err != nil {
			return err
		}
		var errs []error
		for _, u := range all {
			errs = append(errs, holds(ctx, s, show(u.EmailKey), u))
		}
		return errors.Join(errs...)
	}},
	{Rule: "Of any number of concurrent Creates of one EmailKey one wins", Check: func(ctx context.Context, s users) error {
		return repeat(func(round int) error {
			key := fmt.Sprintf("ann%d@example.com", round)
			made := make([]*Account, crowd)
			errs := together(crowd, func(i int) error {
				made[i] = account(key)
				made[i].Credits = i
				return s.Create(ctx, made[i])
			})
			if err := tally("Create", errs, 1, core.ErrTaken); err != nil {
				return err
			}
			for i, err := range errs {
				if err == nil {
					return holds(ctx, s, "the winner", made[i])
				}
			}
			return nil
		})
	}},
	{Rule: "Of any number of concurrent Updates to one EmailKey one wins", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s users) error {
		keys := make([]string, 16)
		for i := range keys {
			keys[i] = fmt.Sprintf("user%d@example.com", i)
		}
		all, err := add(ctx, s, keys...)
		if err != nil {
			return err
		}
		errs := together(len(all), func(i int) error {
			_, err := s.Update(ctx, all[i].ID, func(u *Account) error { u.EmailKey = "ann@example.com"; return nil })
			return err
		})
		lost := []error{tally("Update", errs, 1, core.ErrTaken)}
		for i, u := range all {
			if errs[i] == nil {
				u.EmailKey = "ann@example.com"
			}
			lost = append(lost, holds(ctx, s, u.Email, u))
		}
		return errors.Join(lost...)
	}},
}

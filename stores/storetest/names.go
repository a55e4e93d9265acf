package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// NamedAccount is the application's user type that Names stores: one whose
// users have names. A store that keeps columns needs, besides those of
// core.User and core.Named:
//
//	nick  text, not null
type NamedAccount struct {
	core.User
	core.Named
	Nick string `json:"nick" auth:"register,update"`
}

// Names checks what a store of users does with names, beside what Users checks.
// A store that does not pass must not implement core.NameKeeper.
func Names(t *testing.T, open func(t *testing.T) core.UserStore[NamedAccount], lacks ...Lack) {
	t.Helper()
	Run(t, open, NameCases(), lacks...)
}

// NameCases returns the obligations that Names checks.
func NameCases() []Case[core.UserStore[NamedAccount]] {
	return slices.Concat(nameCases, nameRaceCases)
}

type (
	namedUsers = core.UserStore[NamedAccount]
	nameCase   = Case[core.UserStore[NamedAccount]]
)

// namedAccount returns a user with that EmailKey and that UsernameKey.
func namedAccount(email, name string) *NamedAccount {
	a := account(email)
	return &NamedAccount{User: a.User, Named: core.Named{Username: strings.ToUpper(name), UsernameKey: name},
		Nick: "the nick of " + name}
}

// addNamed creates a user for each name, "" for none. They have no address.
func addNamed(ctx context.Context, s namedUsers, names ...string) ([]*NamedAccount, error) {
	var all []*NamedAccount
	for _, name := range names {
		u := namedAccount("", name)
		if err := s.Create(ctx, u); err != nil {
			return nil, is("Create "+name, err, nil)
		}
		all = append(all, u)
	}
	return all, nil
}

// holdsNamed returns an error unless the store holds u unchanged, under its ID
// and under each of its keys.
func holdsNamed(ctx context.Context, s namedUsers, step string, u *NamedAccount) error {
	var errs []error
	for _, key := range []core.Key{core.ByID(u.ID), core.ByEmail(u.EmailKey), core.ByUsername(u.UsernameKey)} {
		if key.Value == "" {
			continue
		}
		got, err := s.Find(ctx, key)
		if err != nil {
			errs = append(errs, is(step+": Find by "+key.Kind, err, nil))
			continue
		}
		at := step + ": Find by " + key.Kind
		errs = append(errs, sameFields(at, reflect.ValueOf(got.User), reflect.ValueOf(u.User)),
			sameFields(at, reflect.ValueOf(got.Named), reflect.ValueOf(u.Named)),
			that(got.Nick == u.Nick, "%s: the nick is %q, want %q", at, got.Nick, u.Nick))
	}
	return errors.Join(errs...)
}

func rename(to string) func(*NamedAccount) error {
	return func(u *NamedAccount) error {
		u.Username, u.UsernameKey = strings.ToUpper(to), to
		return nil
	}
}

// absentKey returns an error unless nobody has the key.
func absentKey(ctx context.Context, s namedUsers, key core.Key) error {
	return is("Find by "+key.Kind+" "+show(key.Value), second(s.Find(ctx, key)), core.ErrNotFound)
}

var nameCases = []nameCase{
	{Rule: "A store that passes is a core.NameKeeper", Check: func(_ context.Context, s namedUsers) error {
		k, ok := core.As[core.NameKeeper](s)
		return that(ok && k.KeepsNames(), "it does not say that it keeps names, so New refuses it")
	}},
	{Rule: "Find returns the user of a UsernameKey", Check: func(ctx context.Context, s namedUsers) error {
		both := namedAccount("ann@example.com", "ann")
		longest := strings.Repeat("\U00020000", 64)
		if err := s.Create(ctx, both); err != nil {
			return is("Create", err, nil)
		}
		all, err := addNamed(ctx, s, "bob", longest)
		if err != nil {
			return err
		}
		return errors.Join(holdsNamed(ctx, s, "name and address", both), holdsNamed(ctx, s, "a name alone", all[0]),
			holdsNamed(ctx, s, "the longest name", all[1]))
	}},
	{Rule: "Find returns ErrNotFound for an absent UsernameKey", Check: func(ctx context.Context, s namedUsers) error {
		if err := s.Create(ctx, namedAccount("mia@example.com", "ann")); err != nil {
			return is("Create", err, nil)
		}
		var errs []error
		for _, key := range []string{"", "bob", "an", "ann%", "' OR '1'='1", "ann\x00", "\xff", "ann ", "mia@example.com"} {
			errs = append(errs, absentKey(ctx, s, core.ByUsername(key)))
		}
		return errors.Join(append(errs, absentKey(ctx, s, core.ByEmail("ann")))...)
	}},
	{Rule: "Create is ErrTaken if the UsernameKey exists, and changes nothing", Check: func(ctx context.Context, s namedUsers) error {
		all, err := addNamed(ctx, s, "ann")
		if err != nil {
			return err
		}
		again := namedAccount("bob@example.com", "ann")
		return errors.Join(is("Create", s.Create(ctx, again), core.ErrTaken), that(again.ID == "", "the ID is %q", again.ID),
			holdsNamed(ctx, s, "the first", all[0]), absentKey(ctx, s, core.ByEmail("bob@example.com")))
	}},
	{Rule: "Beside a name the EmailKey is ErrTaken, and a refused user leaves the name free", Check: func(ctx context.Context, s namedUsers) error {
		first := namedAccount("ann@example.com", "ann")
		if err := s.Create(ctx, first); err != nil {
			return is("Create", err, nil)
		}
		err := s.Create(ctx, namedAccount("ann@example.com", "bob"))
		return errors.Join(is("Create of the EmailKey", err, core.ErrTaken), holdsNamed(ctx, s, "the first", first),
			absentKey(ctx, s, core.ByUsername("bob")), is("Create", s.Create(ctx, namedAccount("", "bob")), nil))
	}},
	{Rule: "Update is ErrTaken if the new UsernameKey exists, and changes nothing", Check: func(ctx context.Context, s namedUsers) error {
		all, err := addNamed(ctx, s, "ann", "bob")
		if err != nil {
			return err
		}
		_, err = s.Update(ctx, all[1].ID, func(u *NamedAccount) error {
			u.Nick = "another"
			return rename("ann")(u)
		})
		return errors.Join(is("Update", err, core.ErrTaken), holdsNamed(ctx, s, "ann", all[0]),
			holdsNamed(ctx, s, "bob", all[1]))
	}},
	{Rule: "Update may keep the UsernameKey, change it to one that is free, and give a name to a user without", Check: func(ctx context.Context, s namedUsers) error {
		all, err := addNamed(ctx, s, "ann", "")
		if err != nil {
			return err
		}
		ann := all[0]
		_, kept := s.Update(ctx, ann.ID, func(u *NamedAccount) error { u.Username = "aNN"; return nil })
		_, changed := s.Update(ctx, ann.ID, rename("anne"))
		_, given := s.Update(ctx, all[1].ID, rename("ann"))
		ann.Named, all[1].Named = core.Named{Username: "ANNE", UsernameKey: "anne"},
			core.Named{Username: "ANN", UsernameKey: "ann"}
		return errors.Join(is("Update with the same UsernameKey", kept, nil), is("Update to a free one", changed, nil),
			is("Update to the former one", given, nil), holdsNamed(ctx, s, "anne", ann), holdsNamed(ctx, s, "ann", all[1]))
	}},
	{Rule: "An empty UsernameKey is no key: any number of users have it, with an address or without", Check: func(ctx context.Context, s namedUsers) error {
		all, err := addNamed(ctx, s, "", "", "", "ann")
		if err != nil {
			return err
		}
		for _, address := range []string{"bob@example.com", "cid@example.com"} {
			u := namedAccount(address, "")
			if err := s.Create(ctx, u); err != nil {
				return is("Create", err, nil)
			}
			all = append(all, u)
		}
		_, gone := s.Update(ctx, all[3].ID, rename(""))
		all[3].Named = core.Named{}
		errs := []error{is("Update to the empty UsernameKey", gone, nil), absentKey(ctx, s, core.ByUsername("")),
			absentKey(ctx, s, core.ByUsername("ann"))}
		for _, u := range all {
			errs = append(errs, holdsNamed(ctx, s, "a user", u))
		}
		page, _, err := s.List(ctx, core.Query{Limit: 100})
		return errors.Join(append(errs, err, that(len(page) == len(all), "List returns %d users, want %d",
			len(page), len(all)))...)
	}},
	{Rule: "M90 a UsernameKey is compared byte by byte", Check: func(ctx context.Context, s namedUsers) error {
		all, err := addNamed(ctx, s, "mike", "Mike", "MIKE", "míke", "mıke", "ｍike", "mike ", " mike", "strasse", "straße",
			"re\u0301ne", "r\u00e9ne", "rene", "k", "\u212a")
		if err != nil {
			return err
		}
		var errs []error
		for _, u := range all {
			errs = append(errs, holdsNamed(ctx, s, show(u.UsernameKey), u))
		}
		return errors.Join(errs...)
	}},
	{Rule: "The UsernameKey of a deleted user is free again", Check: func(ctx context.Context, s namedUsers) error {
		all, err := addNamed(ctx, s, "ann")
		if err != nil {
			return err
		}
		err = s.Delete(ctx, all[0].ID)
		gone := absentKey(ctx, s, core.ByUsername("ann"))
		again, created := addNamed(ctx, s, "ann")
		if created != nil {
			return created
		}
		return errors.Join(is("Delete", err, nil), gone, holdsNamed(ctx, s, "the new one", again[0]))
	}},
	{Rule: "A UsernameKey that is taken leaves the transaction usable", Check: func(ctx context.Context, s namedUsers) error {
		t, ok := core.As[core.Transactor](s)
		if !ok {
			return NotDeclaredError("core.Transactor")
		}
		all, err := addNamed(ctx, s, "ann")
		if err != nil {
			return err
		}
		bob := namedAccount("", "bob")
		err = t.Transact(ctx, func(ctx context.Context) error {
			if err := is("Create", s.Create(ctx, namedAccount("", "ann")), core.ErrTaken); err != nil {
				return err
			}
			bob.ID = ""
			return s.Create(ctx, bob)
		})
		return errors.Join(is("Transact", err, nil), holdsNamed(ctx, s, "ann", all[0]), holdsNamed(ctx, s, "bob", bob))
	}},
}

var nameRaceCases = []nameCase{
	{Rule: "M90 of any number of concurrent Creates of one UsernameKey one wins", Check: func(ctx context.Context, s namedUsers) error {
		return repeat(func(round int) error {
			name := fmt.Sprintf("ann%d", round)
			made := make([]*NamedAccount, crowd)
			errs := together(crowd, func(i int) error {
				made[i] = namedAccount(fmt.Sprintf("user%d.%d@example.com", round, i), name)
				return s.Create(ctx, made[i])
			})
			err := tally("Create", errs, 1, core.ErrTaken)
			for i, u := range made {
				if errs[i] == nil {
					err = errors.Join(err, holdsNamed(ctx, s, "the winner", u))
				} else {
					err = errors.Join(err, absentKey(ctx, s, core.ByEmail(u.EmailKey)))
				}
			}
			return err
		})
	}},
	{Rule: "Of any number of concurrent Updates to one UsernameKey one wins", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s namedUsers) error {
		all, err := addNamed(ctx, s, slices.Repeat([]string{""}, 16)...)
		if err != nil {
			return err
		}
		errs := together(len(all), func(i int) error { return second(s.Update(ctx, all[i].ID, rename("ann"))) })
		lost := []error{tally("Update", errs, 1, core.ErrTaken)}
		for i, u := range all {
			if errs[i] == nil {
				u.Named = core.Named{Username: "ANN", UsernameKey: "ann"}
			}
			lost = append(lost, holdsNamed(ctx, s, "a user", u))
		}
		return errors.Join(lost...)
	}},
}

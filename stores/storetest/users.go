package storetest

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// Users checks a store of users. The form of its IDs does not matter: UUIDs,
// numbers and texts are recognised.
func Users(t *testing.T, open func(t *testing.T) core.UserStore[Account], lacks ...Lack) {
	t.Helper()
	Run(t, open, UserCases(), lacks...)
}

// UserCases returns the obligations of a core.UserStore.
func UserCases() []Case[core.UserStore[Account]] {
	return slices.Concat(
		createCases, findCases, valueCases, hardCases, uniqueCases, updateCases, deleteCases, raceCases, listCases,
		queryCases, listRaceCases, cancelCases, featureCases,
	)
}

type (
	users    = core.UserStore[Account]
	userCase = Case[core.UserStore[Account]]
)

// add creates a user for each EmailKey.
func add(ctx context.Context, s users, keys ...string) ([]*Account, error) {
	var all []*Account
	for _, key := range keys {
		u := account(key)
		if err := s.Create(ctx, u); err != nil {
			return nil, is("Create "+key, err, nil)
		}
		all = append(all, u)
	}
	return all, nil
}

// holds returns an error unless the store holds u unchanged, under its ID and
// under its EmailKey.
func holds(ctx context.Context, s users, step string, u *Account) error {
	byID, err := s.Find(ctx, core.ByID(u.ID))
	if err != nil {
		return is(step+": Find by ID", err, nil)
	}
	byEmail, err := s.Find(ctx, core.ByEmail(u.EmailKey))
	if err != nil {
		return is(step+": Find by EmailKey", err, nil)
	}
	return errors.Join(same(step+": Find by ID", byID, u), same(step+": Find by EmailKey", byEmail, u))
}

var canonicalUUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// spellings returns other spellings of a UUID.
func spellings(id string) []string {
	bare := strings.ReplaceAll(id, "-", "")
	return []string{strings.ToUpper(id), bare, strings.ToUpper(bare)}
}

var createCases = []userCase{
	{Rule: "Create sets the ID where it is empty, another one for every user", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		return errors.Join(
			that(all[0].ID != "" && all[1].ID != "" && all[0].ID != all[1].ID, "IDs are %q and %q", all[0].ID, all[1].ID),
			holds(ctx, s, "first", all[0]), holds(ctx, s, "second", all[1]),
		)
	}},
	{Rule: "Create keeps the ID that it is given", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		// The store itself decides the form of its IDs.
		u := account("bob@example.com")
		u.ID = all[0].ID
		return errors.Join(
			is("Delete", s.Delete(ctx, all[0].ID), nil),
			is("Create with an ID", s.Create(ctx, u), nil),
			that(u.ID == all[0].ID, "Create changed the ID %q to %q", all[0].ID, u.ID),
			holds(ctx, s, "given ID", u),
		)
	}},
	{Rule: "Create is ErrTaken if the ID exists, and changes nothing", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		u := account("bob@example.com")
		u.ID = all[0].ID
		return errors.Join(
			is("Create with an existing ID", s.Create(ctx, u), core.ErrTaken),
			holds(ctx, s, "the first user", all[0]),
			is("Find of the refused user", second(s.Find(ctx, core.ByEmail(u.EmailKey))), core.ErrNotFound),
		)
	}},
	{Rule: "An ID is not assigned again after its user was deleted", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		if err := s.Delete(ctx, all[1].ID); err != nil {
			return is("Delete", err, nil)
		}
		later, err := add(ctx, s, "cid@example.com")
		if err != nil {
			return err
		}
		return that(later[0].ID != all[1].ID, "the ID %q came back: a token of the deleted user would be the new user's",
			all[1].ID)
	}},
}

var findCases = []userCase{
	{Rule: "Find returns the user of an ID and of an EmailKey", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		return errors.Join(holds(ctx, s, "ann", all[0]), holds(ctx, s, "bob", all[1]))
	}},
	{Rule: "Find returns ErrNotFound for an absent EmailKey", Check: func(ctx context.Context, s users) error {
		if _, err := add(ctx, s, "ann@example.com"); err != nil {
			return err
		}
		var errs []error
		for _, key := range []string{"", "bob@example.com", "ann@example.co", "ann%", "' OR '1'='1", "ann@example.com\x00",
			"\xff"} {
			errs = append(errs, is("Find by EmailKey "+show(key), second(s.Find(ctx, core.ByEmail(key))), core.ErrNotFound))
		}
		return errors.Join(errs...)
	}},
	{Rule: "P17 an ID that is absent or does not parse is ErrNotFound, everywhere", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		var errs []error
		for _, id := range strangeIDs(all[0].ID) {
			change := func(*Account) error { return errors.New("change was called") }
			errs = append(errs,
				is("Find "+show(id), second(s.Find(ctx, core.ByID(id))), core.ErrNotFound),
				is("Update "+show(id), second(s.Update(ctx, id, change)), core.ErrNotFound),
				is("Delete "+show(id), s.Delete(ctx, id), core.ErrNotFound),
			)
		}
		return errors.Join(append(errs, holds(ctx, s, "the one user", all[0]))...)
	}},
	{Rule: "Find returns ErrNotFound for unknown kinds of key", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		var errs []error
		for _, kind := range []string{"", "no such kind", "ID", "email_key", "hashed_password", "id = id OR id"} {
			errs = append(errs,
				is("Find by "+show(kind), second(s.Find(ctx, core.Key{Kind: kind, Value: all[0].ID})), core.ErrNotFound),
				is("Find by "+show(kind), second(s.Find(ctx, core.Key{Kind: kind, Value: all[0].EmailKey})), core.ErrNotFound),
			)
		}
		return errors.Join(errs...)
	}},
	{Rule: "IDs of one user in different spellings (letter case and dashes of a UUID) are one", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		if !canonicalUUID.MatchString(all[0].ID) {
			return NotDeclaredError("UUIDs as ids")
		}
		var errs []error
		for i, id := range spellings(all[0].ID) {
			again := account("cid@example.com")
			again.ID = id
			got, err := s.Update(ctx, id, func(u *Account) error { u.Credits = i; return nil })
			all[0].Credits = i
			if err != nil {
				return is("Update "+id, err, nil)
			}
			errs = append(errs,
				same("Update "+id, got, all[0]),
				is("Find "+id, second(s.Find(ctx, core.ByID(id))), nil),
				is("Create of the same ID, spelled "+id, s.Create(ctx, again), core.ErrTaken),
			)
		}
		upper := strings.ToUpper(all[1].ID)
		return errors.Join(append(errs, holds(ctx, s, "ann", all[0]), is("Delete "+upper, s.Delete(ctx, upper), nil))...)
	}},
}

// strangeIDs returns IDs that no user has, whatever the form of a store's IDs:
// some parse in one store, some in another. Those made from an existing ID
// detect databases that compare a number with the beginning of a text, or
// ignore trailing spaces.
func strangeIDs(existing string) []string {
	return []string{
		"", "0", "-1", "9223372036854775807", "9223372036854775808", "1.5", "1e0", "me", "no such id", "null", "' OR '1'='1", "{$gt: ''}",
		"00000000-0000-4000-8000-000000000000", "00000000000000000000000000000000", "0000-0000", "ffffffffffffffffffffffff",
		"\x00", "\xff", "é", strings.Repeat("a", 10<<10),
		existing + " ", " " + existing, existing + "x", existing + "\x00", existing + "-", existing + "' OR '1'='1", "x" +
			existing,
	}
}

package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// AnnID and BobID are the users whose accounts OAuthAccounts stores, and whose
// credentials Credentials does. They exist
// nowhere else: a store whose table refers to its users makes these two in
// open.
const (
	AnnID = "a1b7f0de-1c5e-4a70-9d3c-0c2f5d1e8a01"
	BobID = "b2c8e1ef-2d6f-4b81-8e4d-1d3a6e2f9b02"
)

// OAuthAccounts checks a store of accounts at providers. The form of the
// accounts' IDs does not matter.
func OAuthAccounts(t *testing.T, open func(t *testing.T) core.OAuthAccountStore, lacks ...Lack) {
	t.Helper()
	Run(t, open, OAuthAccountCases(), lacks...)
}

// OAuthAccountCases returns the obligations of a core.OAuthAccountStore.
func OAuthAccountCases() []Case[core.OAuthAccountStore] {
	return slices.Concat(
		oauthCreateCases, oauthUniqueCases, oauthFindCases, oauthValueCases, oauthHardCases, oauthUpdateCases,
		oauthDeleteCases, oauthRaceCases,
	)
}

type (
	accounts    = core.OAuthAccountStore
	accountCase = Case[core.OAuthAccountStore]
)

// link returns an account at the provider "github", with all columns set to
// plain values: odd ones have cases of their own.
func link(userID, subject string) *core.OAuthAccount {
	return &core.OAuthAccount{
		UserID: userID, Provider: "github", Subject: subject, Email: subject + "@example.com",
		AccessToken: subject + "'s access token", RefreshToken: subject + "'s refresh token",
		Expires: time.Date(2034, 2, 28, 23, 59, 59, 0, time.UTC),
	}
}

// addLinks creates an account of the user for each subject.
func addLinks(ctx context.Context, s accounts, userID string, subjects ...string) ([]*core.OAuthAccount, error) {
	var all []*core.OAuthAccount
	for _, subject := range subjects {
		a := link(userID, subject)
		if err := s.Create(ctx, a); err != nil {
			return nil, is("Create "+show(subject), err, nil)
		}
		all = append(all, a)
	}
	return all, nil
}

// holdsLink returns an error unless the store holds a unchanged.
func holdsLink(ctx context.Context, s accounts, step string, a *core.OAuthAccount) error {
	got, err := s.Find(ctx, a.Provider, a.Subject)
	if err != nil {
		return is(step+": Find", err, nil)
	}
	return sameLink(step+": Find", got, a)
}

func sameLink(step string, got, want *core.OAuthAccount) error {
	if got == nil {
		return fmt.Errorf("%s: got no account", step)
	}
	return sameFields(step, reflect.ValueOf(*got), reflect.ValueOf(*want))
}

// lists returns an error unless List of the user returns want, in that order.
func lists(ctx context.Context, s accounts, step, userID string, want ...*core.OAuthAccount) error {
	got, err := s.List(ctx, userID)
	if err != nil {
		return is(step+": List", err, nil)
	}
	if len(got) != len(want) {
		return fmt.Errorf("%s: List returns %d accounts, want %d", step, len(got), len(want))
	}
	var errs []error
	for i := range want {
		errs = append(errs, sameLink(fmt.Sprintf("%s: List, account %d", step, i), got[i], want[i]))
	}
	return errors.Join(errs...)
}

// unlinked returns an error unless the provider's account belongs to nobody.
func unlinked(ctx context.Context, s accounts, provider, subject string) error {
	return is("Find of "+show(provider)+", "+show(subject), second(s.Find(ctx, provider, subject)), core.ErrNotFound)
}

var oauthCreateCases = []accountCase{
	{Rule: "Create sets the ID where it is empty, another one for every account", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one", "two")
		if err != nil {
			return err
		}
		return errors.Join(
			that(all[0].ID != "" && all[1].ID != "" && all[0].ID != all[1].ID, "IDs are %q and %q", all[0].ID, all[1].ID),
			holdsLink(ctx, s, "first", all[0]), holdsLink(ctx, s, "second", all[1]),
		)
	}},
	{Rule: "Create keeps the ID that it is given", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		// The store itself decides the form of its IDs.
		a := link(BobID, "two")
		a.ID = all[0].ID
		return errors.Join(
			is("Delete", s.Delete(ctx, all[0].ID), nil),
			is("Create with an ID", s.Create(ctx, a), nil),
			that(a.ID == all[0].ID, "Create changed the ID %q to %q", all[0].ID, a.ID),
			holdsLink(ctx, s, "given ID", a),
		)
	}},
	{Rule: "Create is ErrTaken if the ID exists, and changes nothing", Check: func(ctx context.Context, s accounts) error {
		all, err := addLinks(ctx, s, AnnID, "one")
		if err != nil {
			return err
		}
		a := link(BobID, "two")
		a.ID = all[0].ID
		return errors.Join(
			is("Create with an existing ID", s.Create(ctx, a), core.ErrTaken),
			holdsLink(ctx, s, "the first account", all[0]),
			unlinked(ctx, s, "github", "two"), lists(ctx, s, "the other user", BobID),
		)
	}},
}

var oauthFindCases = []accountCase{
	{Rule: "Find returns ErrNotFound for an account that nobody has linked", Check: func(ctx context.Context, s accounts) error {
		if _, err := addLinks(ctx, s, AnnID, "one"); err != nil {
			return err
		}
		var errs []error
		for _, absent := range [][2]string{
			{"github", "two"}, {"google", "one"}, {"one", "github"}, {"", ""}, {"github", ""}, {"", "one"}, {"github", "on%"}, {"githubo", "ne"},
			{"github", "' OR '1'='1"}, {"github", "one\x00"}, {"github\x00", "one"}, {"\xff", "one"}, {"github", "\xff"},
		} {
			errs = append(errs, unlinked(ctx, s, absent[0], absent[1]))
		}
		return errors.Join(errs...)
	}},
	{Rule: "List returns a user's accounts, the oldest first, and nobody else's", Check: func(ctx context.Context, s accounts) error {
		var all []*core.OAuthAccount
		for _, subject := range []string{"m", "z", "a", "k", "b", "y", "c", "x"} {
			mine, err := addLinks(ctx, s, AnnID, subject)
			other, err2 := addLinks(ctx, s, BobID, subject+"'s friend")
			if err := errors.Join(err, err2); err != nil {
				return err
			}
			all = append(all, mine[0], other[0])
		}
		var mine, others []*core.OAuthAccount
		for pair := range slices.Chunk(all, 2) {
			mine, others = append(mine, pair[0]), append(others, pair[1])
		}
		changed, err := s.Update(ctx, mine[2].ID,
			func(a *core.OAuthAccount) error { a.Email = "changed@example.com"; return nil })
		if err != nil {
			return is("Update", err, nil)
		}
		mine[2] = changed
		return errors.Join(lists(ctx, s, "after an Update", AnnID, mine...),
			lists(ctx, s, "the other user", BobID, others...))
	}},
	{Rule: "List of a user without accounts, or of no user at all, is empty", Check: func(ctx context.Context, s accounts) error {
		if _, err := addLinks(ctx, s, AnnID, "one"); err != nil {
			return err
		}
		errs := []error{lists(ctx, s, "a user without accounts", BobID)}
		for _, id := range strangeIDs(AnnID) {
			errs = append(errs, lists(ctx, s, show(id), id))
		}
		return errors.Join(errs...)
	}},
}

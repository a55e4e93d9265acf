package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// UsersWithRules checks a store of users whose database has two rules of the
// application's own: a unique index of Nick, and a constraint by which Credits
// is at least 0. It is for stores whose databases have such rules; Users checks
// the rest.
func UsersWithRules(t *testing.T, open func(t *testing.T) core.UserStore[Account], lacks ...Lack) {
	t.Helper()
	Run(t, open, UserRuleCases(), lacks...)
}

// UserRuleCases returns the obligations that UsersWithRules checks.
func UserRuleCases() []Case[core.UserStore[Account]] { return slices.Clone(ruleCases) }

const refusedCredits = -765432

// breaksRule returns an error unless err is a refusal of Credits, or of a field
// that is not named, whose text has no value.
func breaksRule(step string, err error) error {
	var refused *core.RefusedError
	if !errors.As(err, &refused) {
		return that(false, "%s: got %v, want a *core.RefusedError", step, err)
	}
	return errors.Join(
		noSentinel(step, err),
		that(refused.Field == "" || refused.Field == "Credits", "%s: the field is %q, want Credits or none", step,
			refused.Field),
		that(!strings.Contains(err.Error(), "765432"), "%s: the error quotes the value: %v", step, err),
	)
}

var ruleCases = []userCase{
	{Rule: "F29 A unique index of the application's own is ErrConflict, and not ErrTaken; nothing is changed", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		u := account("cid@example.com")
		u.Nick = all[0].Nick
		created := s.Create(ctx, u)
		_, updated := s.Update(ctx, all[1].ID, func(u *Account) error { u.Nick, u.Credits = all[0].Nick, 5; return nil })
		return errors.Join(
			is("Create", created, core.ErrConflict), that(!errors.Is(created, core.ErrTaken), "Create is ErrTaken too"),
			is("Update", updated, core.ErrConflict), that(!errors.Is(updated, core.ErrTaken), "Update is ErrTaken too"),
			that(u.ID == "", "the refused user has the ID %q", u.ID), listsKeys(ctx, s, "", all[0].EmailKey, all[1].EmailKey),
			holds(ctx, s, "the updated user", all[1]),
		)
	}},
	{Rule: "F29 Beside such an index the EmailKey and the ID are ErrTaken", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		sameKey, sameID := account("ann@example.com"), account("cid@example.com")
		sameKey.Nick, sameID.ID = "another", all[0].ID
		_, updated := s.Update(ctx, all[1].ID, func(u *Account) error { u.EmailKey = all[0].EmailKey; return nil })
		return errors.Join(is("Create of an EmailKey", s.Create(ctx, sameKey), core.ErrTaken),
			is("Create of an ID", s.Create(ctx, sameID), core.ErrTaken), is("Update", updated, core.ErrTaken))
	}},
	{Rule: "F29 A constraint of the application's own is a *RefusedError, without the value; nothing is changed", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		u := account("bob@example.com")
		u.Credits = refusedCredits
		created := s.Create(ctx, u)
		_, updated := s.Update(ctx, all[0].ID, func(u *Account) error {
			u.Credits, u.Nick = refusedCredits, "new"
			return nil
		})
		return errors.Join(breaksRule("Create", created), breaksRule("Update", updated),
			that(u.ID == "", "the refused user has the ID %q", u.ID), listsKeys(ctx, s, "", all[0].EmailKey),
			holds(ctx, s, "the updated user", all[0]))
	}},
	{Rule: "F29 What the rules allow is stored", Check: func(ctx context.Context, s users) error {
		all, err := add(ctx, s, "ann@example.com")
		if err != nil {
			return err
		}
		want := all[0]
		want.Nick, want.Credits = "another", 0
		_, err = s.Update(ctx, want.ID, func(u *Account) error { u.Nick, u.Credits = want.Nick, 0; return nil })
		u := account("bob@example.com")
		u.Nick = "ann@example.com's nick" // which is free again
		return errors.Join(is("Update", err, nil), holds(ctx, s, "updated", want), is("Create", s.Create(ctx, u), nil))
	}},
	{Rule: "F29 A refusal that do returns undoes its transaction", Check: func(ctx context.Context, s users) error {
		t, ok := core.As[core.Transactor](s)
		if !ok {
			return NotDeclaredError("core.Transactor")
		}
		if _, err := add(ctx, s, "eve@example.com"); err != nil {
			return err
		}
		bad := account("bob@example.com")
		bad.Credits = refusedCredits
		err := t.Transact(ctx, func(ctx context.Context) error {
			if err := s.Create(ctx, account("ann@example.com")); err != nil {
				return err
			}
			return s.Create(ctx, bad)
		})
		return errors.Join(breaksRule("Transact", err), listsKeys(ctx, s, "", "eve@example.com"))
	}},
}

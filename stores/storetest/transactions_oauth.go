package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

// linked makes a case about users and their accounts at providers.
func linked(check func(ctx context.Context, s Database) error) func(context.Context, Database) error {
	return func(ctx context.Context, s Database) error {
		if s.OAuthAccounts == nil {
			return NotDeclaredError("core.OAuthAccountStore over the same database")
		}
		return check(ctx, s)
	}
}

// signUp creates a user and their account at a provider, in the transaction of
// ctx.
func signUp(ctx context.Context, s Database, emailKey, subject string) (*Account, error) {
	u := account(emailKey)
	if err := s.Users.Create(ctx, u); err != nil {
		return u, err
	}
	return u, s.OAuthAccounts.Create(ctx, link(u.ID, subject))
}

// belongs returns an error unless the account is the user's.
func belongs(ctx context.Context, s Database, subject, userID string) error {
	a, err := s.OAuthAccounts.Find(ctx, "github", subject)
	if err != nil {
		return is("Find of the account "+subject, err, nil)
	}
	return that(a.UserID == userID, "the account %s is the user's %q, want %q", subject, a.UserID, userID)
}

var linkedCases = []Case[Database]{
	{Rule: "A user and an account are made in one transaction, or neither is", Check: linked(func(ctx context.Context, s Database) error {
		var u *Account
		register := func(outcome error) error {
			return s.Transactor.Transact(ctx, func(ctx context.Context) (err error) {
				if u, err = signUp(ctx, s, "ann@example.com", "one"); err != nil {
					return err
				}
				if err := belongs(ctx, s, "one", u.ID); err != nil {
					return err
				}
				return outcome
			})
		}
		return errors.Join(
			is("Transact", register(errRollback), errRollback), exists(ctx, s, "ann@example.com", core.ErrNotFound),
			unlinked(ctx, s.OAuthAccounts, "github", "one"),
			is("Transact", register(nil), nil), exists(ctx, s, "ann@example.com", nil), belongs(ctx, s, "one", u.ID),
		)
	})},
	{Rule: "A refusal of an account (ErrTaken, ErrNotFound, an error of change) does not spoil the transaction", Check: linked(func(ctx context.Context, s Database) error {
		ann, err := signUp(ctx, s, "ann@example.com", "one")
		if err != nil {
			return is("Create", err, nil)
		}
		err = s.Transactor.Transact(ctx, func(ctx context.Context) error {
			bob := account("bob@example.com")
			if err := s.Users.Create(ctx, bob); err != nil {
				return err
			}
			one, err := s.OAuthAccounts.Find(ctx, "github", "one")
			if err != nil {
				return err
			}
			refuse := func(a *core.OAuthAccount) error { a.UserID = bob.ID; return errRollback }
			return errors.Join(
				is("Create of a taken account", s.OAuthAccounts.Create(ctx, link(bob.ID, "one")), core.ErrTaken),
				is("Update with an error", second(s.OAuthAccounts.Update(ctx, one.ID, refuse)), errRollback),
				is("Delete of an absent account", s.OAuthAccounts.Delete(ctx, "no such id"), core.ErrNotFound),
				is("Create after refusals", s.OAuthAccounts.Create(ctx, link(bob.ID, "two")), nil),
			)
		})
		return errors.Join(is("Transact", err, nil), exists(ctx, s, "bob@example.com", nil), belongs(ctx, s, "one", ann.ID),
			is("Find of the account two", second(s.OAuthAccounts.Find(ctx, "github", "two")), nil))
	})},
	{Rule: "Of concurrent transactions that make a user for one account one is kept", Check: linked(func(ctx context.Context, s Database) error {
		const n = 16
		made := make([]*Account, n)
		errs := together(n, func(i int) error {
			return s.Transactor.Transact(ctx, func(ctx context.Context) (err error) {
				made[i], err = signUp(ctx, s, fmt.Sprintf("user%d@example.com", i), "one")
				return err
			})
		})
		page, _, err := s.Users.List(ctx, core.Query{Email: "user", Limit: 100})
		err = errors.Join(tally("Transact", errs, 1, core.ErrTaken), is("List", err, nil),
			that(len(page) == 1, "%d users were created, want 1", len(page)))
		for i := range errs {
			if errs[i] == nil {
				err = errors.Join(err, belongs(ctx, s, "one", made[i].ID))
			}
		}
		return err
	})},
	{Rule: "Delete of a user and of their accounts is undone with its transaction", Check: linked(func(ctx context.Context, s Database) error {
		ann, err1 := signUp(ctx, s, "ann@example.com", "one")
		bob, err2 := signUp(ctx, s, "bob@example.com", "two")
		if err := errors.Join(err1, err2); err != nil {
			return is("Create", err, nil)
		}
		var inside error
		err := s.Transactor.Transact(ctx, func(ctx context.Context) error {
			inside = errors.Join(is("Delete", s.Users.Delete(ctx, ann.ID), nil), unlinked(ctx, s.OAuthAccounts, "github", "one"))
			return errRollback
		})
		return errors.Join(
			inside, is("Transact", err, errRollback),
			exists(ctx, s, "ann@example.com", nil), belongs(ctx, s, "one", ann.ID), belongs(ctx, s, "two", bob.ID),
		)
	})},
}

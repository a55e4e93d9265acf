package storetest

import (
	"bytes"
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// credentialJoint is a case about users and their credentials.
func credentialJoint(
	check func(ctx context.Context, s Database, c credentials) error,
) func(context.Context, Database) error {
	return func(ctx context.Context, s Database) error {
		if s.Credentials == nil {
			return NotDeclaredError("core.CredentialStore over the same database")
		}
		return check(ctx, s, credentials{s.Credentials, RealClock()})
	}
}

// enrol makes a user and a passkey of theirs, in the transaction of ctx.
func enrol(ctx context.Context, s Database, c credentials, emailKey, key string) (*Account, *core.Credential, error) {
	u := account(emailKey)
	err := s.Users.Create(ctx, u)
	one := credential(c, u.ID, key)
	if err != nil {
		return u, one, err
	}
	return u, one, c.Store.Create(ctx, one, 1)
}

var credentialJointCases = []Case[Database]{
	{Rule: "A user and a credential are made in one transaction, or neither is", Check: credentialJoint(func(ctx context.Context, s Database, c credentials) error {
		var one *core.Credential
		register := func(outcome error) error {
			return s.Transactor.Transact(ctx, func(ctx context.Context) (err error) {
				if _, one, err = enrol(ctx, s, c, "ann@example.com", "one"); err != nil {
					return err
				}
				if err := holdsCredential(ctx, c, "inside", one); err != nil {
					return err
				}
				return outcome
			})
		}
		return errors.Join(
			is("Transact", register(errRollback), errRollback), exists(ctx, s, "ann@example.com", core.ErrNotFound),
			unknown(ctx, c, "one"),
			is("Transact", register(nil), nil), exists(ctx, s, "ann@example.com", nil),
			holdsCredential(ctx, c, "afterwards", one),
		)
	})},
	{Rule: "A refusal of a credential (ErrTaken, ErrFull, ErrNotFound, an error of change) does not spoil the transaction", Check: credentialJoint(func(ctx context.Context, s Database, c credentials) error {
		ann, one, err := enrol(ctx, s, c, "ann@example.com", "one")
		if err != nil {
			return is("Create", err, nil)
		}
		var two *core.Credential
		err = s.Transactor.Transact(ctx, func(ctx context.Context) error {
			refuse := func(stored *core.Credential) error { stored.Label = "changed"; return core.ErrUsed }
			two = credential(c, ann.ID, "two")
			return errors.Join(
				is("Create of a taken key", c.Store.Create(ctx, credential(c, ann.ID, "one"), 0), core.ErrTaken),
				is("Create of one too many", c.Store.Create(ctx, credential(c, ann.ID, "two"), 1), core.ErrFull),
				is("Update with an error", second(c.Store.Update(ctx, "passkey", ann.ID, one.ID, refuse)), core.ErrUsed),
				is("Delete of an absent one", c.Store.Delete(ctx, "passkey", ann.ID, "no such id"), core.ErrNotFound),
				is("Create after refusals", c.Store.Create(ctx, two, 2), nil),
			)
		})
		return errors.Join(is("Transact", err, nil), owns(ctx, c, "afterwards", "", ann.ID, one, two))
	})},
	{Rule: "M07 of concurrent transactions that use one code up one is kept", Unless: NoAtomicUpdates, Check: credentialJoint(func(ctx context.Context, s Database, c credentials) error {
		ann, one, err := enrol(ctx, s, c, "ann@example.com", "one")
		if err != nil {
			return is("Create", err, nil)
		}
		errs := together(16, func(int) error {
			return s.Transactor.Transact(ctx, func(ctx context.Context) error {
				_, err := c.Store.Update(ctx, "passkey", ann.ID, one.ID, func(stored *core.Credential) error {
					if bytes.Equal(stored.Data, []byte("used")) {
						return core.ErrUsed
					}
					stored.Data = []byte("used")
					return nil
				})
				if err != nil {
					return err
				}
				return second(s.Users.Update(ctx, ann.ID, func(u *Account) error { u.Credits++; return nil }))
			})
		})
		ann.Credits, one.Data = ann.Credits+1, []byte("used")
		return errors.Join(tally("Transact", errs, 1, core.ErrUsed), holds(ctx, s.Users, "the user", ann),
			holdsCredential(ctx, c, "the credential", one))
	})},
	{Rule: "Delete of a user and of their credentials is undone with its transaction", Check: credentialJoint(func(ctx context.Context, s Database, c credentials) error {
		ann, one, err1 := enrol(ctx, s, c, "ann@example.com", "one")
		bob, two, err2 := enrol(ctx, s, c, "bob@example.com", "two")
		if err := errors.Join(err1, err2); err != nil {
			return is("Create", err, nil)
		}
		var inside error
		err := s.Transactor.Transact(ctx, func(ctx context.Context) error {
			inside = errors.Join(is("Delete", s.Users.Delete(ctx, ann.ID), nil), unknown(ctx, c, "one"))
			return errRollback
		})
		return errors.Join(inside, is("Transact", err, errRollback), exists(ctx, s, "ann@example.com", nil),
			owns(ctx, c, "ann", "", ann.ID, one), owns(ctx, c, "bob", "", bob.ID, two))
	})},
}

// credentialCascadeCases need no transaction.
var credentialCascadeCases = []Case[Database]{
	{Rule: "Delete of a user removes their credentials, of every kind, and nobody else's", Check: credentialJoint(func(ctx context.Context, s Database, c credentials) error {
		ann, _, err1 := enrol(ctx, s, c, "ann@example.com", "one")
		bob, two, err2 := enrol(ctx, s, c, "bob@example.com", "two")
		if err := errors.Join(err1, err2); err != nil {
			return is("Create", err, nil)
		}
		totp := credential(c, ann.ID, "three")
		totp.Kind = "totp"
		return errors.Join(is("Create", c.Store.Create(ctx, totp, 0), nil), is("Delete", s.Users.Delete(ctx, ann.ID), nil),
			unknown(ctx, c, "one"), is("Find", second(c.Store.Find(ctx, "totp", "three")), core.ErrNotFound),
			owns(ctx, c, "the deleted user", "", ann.ID), owns(ctx, c, "the other user", "", bob.ID, two))
	})},
}

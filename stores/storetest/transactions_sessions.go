package storetest

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// sessionJoint makes a case about users and sessions.
func sessionJoint(
	check func(ctx context.Context, s Database, sessions sessions) error,
) func(context.Context, Database) error {
	return func(ctx context.Context, s Database) error {
		if s.Sessions == nil {
			return NotDeclaredError("core.SessionStore over the same database")
		}
		return check(ctx, s, sessions{s.Sessions, RealClock()})
	}
}

var sessionJointCases = []Case[Database]{
	{Rule: "A user and their sessions change in one transaction, or neither does", Check: sessionJoint(func(ctx context.Context, s Database, t sessions) error {
		all, err := add(ctx, s.Users, "ann@example.com")
		if err != nil {
			return err
		}
		id := all[0].ID
		logOut := func(outcome error) error {
			return s.Transactor.Transact(ctx, func(ctx context.Context) error {
				_, err := s.Users.Update(ctx, id, func(u *Account) error { u.TokenEpoch = 2; return nil })
				return errors.Join(is("Update", err, nil), is("DeleteAll", s.Sessions.DeleteAll(ctx, id, 2, noOne), nil),
					is("Create", login(ctx, t, "new", id, 2), nil), dead(ctx, t, "old"), hasEpoch(ctx, t, "new", 2), outcome)
			})
		}
		err = errors.Join(create(ctx, t, id, "old"), is("Transact", logOut(errRollback), errRollback),
			hasEpoch(ctx, t, "old", 1), dead(ctx, t, "new"), create(ctx, t, id, "again"), alive(ctx, t, "again"),
			holds(ctx, s.Users, "undone", all[0]),
			is("Transact", logOut(nil), nil))
		all[0].TokenEpoch = 2
		return errors.Join(err, dead(ctx, t, "old"), dead(ctx, t, "again"), hasEpoch(ctx, t, "new", 2),
			below(ctx, t, "late", id, 1),
			holds(ctx, s.Users, "done", all[0]))
	})},
	{Rule: "A refusal of a session (ErrTaken, ErrInvalid, ErrNotFound) does not spoil the transaction", Check: sessionJoint(func(ctx context.Context, s Database, t sessions) error {
		err := errors.Join(create(ctx, t, "ann", "one"), is("DeleteAll", s.Sessions.DeleteAll(ctx, "bob", 2, noOne), nil))
		return errors.Join(err, is("Transact", s.Transactor.Transact(ctx, func(ctx context.Context) error {
			return errors.Join(is("Create of the same digest", login(ctx, t, "one", "ann", 1), core.ErrTaken),
				below(ctx, t, "low", "bob", 1),
				is("Touch", touch(ctx, t, "none"), core.ErrNotFound), second(add(ctx, s.Users, "ann@example.com")))
		}), nil), exists(ctx, s, "ann@example.com", nil))
	})},
	{Rule: "Rotator: a Rotate is undone with its transaction, and kept with it", Check: sessionJoint(func(ctx context.Context, s Database, t sessions) error {
		return rotating(func(ctx context.Context, t sessions) error {
			err := create(ctx, t, "ann", "id")
			first, next := turn(t, "", "one"), turn(t, "one", "two")
			replaced := func(outcome error) error {
				return s.Transactor.Transact(ctx, func(ctx context.Context) error {
					_, err := add(ctx, s.Users, "ann@example.com")
					return errors.Join(err, rotates(ctx, t, "id", next), outcome)
				})
			}
			return errors.Join(err, rotates(ctx, t, "id", first), is("Transact", replaced(errRollback), errRollback),
				exists(ctx, s, "ann@example.com", core.ErrNotFound), dull(ctx, t, "id", turn(t, "none", "never"), first.Next),
				is("Transact", replaced(nil), nil), exists(ctx, s, "ann@example.com", nil),
				dull(ctx, t, "id", turn(t, "none", "never"), next.Next))
		})(ctx, t)
	})},
}

// cascadeCases need no transaction.
var cascadeCases = []Case[Database]{
	{Rule: "Delete of a user removes their sessions, and nobody else's", Check: sessionJoint(func(ctx context.Context, s Database, t sessions) error {
		all, err := add(ctx, s.Users, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		ann, bob := all[0].ID, all[1].ID
		return errors.Join(create(ctx, t, ann, "one", "two"), create(ctx, t, bob, "three"), alive(ctx, t, "one"),
			is("Delete", s.Users.Delete(ctx, ann), nil), dead(ctx, t, "one"), dead(ctx, t, "two"), alive(ctx, t, "three"))
	})},
	{Rule: "Delete of a user removes their tickets, used or not, and nobody else's", Check: joint(func(ctx context.Context, s Database, t tickets) error {
		all, err := add(ctx, s.Users, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		for i, name := range []string{"anns", "anns used", "bobs"} {
			one := ticket(t, name)
			one.UserID = all[i/2].ID
			err = errors.Join(err, is("Put", s.Tickets.Put(ctx, one, false), nil))
		}
		return errors.Join(err, consumes(ctx, t, "anns used", nil), burns(ctx, t, "reset", "burned", nil),
			is("Delete", s.Users.Delete(ctx, all[0].ID), nil),
			finds(ctx, t, "anns", core.ErrNotFound), consumes(ctx, t, "anns", core.ErrNotFound),
			finds(ctx, t, "anns used", core.ErrNotFound),
			finds(ctx, t, "bobs", nil), finds(ctx, t, "burned", core.ErrUsed))
	})},
	{Rule: "Delete of a user removes their accounts, and nobody else's", Check: linked(func(ctx context.Context, s Database) error {
		ann, err1 := signUp(ctx, s, "ann@example.com", "one")
		bob, err2 := signUp(ctx, s, "bob@example.com", "two")
		return errors.Join(err1, err2, is("Delete", s.Users.Delete(ctx, ann.ID), nil),
			unlinked(ctx, s.OAuthAccounts, "github", "one"), lists(ctx, s.OAuthAccounts, "the deleted user", ann.ID),
			belongs(ctx, s, "two", bob.ID))
	})},
}

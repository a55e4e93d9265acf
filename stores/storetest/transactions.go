package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// Database is a set of empty stores on one database, which join one another's
// transactions. They read the real time.
type Database struct {
	Users core.UserStore[Account]
	// The others are nil if the same database has none; that is logged, and
	// they are not checked.
	Transactor    core.Transactor
	Sessions      core.SessionStore
	Tickets       core.TicketStore
	OAuthAccounts core.OAuthAccountStore
	Credentials   core.CredentialStore
	Audit         core.AuditStore
}

// Transactions checks stores on one database. Without a Transactor the only
// rules left are that deleting a user removes everything of theirs.
func Transactions(t *testing.T, open func(t *testing.T) Database, lacks ...Lack) {
	t.Helper()
	Run(t, open, TransactionCases(), lacks...)
}

// TransactionCases returns the obligations of stores on one database, and of
// its core.Transactor.
func TransactionCases() []Case[Database] {
	cases := slices.Concat(
		transactionCases, isolationCases, lockCases, jointCases, linkedCases, sessionJointCases, credentialJointCases,
		auditJointCases, auditForgetJointCases,
	)
	for i, c := range cases {
		cases[i].Check = func(ctx context.Context, s Database) error {
			if s.Transactor == nil {
				return NotDeclaredError("core.Transactor over the same database")
			}
			return c.Check(ctx, s)
		}
	}
	return slices.Concat(cases, cascadeCases, credentialCascadeCases, auditCascadeCases)
}

// exists returns an error unless Find of the EmailKey returns want: nil or
// ErrNotFound.
func exists(ctx context.Context, s Database, emailKey string, want error) error {
	return is("Find of "+emailKey, second(s.Users.Find(ctx, core.ByEmail(emailKey))), want)
}

var errRollback = errors.New("roll back")

var transactionCases = []Case[Database]{
	{Rule: "A transaction without an error is kept, and reads what it wrote", Check: func(ctx context.Context, s Database) error {
		err := s.Transactor.Transact(ctx, func(ctx context.Context) error {
			all, err := add(ctx, s.Users, "ann@example.com", "bob@example.com")
			if err != nil {
				return err
			}
			_, err = s.Users.Update(ctx, all[0].ID, func(u *Account) error { u.Credits = 77; return nil })
			all[0].Credits = 77
			return errors.Join(is("Update", err, nil), holds(ctx, s.Users, "inside", all[0]),
				is("Delete", s.Users.Delete(ctx, all[1].ID), nil),
				exists(ctx, s, "bob@example.com", core.ErrNotFound))
		})
		found, err2 := s.Users.Find(ctx, core.ByEmail("ann@example.com"))
		if err2 != nil {
			return errors.Join(err, is("Find", err2, nil))
		}
		return errors.Join(is("Transact", err, nil), that(found.Credits == 77, "Credits are %d, want 77", found.Credits),
			exists(ctx, s, "bob@example.com", core.ErrNotFound))
	}},
	{Rule: "An error of do undoes everything and is returned as it is", Check: func(ctx context.Context, s Database) error {
		all, err := add(ctx, s.Users, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		var errs []error
		for _, reason := range []error{errRollback, core.ErrTaken, core.Forbidden()} {
			var inside error
			err := s.Transactor.Transact(ctx, func(ctx context.Context) error {
				_, err := s.Users.Update(ctx, all[0].ID,
					func(u *Account) error { u.Credits, u.EmailKey = 77, "changed@example.com"; return nil })
				_, err2 := add(ctx, s.Users, "cid@example.com")
				inside = errors.Join(err, err2, s.Users.Delete(ctx, all[1].ID))
				return reason
			})
			errs = append(errs, is("inside", inside, nil), asIs("Transact", err, reason))
		}
		return errors.Join(append(errs, holds(ctx, s.Users, "ann", all[0]), holds(ctx, s.Users, "bob", all[1]),
			exists(ctx, s, "cid@example.com", core.ErrNotFound), exists(ctx, s, "changed@example.com", core.ErrNotFound))...)
	}},
	{Rule: "A panic of do undoes everything and goes on", Check: func(ctx context.Context, s Database) error {
		recovered := func() (v any) {
			defer func() { v = recover() }()
			return s.Transactor.Transact(ctx, func(ctx context.Context) error {
				if _, err := add(ctx, s.Users, "ann@example.com"); err != nil {
					return err
				}
				panic("broken")
			})
		}()
		err := that(recovered == "broken", "recovered %v, want do's own panic", recovered)
		_, err2 := add(ctx, s.Users, "ann@example.com")
		return errors.Join(err, is("Create after the panic", err2, nil))
	}},
	{Rule: "Transact nests: what the inner one did is undone with the outer one", Check: func(ctx context.Context, s Database) error {
		err := s.Transactor.Transact(ctx, func(ctx context.Context) error {
			_, err := add(ctx, s.Users, "ann@example.com")
			err = errors.Join(err, s.Transactor.Transact(ctx, func(ctx context.Context) error {
				_, err := add(ctx, s.Users, "bob@example.com")
				return errors.Join(err, exists(ctx, s, "ann@example.com", nil))
			}))
			return errors.Join(is("inside", err, nil), exists(ctx, s, "bob@example.com", nil), errRollback)
		})
		return errors.Join(that(err != nil && err.Error() == errRollback.Error(), "Transact: got error %v, want only %v", err,
			errRollback),
			exists(ctx, s, "ann@example.com", core.ErrNotFound), exists(ctx, s, "bob@example.com", core.ErrNotFound))
	}},
	{Rule: "Transact nests: both are kept, and an error of the inner one comes out as it is", Check: func(ctx context.Context, s Database) error {
		err := s.Transactor.Transact(ctx, func(ctx context.Context) error {
			err := s.Transactor.Transact(ctx,
				func(ctx context.Context) error { return second(add(ctx, s.Users, "ann@example.com")) })
			refused := s.Transactor.Transact(ctx, func(context.Context) error { return errRollback })
			return errors.Join(is("inner", err, nil), asIs("inner", refused, errRollback))
		})
		return errors.Join(is("Transact", err, nil), exists(ctx, s, "ann@example.com", nil))
	}},
	{Rule: "A refusal (ErrTaken, ErrNotFound, an error of change) does not spoil the transaction", Check: func(ctx context.Context, s Database) error {
		all, err := add(ctx, s.Users, "ann@example.com", "bob@example.com")
		if err != nil {
			return err
		}
		err = s.Transactor.Transact(ctx, func(ctx context.Context) error {
			_, err := add(ctx, s.Users, "before@example.com")
			rename := func(u *Account) error { u.EmailKey = "ann@example.com"; return nil }
			refuse := func(u *Account) error { u.Credits = 77; return errRollback }
			err = errors.Join(err,
				is("Create of a taken EmailKey", s.Users.Create(ctx, account("ann@example.com")), core.ErrTaken),
				is("Update to a taken EmailKey", second(s.Users.Update(ctx, all[1].ID, rename)), core.ErrTaken),
				is("Update with an error", second(s.Users.Update(ctx, all[1].ID, refuse)), errRollback),
				is("Delete of an absent user", s.Users.Delete(ctx, "no such id"), core.ErrNotFound))
			_, err2 := add(ctx, s.Users, "after@example.com")
			return errors.Join(err, is("a statement after refusals", err2, nil))
		})
		return errors.Join(is("Transact", err, nil), exists(ctx, s, "before@example.com", nil),
			exists(ctx, s, "after@example.com", nil),
			holds(ctx, s.Users, "bob", all[1]))
	}},
	{Rule: "K04 concurrent transactions lose no Update", Unless: NoAtomicUpdates, Check: func(ctx context.Context, s Database) error {
		all, err := add(ctx, s.Users, "ann@example.com")
		if err != nil {
			return err
		}
		const n = 16
		errs := together(n, func(i int) error {
			return s.Transactor.Transact(ctx, func(ctx context.Context) error {
				if _, err := s.Users.Update(ctx, all[0].ID, func(u *Account) error { u.Credits++; return nil }); err != nil {
					return err
				}
				return s.Users.Create(ctx, account(fmt.Sprintf("user%d@example.com", i)))
			})
		})
		all[0].Credits += n
		page, _, err := s.Users.List(ctx, core.Query{Email: "user", Limit: 100})
		return errors.Join(tally("Transact", errs, n, nil), holds(ctx, s.Users, "ann", all[0]), is("List", err, nil),
			that(len(page) == n, "%d users were created, want %d", len(page), n))
	}},
}

// joint makes a case about users and tickets.
func joint(check func(ctx context.Context, s Database, t tickets) error) func(context.Context, Database) error {
	return func(ctx context.Context, s Database) error {
		if s.Tickets == nil {
			return NotDeclaredError("core.TicketStore over the same database")
		}
		return check(ctx, s, tickets{s.Tickets, NewClock()})
	}
}

var jointCases = []Case[Database]{
	{Rule: "A user and a ticket change in one transaction, or neither does", Check: joint(func(ctx context.Context, s Database, t tickets) error {
		all, err := add(ctx, s.Users, "ann@example.com")
		if err != nil {
			return err
		}
		reset := func(outcome error) error {
			return s.Transactor.Transact(ctx, func(ctx context.Context) error {
				if _, err := s.Tickets.Consume(ctx, "reset", key("one")); err != nil {
					return err
				}
				_, err := s.Users.Update(ctx, all[0].ID, func(u *Account) error { u.TokenEpoch++; return nil })
				return errors.Join(is("Update", err, nil), finds(ctx, t, "one", core.ErrUsed), outcome)
			})
		}
		err = errors.Join(put(ctx, t, "one", false), is("Transact", reset(errRollback), errRollback),
			finds(ctx, t, "one", nil), holds(ctx, s.Users, "undone", all[0]),
			is("Transact", reset(nil), nil))
		all[0].TokenEpoch++
		return errors.Join(err, finds(ctx, t, "one", core.ErrUsed), holds(ctx, s.Users, "done", all[0]),
			is("Transact", reset(nil), core.ErrUsed))
	})},
	{Rule: "A refusal of a ticket (ErrTaken, ErrUsed) does not spoil the transaction", Check: joint(func(ctx context.Context, s Database, t tickets) error {
		err := put(ctx, t, "one", false)
		return errors.Join(err, is("Transact", s.Transactor.Transact(ctx, func(ctx context.Context) error {
			again := s.Tickets.Put(ctx, ticket(t, "one"), false)
			return errors.Join(is("Put of the same digest", again, core.ErrTaken), burns(ctx, t, "reset", "two", nil),
				burns(ctx, t, "reset", "two", core.ErrUsed),
				consumes(ctx, t, "one", nil), second(add(ctx, s.Users, "ann@example.com")))
		}), nil), exists(ctx, s, "ann@example.com", nil), finds(ctx, t, "one", core.ErrUsed),
			finds(ctx, t, "two", core.ErrUsed))
	})},
	{Rule: "M04 Fail counts outside the transaction: undoing it returns no attempt", Check: joint(func(ctx context.Context, s Database, t tickets) error {
		err := put(ctx, t, "one", false)
		for range 3 {
			err = errors.Join(err, is("Transact", s.Transactor.Transact(ctx, func(ctx context.Context) error {
				return errors.Join(fails(ctx, t, "one", nil), errRollback)
			}), errRollback))
		}
		return errors.Join(err, finds(ctx, t, "one", core.ErrNotFound))
	})},
	{Rule: "M04 Fail in a transaction that is kept counts once", Check: joint(func(ctx context.Context, s Database, t tickets) error {
		err := put(ctx, t, "one", false)
		for range 2 {
			err = errors.Join(err,
				is("Transact", s.Transactor.Transact(ctx, func(ctx context.Context) error { return fails(ctx, t, "one", nil) }),
					nil))
		}
		return errors.Join(err, finds(ctx, t, "one", nil), fails(ctx, t, "one", nil), finds(ctx, t, "one", core.ErrNotFound))
	})},
	{Rule: "R01 of concurrent transactions that consume one ticket one is kept", Unless: NoAtomicUpdates, Check: joint(func(ctx context.Context, s Database, t tickets) error {
		all, err := add(ctx, s.Users, "ann@example.com")
		if err != nil {
			return err
		}
		err = put(ctx, t, "one", false)
		errs := together(16, func(int) error {
			return s.Transactor.Transact(ctx, func(ctx context.Context) error {
				if _, err := s.Tickets.Consume(ctx, "reset", key("one")); err != nil {
					return err
				}
				_, err := s.Users.Update(ctx, all[0].ID, func(u *Account) error { u.Credits++; return nil })
				return err
			})
		})
		all[0].Credits++
		return errors.Join(err, tally("Transact", errs, 1, core.ErrUsed), holds(ctx, s.Users, "ann", all[0]))
	})},
}

package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// locking makes a case about a core.Locker, whose user is ann.
func locking(check lockCheck) func(context.Context, Database) error {
	return func(ctx context.Context, s Database) error {
		locker, ok := core.As[core.Locker[Account]](s.Users)
		if !ok {
			return NotDeclaredError("core.Locker")
		}
		all, err := add(ctx, s.Users, "ann@example.com")
		if err != nil {
			return err
		}
		return check(ctx, s, locker.Lock, all[0])
	}
}

type (
	lock      = func(ctx context.Context, id string) (*Account, error)
	lockCheck func(ctx context.Context, s Database, lock lock, ann *Account) error
)

// during starts do and waits for it to return, or for a moment if it blocks.
// Its error comes later.
func during(do func() error) (ended bool, err chan error) {
	err, done := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(done)
		err <- do()
	}()
	select {
	case <-done:
		return true, err
	case <-time.After(glance):
		return false, err
	}
}

var lockCases = []Case[Database]{
	{Rule: "Locker: Lock returns the whole user and changes nothing of them",
		Check: locking(func(ctx context.Context, s Database, lock lock, ann *Account) error {
			err := s.Transactor.Transact(ctx, func(ctx context.Context) error {
				locked, err := lock(ctx, ann.ID)
				again, err2 := lock(ctx, ann.ID)
				return errors.Join(is("Lock", err, nil), same("Lock", locked, ann), is("Lock again", err2, nil),
					same("Lock again", again, ann), holds(ctx, s.Users, "inside", ann))
			})
			return errors.Join(is("Transact", err, nil), holds(ctx, s.Users, "afterwards", ann))
		})},
	{Rule: "Locker: Lock of an ID that is absent or does not parse is ErrNotFound, and does not spoil the transaction",
		Check: locking(func(ctx context.Context, s Database, lock lock, ann *Account) error {
			strange := strangeIDs(ann.ID)
			refused := func(ctx context.Context) (errs []error) {
				for _, id := range strange {
					errs = append(errs, is("Lock of "+show(id), second(lock(ctx, id)), core.ErrNotFound))
				}
				return errs
			}
			errs := refused(ctx)
			err := s.Transactor.Transact(ctx, func(ctx context.Context) error {
				_, err := s.Users.Update(ctx, ann.ID, func(u *Account) error { u.Credits = 77; return nil })
				return errors.Join(append(refused(ctx), is("Update", err, nil))...)
			})
			ann.Credits = 77
			return errors.Join(append(errs, is("Transact", err, nil), holds(ctx, s.Users, "ann", ann))...)
		})},
	{Rule: "Locker: outside of a transaction Lock is a Find, and keeps nobody waiting",
		Check: locking(func(ctx context.Context, s Database, lock lock, ann *Account) error {
			locked, err := lock(ctx, ann.ID)
			if err != nil {
				return is("Lock", err, nil)
			}
			_, err = s.Users.Update(ctx, ann.ID, func(u *Account) error { u.Credits++; return nil })
			late := second(lock(cancelled(ctx), ann.ID))
			return errors.Join(same("Lock", locked, ann), is("Update", err, nil), outage("Lock under a cancelled context", late))
		})},
	{Rule: "Locker: Lock returns what others have committed since the transaction read the user, or begins it again",
		Check: locking(func(ctx context.Context, s Database, lock lock, ann *Account) error {
			var other chan error
			err := s.Transactor.Transact(ctx, func(inside context.Context) error {
				if _, err := s.Users.Find(inside, core.ByID(ann.ID)); err != nil {
					return err
				}
				ended := other != nil
				if !ended {
					ended, other = during(func() error {
						return second(s.Users.Update(ctx, ann.ID, func(u *Account) error { u.Credits = 77; return nil }))
					})
				}
				locked, err := lock(inside, ann.ID)
				if err != nil || !ended {
					return err
				}
				return that(locked.Credits == 77, "Lock returned %d Credits, want 77", locked.Credits)
			})
			return errors.Join(is("Transact", err, nil), is("the other Update", <-other, nil))
		})},
	{Rule: "Locker: an Update of a locked user waits for the transaction, or one of both begins again",
		Unless: NoAtomicUpdates,
		Check: locking(func(ctx context.Context, s Database, lock lock, ann *Account) error {
			var other chan error
			err := s.Transactor.Transact(ctx, func(inside context.Context) error {
				locked, err := lock(inside, ann.ID)
				if err != nil {
					return err
				}
				if other == nil {
					_, other = during(func() error {
						return second(s.Users.Update(ctx, ann.ID, func(u *Account) error { u.Credits++; return nil }))
					})
				}
				// From what Lock returned, not from what is
				// current.
				_, err = s.Users.Update(inside, ann.ID, func(u *Account) error { u.Credits = locked.Credits + 10; return nil })
				return err
			})
			err = errors.Join(is("Transact", err, nil), is("the other Update", <-other, nil))
			ann.Credits += 11
			return errors.Join(err, holds(ctx, s.Users, "afterwards", ann))
		})},
	{Rule: "Locker: a locked user is not deleted until the transaction ends",
		Unless: NoAtomicUpdates,
		Check: locking(func(ctx context.Context, s Database, lock lock, ann *Account) error {
			var other chan error
			var changed error
			err := s.Transactor.Transact(ctx, func(inside context.Context) error {
				if _, err := lock(inside, ann.ID); err != nil {
					return err
				}
				if other == nil {
					_, other = during(func() error { return s.Users.Delete(ctx, ann.ID) })
				}
				_, changed = s.Users.Update(inside, ann.ID, func(u *Account) error { u.Credits++; return nil })
				return changed
			})
			err = errors.Join(is("Transact", err, nil), is("Update of the locked user", changed, nil))
			return errors.Join(err, is("Delete", <-other, nil))
		})},
	{Rule: "Locker: no change is lost that concurrent transactions make from what Lock returned",
		Unless: NoAtomicUpdates,
		Check: locking(func(ctx context.Context, s Database, lock lock, ann *Account) error {
			const n = 16
			errs := together(n, func(i int) error {
				if i%4 == 0 {
					return second(s.Users.Update(ctx, ann.ID, func(u *Account) error { u.Credits++; return nil }))
				}
				return s.Transactor.Transact(ctx, func(ctx context.Context) error {
					locked, err := lock(ctx, ann.ID)
					if err != nil {
						return err
					}
					_, err = s.Users.Update(ctx, ann.ID, func(u *Account) error { u.Credits = locked.Credits + 1; return nil })
					return err
				})
			})
			ann.Credits += n
			return errors.Join(tally("Transact", errs, n, nil), holds(ctx, s.Users, "ann", ann))
		})},
	{Rule: "Locker: transactions that lock two users in the order of their IDs do not deadlock",
		Unless: NoAtomicUpdates,
		Check: locking(func(ctx context.Context, s Database, lock lock, ann *Account) error {
			others, err := add(ctx, s.Users, "bob@example.com")
			if err != nil {
				return err
			}
			pair := []*Account{ann, others[0]}
			slices.SortFunc(pair, func(a, b *Account) int { return strings.Compare(a.ID, b.ID) })
			// Each changes the two in its own order: one pays the
			// other.
			errs := together(crowd, func(i int) error {
				return s.Transactor.Transact(ctx, func(ctx context.Context) error {
					for _, u := range pair {
						if _, err := lock(ctx, u.ID); err != nil {
							return err
						}
					}
					_, err := s.Users.Update(ctx, pair[i%2].ID, func(u *Account) error { u.Credits--; return nil })
					if err == nil {
						_, err = s.Users.Update(ctx, pair[1-i%2].ID, func(u *Account) error { u.Credits++; return nil })
					}
					return err
				})
			})
			for i, err := range errs {
				if err != nil {
					return fmt.Errorf("transaction %d of %d: %w", i, crowd, err)
				}
			}
			return errors.Join(holds(ctx, s.Users, "ann", pair[0]), holds(ctx, s.Users, "bob", pair[1]))
		})},
}

package sqlstore

import (
	"context"
	"errors"
	"math"
	"reflect"

	"github.com/latchkey-go/latchkey/core"
)

// UserStore keeps users of the application's type U; Users makes it. It is a
// core.UserStore[U], a core.EpochStore, a core.Transactor, a core.Locker[U]
// and, of a type with core.Named, a core.NameKeeper.
type UserStore[U any] struct {
	s     *Store
	model *model
	base  func(*U) *core.User
	// namesOf returns the columns of core.Named, nil where the type has
	// none.
	namesOf func(*U) *core.Named
	// sessions read their users along.
	sessions *Sessions

	insert, insertNumbered, passIDs, renumber, byID, byEmail, byName, lock, beginWriting, update, remove, epoch statement
	// readAll is a template that List goes on with.
	readAll                string
	raiseFloor, clearFloor statement
	// of what tables hold of a user beside the row, by the type of user_id
	removeByText, removeByID []statement
}

var (
	_ core.UserStore[core.User] = (*UserStore[core.User])(nil)
	_ core.EpochStore           = (*UserStore[core.User])(nil)
	_ core.Transactor           = (*UserStore[core.User])(nil)
	_ core.Locker[core.User]    = (*UserStore[core.User])(nil)
	_ core.NameKeeper           = (*UserStore[core.User])(nil)
)

// newUserStore returns the store of a type with these columns.
func newUserStore[U any, P core.Model[U]](s *Store, columns []Column) (*UserStore[U], error) {
	m, err := newModel(P(new(U)), columns)
	if err != nil {
		return nil, err
	}
	s.migration.Lock()
	defer s.migration.Unlock()
	if s.migrated {
		return nil, errors.New("sqlstore: Users was called after Migrate: call it before, so that Migrate makes the table and its columns")
	}
	s.models = append(s.models, m)
	us := &UserStore[U]{s: s, model: m, base: func(u *U) *core.User { return P(u).Base() },
		namesOf: func(u *U) *core.Named { return core.NamedOf(P(u)) }}
	us.prepare()
	us.sessions = newSessions(s, newUserReader[U, P](us))
	return us, nil
}

// Transact is the Store's: the front door looks for it here.
func (us *UserStore[U]) Transact(ctx context.Context, do func(context.Context) error) error {
	return us.s.Transact(ctx, do)
}

// KeepsNames implements core.NameKeeper.
func (us *UserStore[U]) KeepsNames() bool { return us.model.named }

// Create stores u; see core.UserStore. An ID that the column's type cannot hold
// is an error.
func (us *UserStore[U]) Create(ctx context.Context, u *U) error {
	given, inside := us.base(u).ID, us.s.transaction(ctx) != nil
	if err := us.setID(u); err != nil {
		return err
	}
	err := us.s.Transact(ctx, func(ctx context.Context) error { return us.create(ctx, u, given != "", inside) })
	if err != nil {
		us.base(u).ID = given
	}
	return err
}

// setID returns u an ID in its canonical spelling, unless the database is going
// to.
func (us *UserStore[U]) setID(u *U) (err error) {
	base := us.base(u)
	if base.ID != "" {
		id, ok := us.s.opts.IDs.canonical(base.ID)
		if !ok {
			return errors.New("sqlstore: create a user: its ID is not of the type Options.IDs")
		}
		base.ID = id
	} else if us.s.opts.IDs != BigInt {
		base.ID, err = us.s.opts.IDs.make(us.s.opts.Random)
	}
	return err
}

// create inserts u's row. If inside is true, the transaction goes on after a
// refusal.
func (us *UserStore[U]) create(ctx context.Context, u *U, given, inside bool) error {
	base := us.base(u)
	if err := us.s.adopted.claim(ctx, base.EmailKey); err != nil {
		return err
	}
	args, err := us.values(u, true)
	if err != nil {
		return err
	}
	err = us.s.unspoiled(ctx, inside, func() error { return us.insertRow(ctx, args, base, given) })
	if err != nil {
		return err
	}
	if given {
		if err := us.settleID(ctx, base.ID); err != nil {
			return err
		}
	}
	if !us.model.defaults {
		return nil
	}
	return us.read(ctx, us.byID, us.s.opts.IDs.arg(base.ID), u)
}

// insertRow inserts a row of these values.
func (us *UserStore[U]) insertRow(ctx context.Context, args []any, base *core.User, given bool) error {
	if us.s.opts.IDs == BigInt && !given {
		own := without(us.model.columns, us.model.id)
		return us.judged(us.insertWithoutID(ctx, without(args, us.model.id), base), own, false)
	}
	args[us.model.id] = us.s.opts.IDs.arg(base.ID)
	n, err := us.s.exec(ctx, us.insert, args...)
	if err == nil && n == 0 {
		err = errDropped("create a user")
	}
	return us.judged(err, us.model.columns, given)
}

// values are u's columns as arguments.
func (us *UserStore[U]) values(u *U, created bool) ([]any, error) {
	if !storable(us.base(u).EmailKey) {
		return nil, errors.New("sqlstore: the column email_key: it is not UTF-8, or has a NUL, so that nobody could be found by it")
	}
	if named := us.namesOf(u); named != nil && !storable(named.UsernameKey) {
		return nil, errors.New("sqlstore: the column username_key: it is not UTF-8, or has a NUL, so that nobody could be found by it")
	}
	args, err := us.model.values(us.s.dialect, reflect.ValueOf(u).Elem(), created)
	if err != nil {
		return nil, err
	}
	hash, err := us.s.adopted.hash(us.base(u))
	args[us.model.password] = string(hash)
	return args, err
}

// Update changes a user under a lock; see core.UserStore. Inside a transaction
// of ctx it belongs to that.
func (us *UserStore[U]) Update(ctx context.Context, id string, change func(*U) error) (*U, error) {
	id, ok := us.s.opts.IDs.canonical(id)
	if !ok {
		return nil, core.ErrNotFound
	}
	var changed *U
	inside := us.s.transaction(ctx) != nil
	err := us.s.Transact(ctx, func(ctx context.Context) error {
		u, err := us.lockRow(ctx, id)
		if err != nil {
			return err
		}
		if err := change(u); err != nil {
			return err
		}
		changed = u
		return us.write(ctx, id, u, inside)
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// write stores u. If inside is true, the transaction goes on after a refusal.
func (us *UserStore[U]) write(ctx context.Context, id string, u *U, inside bool) error {
	base := us.base(u)
	if base.ID != id {
		return errors.New("sqlstore: update a user: change must not change the ID")
	}
	if err := us.s.adopted.claim(ctx, base.EmailKey); err != nil {
		return err
	}
	args, err := us.values(u, false)
	if err != nil {
		return err
	}
	columns := without(us.model.columns, us.model.id)
	return us.s.unspoiled(ctx, inside, func() error {
		n, err := us.s.exec(ctx, us.update, append(without(args, us.model.id), us.s.opts.IDs.arg(id))...)
		// The row is locked, so it is there. MySQL may not count a row
		// that does not change.
		if err == nil && n == 0 && us.s.dialect.returning {
			err = errDropped("update a user")
		}
		return us.judged(err, columns, false)
	})
}

// Delete removes the user and what every other table has of theirs (sessions,
// tickets, accounts at OAuth providers, credentials) in one transaction; see
// core.UserStore. A session that is being created at the same moment is never
// found. Rows of the application that refer to the user are the concern of
// their foreign keys; one that keeps the user is ErrConflict.
func (us *UserStore[U]) Delete(ctx context.Context, id string) error {
	id, ok := us.s.opts.IDs.canonical(id)
	if !ok {
		return core.ErrNotFound
	}
	return kept(us.s.Transact(ctx, func(ctx context.Context) error {
		if err := us.removeRow(ctx, id); err != nil {
			return err
		}
		_, err := us.s.exec(ctx, us.raiseFloor, us.s.floorValues(id, math.MaxInt64)...)
		if err == nil {
			err = us.s.execAll(ctx, us.removeByText, id)
		}
		if err == nil {
			err = us.s.execAll(ctx, us.removeByID, us.s.opts.IDs.arg(id))
		}
		return err
	}))
}

// removeRow is ErrNotFound if there is no row, and ErrConflict if a trigger has
// kept it.
func (us *UserStore[U]) removeRow(ctx context.Context, id string) error {
	n, err := us.s.exec(ctx, us.remove, us.s.opts.IDs.arg(id))
	if err != nil || n > 0 {
		return err
	}
	switch _, err := us.Epoch(ctx, id); {
	case err == nil:
		return errDropped("delete a user")
	default:
		return err
	}
}

// Epoch returns a user's TokenEpoch; see core.EpochStore.
func (us *UserStore[U]) Epoch(ctx context.Context, id string) (epoch int64, err error) {
	id, ok := us.s.opts.IDs.canonical(id)
	if !ok {
		return 0, core.ErrNotFound
	}
	err = us.s.get(ctx, us.epoch, []any{us.s.opts.IDs.arg(id)}, &epoch)
	return epoch, err
}

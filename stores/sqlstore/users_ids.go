package sqlstore

import (
	"context"
	"errors"
	"strconv"

	"github.com/latchkey-go/latchkey/core"
)

// settleID does what an ID needs that the application gave: the floor is that
// of a deleted user with this ID, and a number is made no more.
func (us *UserStore[U]) settleID(ctx context.Context, id string) error {
	if _, err := us.s.exec(ctx, us.clearFloor, id); err != nil {
		return err
	}
	if us.s.opts.IDs != BigInt || us.passIDs.text == "" {
		return nil
	}
	if err := us.s.serialize(ctx, "ids"); err != nil {
		return err
	}
	table := us.s.quote(us.s.opts.UsersTable)
	_, err := us.s.exec(ctx, us.passIDs, table, table, us.s.opts.IDs.arg(id))
	return err
}

// insertWithoutID takes the number that the database makes.
func (us *UserStore[U]) insertWithoutID(ctx context.Context, args []any, base *core.User) error {
	if us.s.dialect.returning {
		err := us.s.get(ctx, us.insertNumbered, args, &base.ID)
		if errors.Is(err, core.ErrNotFound) {
			err = errDropped("create a user")
		}
		if err != nil || us.renumber.text == "" {
			return err
		}
		return us.passDeleted(ctx, base)
	}
	id, err := us.s.insertNumber(ctx, us.insertNumbered, args...)
	base.ID = strconv.FormatInt(id, 10)
	return err
}

// passDeleted returns a new user another number, if a deleted user had theirs.
func (us *UserStore[U]) passDeleted(ctx context.Context, base *core.User) error {
	id := us.s.opts.IDs.arg(base.ID)
	err := us.s.get(ctx, us.renumber, []any{id, id}, &base.ID)
	if errors.Is(err, core.ErrNotFound) {
		return nil
	}
	return err
}

package sqlstore

import (
	"context"

	"github.com/latchkey-go/latchkey/core"
)

// Lock returns a user as they are now, whom nobody else changes or deletes
// until the transaction of ctx ends; see core.Locker. On SQLite nobody else
// writes anything until then.
func (us *UserStore[U]) Lock(ctx context.Context, id string) (*U, error) {
	id, ok := us.s.opts.IDs.canonical(id)
	if !ok {
		return nil, core.ErrNotFound
	}
	if us.s.transaction(ctx) == nil {
		return us.find(ctx, us.byID, us.s.opts.IDs.arg(id))
	}
	return us.lockRow(ctx, id)
}

// lockRow reads the row of an ID, canonical, inside a transaction.
func (us *UserStore[U]) lockRow(ctx context.Context, id string) (*U, error) {
	if us.beginWriting.text != "" {
		if _, err := us.s.exec(ctx, us.beginWriting); err != nil {
			return nil, err
		}
	}
	return us.find(ctx, us.lock, us.s.opts.IDs.arg(id))
}

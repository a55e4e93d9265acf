package latchkey

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// erased is a UserStore without its type, as flows see it. It also keeps the
// two times of a user.
type erased[U any, PU core.Model[U]] struct {
	store core.UserStore[U]
	now   func() time.Time
	// What the store offers besides; nil if it does not.
	tx     core.Transactor
	ids    core.IDMaker
	locker core.Locker[U]
}

func erase[U any, PU core.Model[U]](store core.UserStore[U], now func() time.Time) erased[U, PU] {
	e := erased[U, PU]{store: store, now: now}
	e.tx, _ = core.As[core.Transactor](store)
	e.ids, _ = core.As[core.IDMaker](store)
	e.locker, _ = core.As[core.Locker[U]](store)
	return e
}

func (e erased[U, PU]) New() core.AnyUser { return PU(new(U)) }

func (e erased[U, PU]) Create(ctx context.Context, u core.AnyUser) error {
	b := u.Base()
	b.UpdatedAt = e.time()
	if imports(ctx) && !b.CreatedAt.IsZero() {
		b.CreatedAt = b.CreatedAt.UTC().Truncate(time.Microsecond)
	} else {
		b.CreatedAt = b.UpdatedAt
	}
	return e.store.Create(ctx, (*U)(u.(PU)))
}

func (e erased[U, PU]) Find(ctx context.Context, key core.Key) (core.AnyUser, error) {
	return untyped[U, PU](e.store.Find(ctx, key))
}

func (e erased[U, PU]) Update(ctx context.Context, id string, change func(core.AnyUser) error) (core.AnyUser, error) {
	now := e.time()
	return untyped[U, PU](e.store.Update(ctx, id, func(u *U) error {
		if err := stillHolds(ctx, PU(u), now); err != nil {
			return err
		}
		PU(u).Base().UpdatedAt = now
		return change(PU(u))
	}))
}

// Transact implements core.UserTx.
func (e erased[U, PU]) Transact(ctx context.Context, do func(context.Context) error) error {
	if e.tx == nil {
		return do(ctx)
	}
	return e.tx.Transact(ctx, do)
}

// Atomic implements core.UserTx.
func (e erased[U, PU]) Atomic() bool { return e.tx != nil }

// NewID implements core.UserTx.
func (e erased[U, PU]) NewID() string {
	if e.ids == nil {
		return ""
	}
	return e.ids.NewID()
}

// errLocked keeps an Update from writing.
var errLocked = errors.New("locked")

func (e erased[U, PU]) Lock(ctx context.Context, id string) (core.AnyUser, error) {
	switch {
	case e.locker != nil:
		return untyped[U, PU](e.locker.Lock(ctx, id))
	case e.tx == nil:
		return e.Find(ctx, core.ByID(id))
	}
	var locked U
	_, err := e.store.Update(ctx, id, func(u *U) error {
		locked = *u
		return errLocked
	})
	if errors.Is(err, errLocked) {
		return PU(&locked), nil
	}
	return nil, err
}

func (e erased[U, PU]) Delete(ctx context.Context, id string) error { return e.store.Delete(ctx, id) }

func (e erased[U, PU]) List(ctx context.Context, q core.Query) ([]core.AnyUser, string, error) {
	page, next, err := e.store.List(ctx, q)
	users := make([]core.AnyUser, len(page))
	for i, u := range page {
		users[i] = PU(u)
	}
	return users, next, err
}

func (e erased[U, PU]) time() time.Time { return e.now().UTC().Truncate(time.Microsecond) }

// untyped keeps a nil pointer from becoming an interface that is not nil.
func untyped[U any, PU core.Model[U]](u *U, err error) (core.AnyUser, error) {
	if err != nil {
		return nil, err
	}
	return PU(u), nil
}

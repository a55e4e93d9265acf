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
}

func (e erased[U, PU]) New() core.AnyUser { return PU(new(U)) }

func (e erased[U, PU]) Create(ctx context.Context, u core.AnyUser) error {
	b := u.Base()
	b.CreatedAt = e.time()
	b.UpdatedAt = b.CreatedAt
	return e.store.Create(ctx, (*U)(u.(PU)))
}

func (e erased[U, PU]) Find(ctx context.Context, key core.Key) (core.AnyUser, error) {
	return erase[U, PU](e.store.Find(ctx, key))
}

func (e erased[U, PU]) Update(ctx context.Context, id string, change func(core.AnyUser) error) (core.AnyUser, error) {
	now := e.time()
	return erase[U, PU](e.store.Update(ctx, id, func(u *U) error {
		if err := stillHolds(ctx, PU(u)); err != nil {
			return err
		}
		PU(u).Base().UpdatedAt = now
		return change(PU(u))
	}))
}

// errLocked keeps an Update from writing.
var errLocked = errors.New("locked")

func (e erased[U, PU]) Lock(ctx context.Context, id string) (core.AnyUser, error) {
	if l, ok := core.As[core.Locker[U]](e.store); ok {
		return erase[U, PU](l.Lock(ctx, id))
	}
	if _, ok := core.As[core.Transactor](e.store); !ok {
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

// erase keeps a nil pointer from becoming an interface that is not nil.
func erase[U any, PU core.Model[U]](u *U, err error) (core.AnyUser, error) {
	if err != nil {
		return nil, err
	}
	return PU(u), nil
}

package sqlstore

import (
	"context"
	"errors"
	"reflect"

	"github.com/latchkey-go/latchkey/core"
)

// Find returns the user of an ID, an EmailKey or a UsernameKey; see
// core.UserStore.
func (us *UserStore[U]) Find(ctx context.Context, key core.Key) (*U, error) {
	switch key.Kind {
	case "id":
		id, ok := us.s.opts.IDs.canonical(key.Value)
		if !ok {
			return nil, core.ErrNotFound
		}
		return us.find(ctx, us.byID, us.s.opts.IDs.arg(id))
	case "email":
		if key.Value == "" || !storable(key.Value) {
			return nil, core.ErrNotFound
		}
		return us.findEmail(ctx, key.Value)
	case "username":
		if !us.model.named || key.Value == "" || !storable(key.Value) {
			return nil, core.ErrNotFound
		}
		return us.find(ctx, us.byName, key.Value)
	}
	return nil, core.ErrNotFound
}

func (us *UserStore[U]) find(ctx context.Context, st statement, arg any) (*U, error) {
	u := new(U)
	if err := us.read(ctx, st, arg, u); err != nil {
		return nil, err
	}
	return u, nil
}

func (us *UserStore[U]) findEmail(ctx context.Context, key string) (*U, error) {
	u, err := us.find(ctx, us.byEmail, key)
	if us.s.adopted == nil {
		return u, err
	}
	current := func() bool { return err == nil && us.base(u).EmailKey == key }
	if current() || err != nil && !errors.Is(err, core.ErrNotFound) {
		return u, err
	}
	if err := us.s.adopted.claim(ctx, key); err != nil {
		return nil, err
	}
	if u, err = us.find(ctx, us.byEmail, key); err == nil && !current() {
		return nil, core.ErrNotFound
	}
	return u, err
}

// read reads the one row of st into u.
func (us *UserStore[U]) read(ctx context.Context, st statement, arg any, u *U) error {
	if err := us.s.get(ctx, st, []any{arg}, us.model.cells(nil, reflect.ValueOf(u).Elem(), nil)...); err != nil {
		return err
	}
	us.s.adopted.complete(us.base(u))
	return nil
}

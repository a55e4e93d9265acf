package servicetest

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// Users is memstore's as core.Users, without transactions.
type Users struct {
	core.UserTx
	*memstore.Users[Account]
	// Down is the error of every call; nil for a store that works.
	Down error
	// Late runs before the next Update, as another request would.
	Late func()
}

var _ core.Users = (*Users)(nil)

// New returns an empty user.
func (s *Users) New() core.AnyUser { return &Account{} }

// Create implements core.UserRows.
func (s *Users) Create(ctx context.Context, u core.AnyUser) error {
	return errors.Join(s.Down, s.Users.Create(ctx, u.(*Account)))
}

// Find implements core.UserRows.
func (s *Users) Find(ctx context.Context, key core.Key) (core.AnyUser, error) {
	if s.Down != nil {
		return nil, s.Down
	}
	return untyped(s.Users.Find(ctx, key))
}

// Update implements core.UserRows.
func (s *Users) Update(ctx context.Context, id string, change func(core.AnyUser) error) (core.AnyUser, error) {
	if late := s.Late; late != nil {
		s.Late = nil
		late()
	}
	return untyped(s.Users.Update(ctx, id, func(u *Account) error { return change(u) }))
}

// List implements core.UserRows.
func (s *Users) List(ctx context.Context, q core.Query) (users []core.AnyUser, next string, err error) {
	page, next, err := s.Users.List(ctx, q)
	for _, u := range page {
		users = append(users, u)
	}
	return users, next, err
}

// Transact implements core.UserTx.
func (s *Users) Transact(ctx context.Context, do func(context.Context) error) error { return do(ctx) }

// Atomic implements core.UserTx.
func (s *Users) Atomic() bool { return false }

// NewID implements core.UserTx.
func (s *Users) NewID() string { return s.Users.NewID() }

// Lock implements core.UserTx.
func (s *Users) Lock(ctx context.Context, id string) (core.AnyUser, error) {
	return s.Find(ctx, core.ByID(id))
}

// untyped keeps a nil pointer from becoming an interface that is not nil.
func untyped(u *Account, err error) (core.AnyUser, error) {
	if err != nil {
		return nil, err
	}
	return u, nil
}

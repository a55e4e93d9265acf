package latchkey_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// refusing is a store whose schema refuses everything with err.
type refusing struct {
	core.UserStore[Member]
	err error
}

func (s *refusing) Create(ctx context.Context, u *Member) error {
	return errors.Join(s.err, s.UserStore.Create(ctx, u))
}

func (s *refusing) Update(ctx context.Context, id string, change func(*Member) error) (*Member, error) {
	return s.UserStore.Update(ctx, id, func(u *Member) error { return errors.Join(change(u), s.err) })
}

func (s *refusing) Delete(ctx context.Context, id string) error {
	if s.err != nil {
		return s.err
	}
	return s.UserStore.Delete(ctx, id)
}

// TestFieldF14ManagerRefusals: the same answers as over HTTP, with the store's
// error in their chain; Import's are the store's own.
func TestFieldF14ManagerRefusals(t *testing.T) {
	value := &core.RefusedError{Field: "Plan", Cause: errors.New("SQLSTATE 23514")}
	for name, c := range map[string]struct {
		store                  error
		create, update, delete *core.Error
	}{
		"an own index": {core.ErrConflict, core.Refuse(core.CodeRegisterConflict), core.Refuse(core.CodeUpdateConflict),
			&core.Error{Code: core.CodeDeleteConflict, Status: http.StatusConflict}},
		"an own constraint, of a column that no client writes": {value, core.Invalid(), core.Invalid(),
			&core.Error{Code: core.CodeDeleteConflict, Status: http.StatusConflict}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, nil)
			ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true}}
			check(t, a.Manager().Create(t.Context(), ada, password), nil)
			store := &refusing{a.users, c.store}
			auth, err := latchkey.New[Member](store, latchkey.Options[Member]{
				Backends: []latchkey.Backend{{Name: "web", Transport: header{}, Strategy: static{}}},
				Hashers:  []core.Hasher{fast("new")},
			})
			check(t, err, nil)
			m, ctx := auth.Manager(), t.Context()
			bob := func() *Member { return &Member{User: latchkey.User{Email: "bob@example.org"}} }
			created := m.Create(ctx, bob(), "")
			check(t, created, c.create)
			_, updated := m.Update(ctx, ada.ID, latchkey.Changes[Member]{Edit: func(*Member) error { return nil }})
			check(t, updated, c.update)
			deleted := m.Delete(ctx, ada.ID)
			check(t, deleted, c.delete)
			for _, err := range []error{created, updated, deleted} {
				check(t, err, c.store)
			}
			check(t, m.Import(ctx, &Member{User: latchkey.User{Email: "eve@example.org"}}, ""), c.store)
			store.err = nil
			check(t, m.Delete(ctx, ada.ID), nil)
		})
	}
}

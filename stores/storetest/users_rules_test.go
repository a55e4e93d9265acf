package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// ruled is memstore's with the two rules; the fields are mistakes.
type ruled struct {
	*memstore.Users[account]
	conflict, refused error
	late, keysFirst   bool
}

func (s *ruled) judge(ctx context.Context, u *account) error {
	if u.Credits < 0 {
		return s.refused
	}
	all, _, err := s.List(ctx, core.Query{Limit: 100})
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != u.ID && other.Nick == u.Nick {
			return s.conflict
		}
	}
	return nil
}

func (s *ruled) Create(ctx context.Context, u *account) error {
	err := s.judge(ctx, u)
	if err != nil && !s.late {
		return err
	}
	return errors.Join(err, s.Users.Create(ctx, u))
}

func (s *ruled) Update(ctx context.Context, id string, change func(*account) error) (*account, error) {
	u, err := s.Find(ctx, core.ByID(id))
	if err != nil {
		return nil, err
	}
	if err := change(u); err != nil {
		return nil, err
	}
	broken := s.judge(ctx, u)
	if broken != nil && !s.late {
		return nil, broken
	}
	u, err = s.Users.Update(ctx, id, change)
	return u, errors.Join(broken, err)
}

// keyed takes every unique key for the EmailKey.
type keyed struct{ *ruled }

func (s keyed) Create(ctx context.Context, u *account) error {
	err := s.ruled.Create(ctx, u)
	if errors.Is(err, core.ErrTaken) {
		return core.ErrConflict
	}
	return err
}

func TestBrokenRules(t *testing.T) {
	refusal := &core.RefusedError{Field: "Credits", Cause: errors.New("SQLSTATE 23514")}
	const conflicts, taken, constraint = "F29 A unique index of the application's own", "F29 Beside such an index",
		"F29 A constraint of the application's own"
	for name, fake := range map[string]struct {
		store ruled
		rules []string
	}{
		"none":               {ruled{conflict: core.ErrConflict, refused: refusal}, nil},
		"no field":           {ruled{conflict: core.ErrConflict, refused: &core.RefusedError{}}, nil},
		"own unique index":   {ruled{conflict: core.ErrTaken, refused: refusal}, []string{conflicts}},
		"the driver's words": {ruled{conflict: errors.New("SQLSTATE 23505"), refused: refusal}, []string{conflicts}},
		"both":               {ruled{conflict: errors.Join(core.ErrConflict, core.ErrTaken), refused: refusal}, []string{conflicts}},
		"own constraint":     {ruled{conflict: core.ErrConflict, refused: errors.New("SQLSTATE 23514")}, []string{constraint}},
		"a constraint that is taken": {ruled{conflict: core.ErrConflict, refused: errors.Join(refusal, core.ErrTaken)},
			[]string{constraint}},
		"another field": {ruled{conflict: core.ErrConflict, refused: &core.RefusedError{Field: "credits"}},
			[]string{constraint}},
		"a value in the text": {ruled{conflict: core.ErrConflict,
			refused: &core.RefusedError{Cause: fmt.Errorf("%d is too little", -765432)}}, []string{constraint}},
		"no rules":                 {ruled{}, []string{conflicts, constraint}},
		"a refusal that is stored": {ruled{conflict: core.ErrConflict, refused: refusal, late: true}, []string{conflicts, constraint}},
		"a conflict where none is": {ruled{conflict: core.ErrConflict, refused: refusal, keysFirst: true}, []string{taken}},
	} {
		t.Run(name, func(t *testing.T) {
			broken(t, storetest.UserRuleCases(), func() core.UserStore[account] {
				s := fake.store
				s.Users = memstore.NewUsers[account]()
				if s.keysFirst {
					return keyed{&s}
				}
				return &s
			}, fake.rules...)
		})
	}
}

package account_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

func to[T any](v T) *T { return &v }

func TestChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		changes account.Changes
		err     error
		fields  []string
		check   func(u *servicetest.Account) bool
	}{
		"nothing": {account.Changes{}, nil, nil, func(u *servicetest.Account) bool { return u.TokenEpoch == 0 }},
		"a new password ends sessions": {account.Changes{Password: to("a new password")}, nil, []string{"password"},
			func(u *servicetest.Account) bool {
				return u.HashedPassword == "$new$a new password" && u.TokenEpoch == 1
			}},
		"a weak password": {account.Changes{Password: to("short")}, core.Refuse(core.CodeUpdatePassword), nil, nil},
		"a new address is unverified": {account.Changes{Email: to("Countess@example.org")}, nil, []string{"email", "is_verified"},
			func(u *servicetest.Account) bool {
				return u.Email == "Countess@example.org" && u.EmailKey == "countess@example.org" && !u.IsVerified
			}},
		"another spelling stays verified": {account.Changes{Email: to("ADA@example.org")}, nil, []string{"email"},
			func(u *servicetest.Account) bool {
				return u.Email == "ADA@example.org" && u.EmailKey == ada && u.IsVerified
			}},
		"a new address that is verified": {account.Changes{Email: to("c@example.org"), IsVerified: to(true)}, nil, []string{"email"},
			func(u *servicetest.Account) bool { return u.EmailKey == "c@example.org" && u.IsVerified }},
		"a taken address": {account.Changes{Email: to("bob@example.org")}, core.Refuse(core.CodeUpdateEmailExists), nil, nil},
		"no address":      {account.Changes{Email: to("bob")}, core.Invalid(), nil, nil},
		"a deactivation ends sessions": {account.Changes{IsActive: to(false)}, nil, []string{"is_active"},
			func(u *servicetest.Account) bool { return !u.IsActive && u.TokenEpoch == 1 }},
		"rights": {account.Changes{IsSuperuser: to(true)}, nil, []string{"is_superuser"},
			func(u *servicetest.Account) bool { return u.IsSuperuser && u.TokenEpoch == 0 }},
		"an own column": {account.Changes{Own: core.Object{"nick": []byte(`"amazing"`), "is_superuser": []byte("true")}}, nil, []string{"nick"},
			func(u *servicetest.Account) bool { return u.Nick == "amazing" && !u.IsSuperuser }},
		"an own column of another type": {account.Changes{Own: core.Object{"nick": []byte("1")}}, core.Invalid(), nil, nil},
		"an edit of own columns alone": {account.Changes{Edit: func(u core.AnyUser) error {
			u.(*servicetest.Account).Nick, u.Base().IsSuperuser = "edited", true
			return nil
		}}, nil, []string{"nick"}, func(u *servicetest.Account) bool { return u.Nick == "edited" && !u.IsSuperuser }},
		"an edit that fails": {account.Changes{Edit: func(core.AnyUser) error { return errEdit }}, errEdit, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			u := s.Add(ada, password)
			s.Add("bob@example.org", password)
			s.Set(u.ID, func(a *servicetest.Account) { a.IsVerified = true })
			before := s.Get(u.ID)
			got, err := account.Change(t.Context(), s.Services, s.Get(u.ID), c.changes)
			if !errors.Is(err, c.err) {
				t.Fatalf("got %v, want %v", err, c.err)
			}
			if err != nil {
				if after := s.Get(u.ID); *after != *before || len(s.Happened()) != 0 {
					t.Errorf("refused, but changed to %+v, %v", after, s.Happened())
				}
				return
			}
			if after := s.Get(u.ID); !c.check(after) || *after != *got.(*servicetest.Account) {
				t.Errorf("stored %+v, returned %+v", after, got)
			}
			if e := s.Last(); e.Kind != core.EventUpdated || !slices.Equal(e.Fields, c.fields) || e.Was.Email != ada {
				t.Errorf("the event is %s of %v (%s), want the fields %v", e.Kind, e.Fields, e.Was.Email, c.fields)
			}
		})
	}
}

var errEdit = errors.New("the edit failed")

// What another request does between the look-up and the write is kept.
func TestChangeLosesARace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		late func(s *servicetest.Services, u *servicetest.Account)
		want error
	}{
		"the address is taken": {func(s *servicetest.Services, _ *servicetest.Account) { s.Add("new@example.org", password) },
			core.Refuse(core.CodeUpdateEmailExists)},
		"the user is deleted": {func(s *servicetest.Services, u *servicetest.Account) { _ = s.Store.Delete(t.Context(), u.ID) },
			core.ErrNotFound},
		"an own column is changed": {func(s *servicetest.Services, u *servicetest.Account) {
			s.Set(u.ID, func(a *servicetest.Account) { a.Nick = "amazing" })
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			u := s.Add(ada, password)
			s.Late = func() { c.late(s, u) }
			got, err := account.Change(t.Context(), s.Services, s.Get(u.ID), account.Changes{Email: to("new@example.org")})
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if err == nil && (got.(*servicetest.Account).Nick != "amazing" || got.Base().Email != "new@example.org") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, password)
	s.Refuse = core.Refuse("NOT_NOW")
	if err := account.Remove(t.Context(), s.Services, u, nil); !errors.Is(err, s.Refuse) || s.Get(u.ID) == nil {
		t.Errorf("got %v, want the refusal", err)
	}
	s.Refuse = nil
	if err := account.Remove(t.Context(), s.Services, u, nil); err != nil {
		t.Fatal(err)
	}
	if e := s.Last(); e.Kind != core.EventDeleted || e.Was.Email != ada {
		t.Errorf("the event is %+v", e)
	}
	if err := account.Remove(t.Context(), s.Services, u, nil); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("again: got %v", err)
	}
}

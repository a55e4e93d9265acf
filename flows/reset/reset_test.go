package reset_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/internal/loginlimit"
	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/mailtoken"
)

const (
	ada   = "ada@example.org"
	fresh = "a new password of ada's"
)

var flow = reset.Flow{}

func post(token, password string) servicetest.Call {
	return servicetest.Call{Route: "POST /reset-password",
		JSON: fmt.Sprintf(`{"token": %q, "password": %q}`, token, password)}
}

// mailed asks for a mail and returns its token.
func mailed(t *testing.T, s *servicetest.Services) string {
	t.Helper()
	s.Want(t.Context(), flow, servicetest.Call{Route: "POST /forgot-password", JSON: `{"email": "` + ada + `"}`}, 202,
		"null")
	mails := s.Mails(t.Context())
	if len(mails) == 0 {
		t.Fatal("no mail was sent")
	}
	return mails[len(mails)-1].Token
}

func TestReset(t *testing.T) {
	t.Parallel()
	bad := core.CodeResetBadToken
	change := func(edit func(*servicetest.Account)) func(*servicetest.Services, *servicetest.Account) {
		return func(s *servicetest.Services, u *servicetest.Account) { s.Set(u.ID, edit) }
	}
	for name, c := range map[string]struct {
		happens  func(*servicetest.Services, *servicetest.Account)
		password string
		status   int
		part     string
	}{
		"twin":    {nil, fresh, 200, "null"},
		"expired": {func(s *servicetest.Services, _ *servicetest.Account) { s.Advance(time.Hour) }, fresh, 400, bad},
		"of a former address": {change(func(a *servicetest.Account) {
			a.Email, a.EmailKey = "eve@example.org", "eve@example.org"
		}), fresh, 400, bad},
		"of former sessions":      {change(func(a *servicetest.Account) { a.TokenEpoch++ }), fresh, 400, bad},
		"of an inactive user":     {change(func(a *servicetest.Account) { a.IsActive = false }), fresh, 400, bad},
		"a weak password":         {nil, "short", 400, core.CodeResetPassword},
		"the address":             {nil, ada, 400, core.CodeResetPassword},
		"what cannot be hashed":   {nil, "unhashable", 400, core.CodeResetPassword},
		"a bad token comes first": {change(func(a *servicetest.Account) { a.TokenEpoch++ }), "short", 400, bad},
		"of a user who is gone": {func(s *servicetest.Services, u *servicetest.Account) {
			_ = s.Store.Delete(t.Context(), u.ID)
		}, fresh, 400, bad},
		"refused by the application": {func(s *servicetest.Services, _ *servicetest.Account) {
			s.Refuse = &core.Error{Status: 403, Code: "NOT_NOW"}
		}, fresh, 403, "NOT_NOW"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			u := s.Add(ada, "secret")
			token := mailed(t, s)
			if c.happens != nil {
				c.happens(s, u)
			}
			s.Want(t.Context(), flow, post(token, c.password), c.status, c.part)
			got, err := s.Store.Users.Find(t.Context(), core.ByID(u.ID))
			if err != nil {
				return
			}
			if c.status != 200 {
				if string(got.HashedPassword) != "$new$secret" {
					t.Errorf("refused, and the hash is %q", string(got.HashedPassword))
				}
				return
			}
			if string(got.HashedPassword) != "$new$"+fresh || !got.IsVerified || got.TokenEpoch != 1 {
				t.Errorf("after the reset: %q, verified %v, epoch %d", string(got.HashedPassword), got.IsVerified, got.TokenEpoch)
			}
			s.Want(t.Context(), flow, post(token, fresh), 400, bad)
		})
	}
}

// A password that is refused leaves the token usable.
func TestARefusedPasswordKeepsTheToken(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Add(ada, "secret")
	token := mailed(t, s)
	s.Want(t.Context(), flow, post(token, "short"), 400, core.CodeResetPassword)
	s.Want(t.Context(), flow, post(token, fresh), 200, "null")
}

func TestResetEvents(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		verified bool
		want     []core.EventKind
	}{
		"the first proof of the address": {false, []core.EventKind{core.EventResetRequested, core.EventPasswordReset, core.EventFactorRemoved, core.EventEmailVerified}},
		"verified before":                {true, []core.EventKind{core.EventResetRequested, core.EventPasswordReset}},
	} {
		s := servicetest.New(t)
		u := s.Add(ada, "secret")
		s.Set(u.ID, func(a *servicetest.Account) { a.IsVerified = c.verified })
		s.Removed = []int{1}
		s.Want(t.Context(), flow, post(mailed(t, s), fresh), 200, "null")
		if got := s.Happened(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v has happened, want %v", name, got, c.want)
		}
		if purged := len(s.Removed) == 0; purged == c.verified {
			t.Errorf("%s: what opened the account was removed: %v", name, purged)
		}
	}
}

// What another request does between the look-up and the write wins.
func TestResetLosesARace(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]func(s *servicetest.Services, u *servicetest.Account, token string){
		"its twin": func(s *servicetest.Services, _ *servicetest.Account, token string) {
			s.Want(t.Context(), flow, post(token, "the password of the twin"), 200, "null")
		},
		"a password change": func(s *servicetest.Services, u *servicetest.Account, _ string) {
			s.Set(u.ID, func(a *servicetest.Account) { a.HashedPassword, a.TokenEpoch = "$new$the password of the twin", 1 })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			u := s.Add(ada, "secret")
			token := mailed(t, s)
			s.Late = func() { late(s, u, token) }
			s.Want(t.Context(), flow, post(token, fresh), 400, core.CodeResetBadToken)
			if got := s.Get(u.ID); string(got.HashedPassword) != "$new$the password of the twin" || got.TokenEpoch != 1 {
				t.Errorf("the hash is %q at epoch %d", string(got.HashedPassword), got.TokenEpoch)
			}
		})
	}
}

// Whoever has proved the mailbox may log in again at once.
func TestResetLiftsTheLoginLimit(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Add(ada, "secret")
	token := mailed(t, s)
	once := []core.Limit{{Events: 1, Window: time.Hour}}
	key := loginlimit.Of(core.ByEmail(ada))
	for range 2 {
		_, _ = loginlimit.Allow(t.Context(), s.Limiter, once, key, s.Env.Log)
	}
	s.Want(t.Context(), flow, post(token, fresh), 200, "null")
	if _, err := loginlimit.Allow(t.Context(), s.Limiter, once, key, s.Env.Log); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestForeignTokens(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Add(ada, "secret")
	old, newer := mailed(t, s), mailed(t, s)
	for name, token := range map[string]string{
		"replaced by a newer one": old, "cut": newer[:42], "longer": newer + "A", "empty": "",
	} {
		if _, err := flow.Reset(t.Context(), s.Services, token, fresh, nil); !errors.Is(err,
			core.Refuse(core.CodeResetBadToken)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	s.Want(t.Context(), flow, servicetest.Call{Route: "POST /reset-password", JSON: `{}`}, 422, "password")
	s.Want(t.Context(), flow, post(newer, fresh), 200, "null")
}

func TestAnInactiveUserGetsNoMail(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Set(s.Add(ada, "secret").ID, func(a *servicetest.Account) { a.IsActive = false })
	if err := flow.Request(t.Context(), s.Services, ada); err != nil {
		t.Error(err)
	}
	if n := len(s.Mails(t.Context())); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
}

func TestWithLink(t *testing.T) {
	t.Parallel()
	before := reset.Flow{Options: mailtoken.Options{Lifetime: time.Minute}}
	after, ok := before.WithLink("/user/reset?token={token}").(reset.Flow)
	if !ok || after.Link != "/user/reset?token={token}" || after.Lifetime != time.Minute || before.Link != "" {
		t.Errorf("got %+v of %+v", after, before)
	}
}

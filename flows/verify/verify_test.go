package verify_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/mailtoken"
)

const ada = "ada@example.org"

var flow = verify.Flow{}

func post(token string) servicetest.Call {
	return servicetest.Call{Route: "POST /verify", JSON: fmt.Sprintf(`{"token": %q}`, token)}
}

// mailed asks for a mail and returns its token.
func mailed(t *testing.T, s *servicetest.Services) string {
	t.Helper()
	s.Want(t.Context(), flow, servicetest.Call{Route: "POST /request-verify-token", JSON: `{"email": "` + ada + `"}`}, 202,
		"null")
	mails := s.Mails(t.Context())
	if len(mails) == 0 {
		t.Fatal("no mail was sent")
	}
	return mails[len(mails)-1].Token
}

func TestVerify(t *testing.T) {
	t.Parallel()
	bad := core.CodeVerifyBadToken
	change := func(edit func(*servicetest.Account)) func(*servicetest.Services, *servicetest.Account) {
		return func(s *servicetest.Services, u *servicetest.Account) { s.Set(u.ID, edit) }
	}
	for name, c := range map[string]struct {
		happens func(*servicetest.Services, *servicetest.Account)
		status  int
		part    string
	}{
		"twin":    {nil, 200, `"is_verified":true`},
		"expired": {func(s *servicetest.Services, _ *servicetest.Account) { s.Advance(time.Hour) }, 400, bad},
		"of a former address": {change(func(a *servicetest.Account) {
			a.Email, a.EmailKey = "eve@example.org", "eve@example.org"
		}), 400, bad},
		"of a user who is verified": {change(func(a *servicetest.Account) { a.IsVerified = true }), 400, core.CodeVerifyAlreadyVerified},
		"of a user who is gone": {func(s *servicetest.Services, u *servicetest.Account) {
			_ = s.Store.Delete(t.Context(), u.ID)
		}, 400, bad},
		"refused by the application": {func(s *servicetest.Services, _ *servicetest.Account) {
			s.Refuse = &core.Error{Status: 403, Code: "NOT_NOW"}
		}, 403, "NOT_NOW"},
		"with a store that is down": {func(s *servicetest.Services, _ *servicetest.Account) { s.Store.Down = errors.New("down") }, 503,
			core.CodeServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			u := s.Add(ada, "secret")
			token := mailed(t, s)
			if c.happens != nil {
				c.happens(s, u)
			}
			s.Want(t.Context(), flow, post(token), c.status, c.part)
			if c.status == 200 {
				if e := s.Last(); e.Kind != core.EventEmailVerified || e.Was.IsVerified || !s.Get(u.ID).IsVerified {
					t.Errorf("the event is %+v", e)
				}
				s.Want(t.Context(), flow, post(token), 400, core.CodeVerifyAlreadyVerified)
			}
		})
	}
}

func TestForeignTokens(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, "secret")
	old := mailed(t, s)
	newer := mailed(t, s)
	mailtoken.New("reset", mailtoken.Options{}).Send(t.Context(), s.Services, u, func(*core.User) bool { return true })
	mails := s.Mails(t.Context())
	for name, token := range map[string]string{
		"replaced by a newer one": old, "of a reset": mails[len(mails)-1].Token, "cut": newer[:42], "longer": newer + "A",
		"made up": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	} {
		if _, err := flow.Verify(t.Context(), s.Services, token, nil); !errors.Is(err, core.Refuse(core.CodeVerifyBadToken)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	s.Want(t.Context(), flow, servicetest.Call{Route: "POST /verify", JSON: `{}`}, 422, "token")
	s.Want(t.Context(), flow, post(newer), 200, ada)
}

// Two requests with one token: the second one finds a verified user.
func TestVerifyLosesARace(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Add(ada, "secret")
	token := mailed(t, s)
	s.Late = func() { s.Want(t.Context(), flow, post(token), 200, ada) }
	s.Want(t.Context(), flow, post(token), 400, core.CodeVerifyAlreadyVerified)
}

// What was left in the account before is removed, and sessions end, unless the
// one who uses the account reads the mailbox too.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		own    bool
		purged int
		epoch  int64
	}{"anybody": {false, 1, 1}, "the caller": {true, 0, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			u := s.Add(ada, "secret")
			call := post(mailed(t, s))
			if c.own {
				call.As = u
			}
			s.Removed = []int{1}
			s.Want(t.Context(), flow, call, 200, ada)
			if got := s.Get(u.ID); got.TokenEpoch != c.epoch || len(s.Removed) != 1-c.purged {
				t.Errorf("epoch %d with %d purges left, want %d with %d", got.TokenEpoch, len(s.Removed), c.epoch, 1-c.purged)
			}
		})
	}
}

func TestOnRegister(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flow  verify.Flow
		kind  core.EventKind
		edit  func(*servicetest.Account)
		mails int
	}{
		"twin":             {verify.Flow{OnRegister: true}, core.EventRegistered, func(*servicetest.Account) {}, 1},
		"switched off":     {verify.Flow{}, core.EventRegistered, func(*servicetest.Account) {}, 0},
		"another event":    {verify.Flow{OnRegister: true}, core.EventUpdated, func(*servicetest.Account) {}, 0},
		"verified already": {verify.Flow{OnRegister: true}, core.EventRegistered, func(a *servicetest.Account) { a.IsVerified = true }, 0},
		"an inactive user": {verify.Flow{OnRegister: true}, core.EventRegistered, func(a *servicetest.Account) { a.IsActive = false }, 0},
	} {
		s := servicetest.New(t)
		u := s.Add(ada, "secret")
		s.Set(u.ID, c.edit)
		c.flow.On(t.Context(), s.Services, core.Event{Kind: c.kind, User: s.Get(u.ID)})
		if n := len(s.Mails(t.Context())); n != c.mails {
			t.Errorf("%s: %d mails were sent, want %d", name, n, c.mails)
		}
	}
}

func TestWhoGetsAMail(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*servicetest.Account){
		"verified": func(a *servicetest.Account) { a.IsVerified = true },
		"inactive": func(a *servicetest.Account) { a.IsActive = false },
	} {
		s := servicetest.New(t)
		s.Set(s.Add(ada, "secret").ID, edit)
		if err := flow.Request(t.Context(), s.Services, ada); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(s.Mails(t.Context())); n != 0 {
			t.Errorf("%s: %d mails were sent", name, n)
		}
	}
}

func TestRoutesSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Tickets, s.Mail = nil, nil
	if routes, err := flow.Routes(s.Services); routes != nil || err == nil {
		t.Errorf("got %d routes, %v", len(routes), err)
	}
}

func TestWithLink(t *testing.T) {
	t.Parallel()
	before := verify.Flow{Options: mailtoken.Options{Lifetime: time.Minute}}
	after, ok := before.WithLink("/user/verify?token={token}").(verify.Flow)
	if !ok || after.Link != "/user/verify?token={token}" || after.Lifetime != time.Minute || before.Link != "" {
		t.Errorf("got %+v of %+v", after, before)
	}
}

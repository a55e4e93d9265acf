package emailchange_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

func TestRoutesNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]emailchange.Flow{
		"":                           {},
		"it does nothing":            {UndoFor: -1},
		"at most 30 days":            {UndoFor: 31 * 24 * time.Hour},
		"Lifetime is 1s":             {Confirm: true, Lifetime: time.Second},
		"Link must hold {token}":     {Confirm: true, Link: "/confirm"},
		"Link must be a path":        {UndoLink: "https://evil.example/{token}"},
		"RequestLimit or MailLimit:": {MailLimit: core.Limit{Events: -1, Window: time.Hour}},
		"AttemptLimit:":              {AttemptLimit: core.Limit{Events: 1}},
	} {
		_, err := f.Routes(servicetest.New(t).Services)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	bare := servicetest.New(t)
	bare.Tickets, bare.Mail, bare.Env.BaseURL = nil, nil, nil
	_, err := emailchange.Flow{}.Routes(bare.Services)
	for _, option := range []string{"Options.Tickets", "Options.Sender", "Options.BaseURL"} {
		if err == nil || strings.Count(err.Error(), option) != 1 {
			t.Errorf("want %s once, got %v", option, err)
		}
	}
}

func TestRoutesAreWhatTheOptionsNeed(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]emailchange.Flow{
		"email:undo": {}, "email:confirm email:undo": {Confirm: true}, "email:confirm": {Confirm: true, UndoFor: -1},
	} {
		routes, err := f.Routes(servicetest.New(t).Services)
		var names []string
		for _, r := range routes {
			names = append(names, r.Name)
		}
		if got := strings.Join(names, " "); got != want || err != nil {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
}

// change lets the flow hear of a change of ada's address, as the account does.
func change(t *testing.T, s *servicetest.Services, f emailchange.Flow, to string) {
	t.Helper()
	u := s.Add("ada@example.org", "secret")
	s.Set(u.ID, func(a *servicetest.Account) { a.IsVerified = true })
	changeOf(t, s, f, u, to)
}

func changeOf(t *testing.T, s *servicetest.Services, f emailchange.Flow, u *servicetest.Account, to string) {
	t.Helper()
	was := s.Get(u.ID).User
	planned := *s.Get(u.ID)
	planned.Email = to
	e := &core.Event{Kind: core.EventUpdated, At: s.Now(), User: &planned, Was: &was}
	if err := f.Decide(t.Context(), s.Services, e); err != nil {
		t.Fatal(err)
	}
	s.Set(u.ID, func(a *servicetest.Account) { a.Email, a.EmailKey = to, to })
	e.User = s.Get(u.ID)
	f.On(t.Context(), s.Services, *e)
}

// Neither mail shows the other address in full.
func TestTheOtherAddressIsShortened(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"eve@example.net": "e…@e….net", "é@münchen.example": "é…@m….example", "a.b@c.d.example.org": "a…@c….org",
	} {
		s := servicetest.New(t)
		change(t, s, emailchange.Flow{}, to)
		mails := s.Mails(t.Context())
		if len(mails) != 1 || mails[0].Other != want || mails[0].User.Base().Email != "ada@example.org" ||
			mails[0].Link != "https://app.example.org/email/undo#token="+mails[0].Token {
			t.Errorf("%s: got %+v", to, mails)
		}
	}
}

// marks is a Security whose marks have many links.
type marks struct {
	core.Security
	n int
	// since is what was purged last.
	since *core.Mark
}

func (m marks) Mark(_ context.Context, _ string, at time.Time) (core.Mark, error) {
	ids := make([]string, m.n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%036d", i)
	}
	return core.Mark{At: at, IDs: map[string][]string{"accounts": ids}}, nil
}

func (m marks) PurgeSince(_ context.Context, _ string, since core.Mark) (int, error) {
	*m.since = since
	return 0, nil
}

// Links that a ticket has no room for count as newer than the change.
func TestManyLinks(t *testing.T) {
	t.Parallel()
	for n, kept := range map[int]int{100: 100, 1000: 0} {
		s := servicetest.New(t)
		since := &core.Mark{}
		s.Security = marks{s.Security, n, since}
		change(t, s, emailchange.Flow{}, "eve@example.net")
		begun := s.Now()
		token := s.Mails(t.Context())[0].Token
		s.Advance(time.Hour)
		if _, err := (emailchange.Flow{}).Undo(t.Context(), s.Services, token, nil); err != nil {
			t.Fatal(err)
		}
		if len(since.IDs["accounts"]) != kept || !since.At.Equal(begun) {
			t.Errorf("%d links: %d are kept, since %v", n, len(since.IDs["accounts"]), since.At)
		}
	}
}

// A store or a mark that fails refuses the change, which could not be undone.
func TestDecideFails(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Security = broken{s.Security}
	u := s.Add("ada@example.org", "secret")
	was, planned := u.User, *u
	planned.Email = "eve@example.net"
	e := &core.Event{Kind: core.EventUpdated, User: &planned, Was: &was}
	if err := (emailchange.Flow{}).Decide(t.Context(), s.Services, e); err == nil {
		t.Error("the change is let through")
	}
	planned.Email = "ADA@example.org" // no other address
	if err := (emailchange.Flow{}).Decide(t.Context(), s.Services, e); err != nil {
		t.Error(err)
	}
}

type broken struct{ core.Security }

func (broken) Mark(context.Context, string, time.Time) (core.Mark, error) {
	return core.Mark{}, errors.New("down")
}

func TestUndoEvents(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Removed = []int{2}
	change(t, s, emailchange.Flow{}, "eve@example.net")
	token := s.Mails(t.Context())[0].Token
	u, err := emailchange.Flow{}.Undo(t.Context(), s.Services, token, nil)
	if err != nil || u.Base().Email != "ada@example.org" {
		t.Fatal(u, err)
	}
	want := fmt.Sprint([]core.EventKind{core.EventEmailUndone, core.EventUpdated, core.EventFactorRemoved})
	if got := fmt.Sprint(s.Happened()); got != want {
		t.Errorf("%s has happened, want %s", got, want)
	}
	if last := s.Last(); last.Was.Email != "eve@example.net" || fmt.Sprint(last.Fields) != "[email password]" {
		t.Errorf("the event is %+v %v", last.Was, last.Fields)
	}
}

// Of two undoings at once, that of the earlier change decides, whichever is
// written first.
func TestUndoInTheMiddleOfAnother(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][2]int{"the later one began": {1, 0}, "the earlier one began": {0, 1}} {
		s, f := servicetest.New(t), emailchange.Flow{}
		u := s.Add("ada@example.org", "secret")
		s.Set(u.ID, func(a *servicetest.Account) { a.IsVerified = true })
		var tokens [2]string
		for i, to := range []string{"b@example.org", "c@example.org"} {
			s.Advance(time.Minute)
			changeOf(t, s, f, u, to)
			mails := s.Mails(t.Context())
			tokens[i] = mails[len(mails)-1].Token
		}
		var errs [2]error
		s.Late = func() { _, errs[order[1]] = f.Undo(t.Context(), s.Services, tokens[order[1]], nil) }
		_, errs[order[0]] = f.Undo(t.Context(), s.Services, tokens[order[0]], nil)
		if got := s.Get(u.ID); got.Email != "ada@example.org" || errs[0] != nil {
			t.Errorf("%s: the address is %s, %v", name, got.Email, errs)
		}
		if bad := core.Refuse(core.CodeEmailChangeBadToken); order[0] == 1 && !errors.Is(errs[1], bad) {
			t.Errorf("%s: the later one is answered with %v", name, errs[1])
		}
	}
}

// asked runs something when a user is looked up by an address.
type asked struct {
	core.Users
	run func()
}

func (a asked) Find(ctx context.Context, k core.Key) (core.AnyUser, error) {
	if k.Kind == "email" {
		a.run()
	}
	return a.Users.Find(ctx, k)
}

// The address that a request is about to confirm is the user's already, by
// another request of the same token.
func TestConfirmInTheMiddleOfAnother(t *testing.T) {
	t.Parallel()
	s, f := servicetest.New(t), emailchange.Flow{Confirm: true}
	u := s.Add("ada@example.org", "secret")
	tokens, err := moving(t.Context(), s.Services, f, s.Get(u.ID), "users:patch_current_user")
	if err != nil {
		t.Fatal(err)
	}
	token, users := tokens[core.MailEmailChange], s.Users
	s.Users = asked{users, func() {
		s.Users = users
		if _, err := f.ConfirmAddress(t.Context(), s.Services, token, nil); err != nil {
			t.Errorf("the first one is answered with %v", err)
		}
	}}
	_, err = f.ConfirmAddress(t.Context(), s.Services, token, nil)
	if !errors.Is(err, core.Refuse(core.CodeEmailChangeBadToken)) {
		t.Errorf("the second one is answered with %v", err)
	}
}

// Another request has used the token up, and somebody else has the address
// since: the token is why it is refused.
func TestTakenAfterAnother(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(*servicetest.Services, map[string]string) error{
		"a confirmation": func(s *servicetest.Services, tokens map[string]string) error {
			_, err := emailchange.Flow{Confirm: true}.ConfirmAddress(t.Context(), s.Services, tokens[core.MailEmailChange], nil)
			return err
		},
		"an undoing": func(s *servicetest.Services, tokens map[string]string) error {
			_, err := emailchange.Flow{Confirm: true}.Undo(t.Context(), s.Services, tokens[core.MailEmailUndo], nil)
			return err
		},
	} {
		s, f := servicetest.New(t), emailchange.Flow{Confirm: true}
		u := s.Add("ada@example.org", "secret")
		s.Set(u.ID, func(a *servicetest.Account) { a.IsVerified = true })
		route := map[string]string{"a confirmation": "users:patch_current_user"}[name]
		tokens, err := moving(t.Context(), s.Services, f, s.Get(u.ID), route)
		if err != nil {
			t.Fatal(err)
		}
		taken := false
		take := func() {
			address := "new.ada@example.org" // of moving
			if name == "an undoing" {
				address = "ada@example.org"
			}
			s.Set(u.ID, func(a *servicetest.Account) { a.Email, a.EmailKey = "away@example.org", "away@example.org" })
			other := s.Add(address, "secret")
			s.Set(other.ID, func(a *servicetest.Account) { a.IsVerified = true })
			taken = true
		}
		users := s.Users
		s.Users = asked{users, func() {
			s.Users = users
			if err := use(s, tokens); err != nil {
				t.Errorf("%s: the first one is answered with %v", name, err)
			}
			take()
		}}
		if err := use(s, tokens); !errors.Is(err, core.Refuse(core.CodeEmailChangeBadToken)) || !taken {
			t.Errorf("%s: the second one is answered with %v", name, err)
		}
	}
}

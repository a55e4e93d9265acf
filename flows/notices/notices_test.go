package notices_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/notices"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

const ada = "ada@example.org"

// verified adds a user whose address is verified.
func verified(s *servicetest.Services, address string) *servicetest.Account {
	u := s.Add(address, "secret")
	s.Set(u.ID, func(u *servicetest.Account) { u.IsVerified = true })
	return s.Get(u.ID)
}

// own is what the user does by a request of theirs.
func own(u *servicetest.Account) core.Principal { return core.Principal{Kind: "user", UserID: u.ID} }

func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	fields := []string{"email", "password"}
	for _, c := range []struct {
		event core.Event
		want  core.Notice // zero for none
	}{
		{core.Event{Kind: core.EventUpdated, Fields: fields}, core.Notice{What: "password_changed"}},
		{core.Event{Kind: core.EventUpdated, Fields: fields[:1]}, core.Notice{}},
		{core.Event{Kind: core.EventPasswordReset}, core.Notice{What: "password_reset"}},
		{core.Event{Kind: core.EventResetRequested}, core.Notice{}},
		{core.Event{Kind: core.EventFactorAdded, Method: "totp"}, core.Notice{What: "factor_added", Subject: "totp"}},
		{core.Event{Kind: core.EventFactorAdded, Method: "trusted"}, core.Notice{What: "browser_trusted"}},
		{core.Event{Kind: core.EventFactorRemoved, Method: "totp"}, core.Notice{What: "factor_removed", Subject: "totp"}},
		{core.Event{Kind: core.EventFactorRemoved, Method: "trusted"}, core.Notice{}},
		{core.Event{Kind: core.EventRecoveryUsed, Method: "recovery", Count: 9}, core.Notice{What: "recovery_used", Count: 9}},
		{core.Event{Kind: core.EventRecoveryUsed, Method: "recovery"}, core.Notice{What: "recovery_used"}},
		{core.Event{Kind: core.EventFactorRefused, Method: "totp", Count: 4}, core.Notice{}},
		{core.Event{Kind: core.EventFactorRefused, Method: "totp", Count: 5}, core.Notice{What: "factor_failures", Subject: "totp", Count: 5}},
		{core.Event{Kind: core.EventFactorRefused, Method: "totp", Count: 6}, core.Notice{}},
		{core.Event{Kind: core.EventPasskeyCloned, Method: "passkey", Code: "PASSKEY_REFUSED"}, core.Notice{What: "passkey_clone"}},
		{core.Event{Kind: core.EventPasskeyCloned, Method: "passkey"}, core.Notice{}}, // a synced one
		{core.Event{Kind: core.EventSessionReused, Backend: "mobile"}, core.Notice{What: "session_reused"}},
		{core.Event{Kind: core.EventLinked, Method: "oauth:google", Target: "google"}, core.Notice{What: "provider_linked", Subject: "google"}},
		{core.Event{Kind: core.EventUnlinked, Method: "oauth:google"}, core.Notice{What: "provider_unlinked", Subject: "google"}},
		{core.Event{Kind: core.EventKeyMade, Target: "id"}, core.Notice{What: "key_made"}},
		{core.Event{Kind: core.EventKeyRotated, Target: "id"}, core.Notice{What: "key_made"}},
		{core.Event{Kind: core.EventKeyEnded, Target: "id"}, core.Notice{}},
		{core.Event{Kind: core.EventExported}, core.Notice{What: "data_exported"}},
		{core.Event{Kind: core.EventLeaving}, core.Notice{}}, // has a mail of its own
		{core.Event{Kind: core.EventLoggedIn, Method: "password"}, core.Notice{}},
		{core.Event{Kind: core.EventLoggedIn, Method: "passkey", NewDevice: true}, core.Notice{What: "new_device"}},
		{core.Event{Kind: core.EventLoggedIn, Method: "device"}, core.Notice{What: "device_login"}},
		{core.Event{Kind: core.EventDeviceApproved}, core.Notice{}},
		{core.Event{Kind: core.EventLoginFailed, Method: "password", Code: "LOGIN_BAD_CREDENTIALS"}, core.Notice{}},
		{core.Event{Kind: core.EventLoginFailed, Method: "password", Code: "RATE_LIMITED"}, core.Notice{What: "login_failures"}},
		{core.Event{Kind: core.EventLoginFailed, Method: "passkey", Code: "RATE_LIMITED"}, core.Notice{}},
		{core.Event{Kind: core.EventRegistered}, core.Notice{}},
		{core.Event{Kind: core.EventDeleted}, core.Notice{}},
	} {
		s := servicetest.New(t)
		u := verified(s, ada)
		c.event.User, c.event.At, c.event.Actor = u, s.Now().In(time.FixedZone("", 3600)), own(u)
		c.event.Client = core.Client{IP: netip.MustParseAddr("192.0.2.7"), Label: "Firefox/140.0"}
		ctx := core.WithLanguage(t.Context(), "de")
		notices.Flow{}.On(ctx, s.Services, c.event)
		mails := s.Mails(t.Context())
		if c.want.What == "" {
			if len(mails) != 0 {
				t.Errorf("%s: got %+v", c.event.Kind, mails[0].Notice)
			}
			continue
		}
		c.want.At = s.Now()
		if len(mails) != 1 {
			t.Errorf("%s: %d mails", c.event.Kind, len(mails))
			continue
		}
		m := mails[0]
		if m.Notice != c.want || m.Notice.At.Location() != time.UTC {
			t.Errorf("%s: got %+v, want %+v", c.event.Kind, m.Notice, c.want)
		}
		if m.To != ada || m.Kind != core.MailNotice || m.User.Base().ID != u.ID || m.Lang != "de" ||
			m.Token+m.Link+m.Code != "" || m.Client != c.event.Client {
			t.Errorf("%s: the mail is %+v", c.event.Kind, m.To)
		}

		// Switched off, it alone is not sent.
		notices.Flow{Off: []string{c.want.What}}.On(ctx, s.Services, c.event)
		if n := len(s.Mails(t.Context())); n != 1 {
			t.Errorf("%s: switched off, %d mails", c.event.Kind, n)
		}
		s.Advance(24 * time.Hour) // of some there is one a day
		notices.Flow{Off: []string{"another"}}.On(ctx, s.Services, c.event)
		if n := len(s.Mails(t.Context())); n != 2 {
			t.Errorf("%s: another one switched off, %d mails", c.event.Kind, n)
		}
	}
}

// The first day of an account has no news: its owner tries it out.
func TestANewDeviceOfANewAccount(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := verified(s, ada)
	u.CreatedAt = s.Now()
	for age, want := range map[time.Duration]int{0: 0, 24*time.Hour - time.Second: 0, 24 * time.Hour: 1} {
		before := len(s.Mails(t.Context()))
		notices.Flow{}.On(t.Context(), s.Services, core.Event{
			Kind: core.EventLoggedIn, NewDevice: true, User: u, At: s.Now().Add(age), Actor: own(u),
		})
		if got := len(s.Mails(t.Context())) - before; got != want {
			t.Errorf("after %v: %d mails, want %d", age, got, want)
		}
	}
}

// Strangers can cause one mail a day.
func TestLoginFailuresOnceADay(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := verified(s, ada)
	e := core.Event{
		Kind: core.EventLoginFailed, Method: core.MethodPassword, Code: core.CodeRateLimited, User: u,
		Actor: core.Principal{Kind: "nobody"},
	}
	for day := range 3 {
		for range 20 {
			notices.Flow{}.On(t.Context(), s.Services, e)
		}
		if n := len(s.Mails(t.Context())); n != 2*day+1 {
			t.Fatalf("%d mails after %d days, want one a day and the others", n, day+1)
		}
		notices.Flow{}.On(t.Context(), s.Services, core.Event{Kind: core.EventPasswordReset, User: u, Actor: own(u)})
		if m := s.Mails(t.Context()); m[len(m)-1].Notice.What != "password_reset" {
			t.Error("they use up what others need")
		}
		e.User = nil
		notices.Flow{}.On(t.Context(), s.Services, e)
		e.User = u
		s.Advance(24 * time.Hour)
	}
}

// The client is in the mail where it may have been the user's own, and nobody
// else's.
func TestWhoDidIt(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := verified(s, ada)
	client := core.Client{IP: netip.MustParseAddr("192.0.2.7"), Label: "Firefox/140.0"}
	for _, c := range []struct {
		actor  core.Principal
		others bool
	}{
		{own(u), false},
		{core.Principal{Kind: "nobody"}, false}, // a reset, a login that waits
		{core.Principal{Kind: "user", UserID: "an administrator"}, true},
		{core.Principal{Kind: "user", UserID: u.ID, Actor: "an administrator"}, true},
		{core.Principal{Kind: "system"}, true},
	} {
		notices.Flow{}.On(t.Context(), s.Services,
			core.Event{Kind: core.EventPasswordReset, User: u, Actor: c.actor, Client: client})
		mails := s.Mails(t.Context())
		m := mails[len(mails)-1]
		if m.Notice.Others != c.others || (m.Client == core.Client{}) != c.others {
			t.Errorf("%+v: %+v from %+v", c.actor, m.Notice, m.Client)
		}
	}
}

// A notice goes to the address that the user has shown to be theirs.
func TestWhoReadsIt(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	stranger, owner, nameless := s.Add("new@example.org", "secret"), verified(s, ada), verified(s, "gone@example.org")
	nameless.Email, nameless.EmailKey = "", ""
	moved := *owner.Base()
	moved.IsVerified, moved.Email, moved.EmailKey = false, "new@example.org", "new@example.org"
	before := core.User{ID: stranger.ID, Email: "new@example.org", EmailKey: "new@example.org"}
	for name, c := range map[string]struct {
		was  *core.User
		user core.AnyUser
		to   string
	}{
		"verified":                          {nil, owner, ada},
		"verified before too":               {owner.Base(), owner, ada},
		"unverified":                        {nil, stranger, ""},
		"unverified before too":             {&before, stranger, ""},
		"without an address":                {nil, nameless, ""},
		"a new address with the password":   {owner.Base(), &servicetest.Account{User: moved}, ada},
		"verified by the change itself":     {&before, owner, ada},
		"nobody, as nothing is known of it": {nil, nil, ""},
	} {
		s := servicetest.New(t)
		notices.Flow{}.On(t.Context(), s.Services, core.Event{Kind: core.EventPasswordReset, User: c.user, Was: c.was})
		mails := s.Mails(t.Context())
		switch {
		case c.to == "" && len(mails) > 0:
			t.Errorf("%s: a mail to %s", name, mails[0].To)
		case c.to != "" && (len(mails) != 1 || mails[0].To != c.to):
			t.Errorf("%s: %d mails, want one to %s", name, len(mails), c.to)
		}
	}
}

// At most 5 an hour and 10 a day for an address, whoever causes them.
func TestLimits(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u, other := verified(s, ada), verified(s, "bob@example.org")
	total := func(of *servicetest.Account, n int) int {
		for range n {
			notices.Flow{}.On(t.Context(), s.Services, core.Event{Kind: core.EventPasswordReset, User: of})
		}
		return len(s.Mails(t.Context()))
	}
	if n := total(u, 7); n != 5 {
		t.Errorf("%d of 7 in an hour", n)
	}
	if n := total(other, 1); n != 6 {
		t.Errorf("another address got %d", n-5)
	}
	s.Advance(time.Hour - time.Second)
	if n := total(u, 1); n != 6 {
		t.Errorf("%d within the hour", n-1)
	}
	s.Advance(time.Second)
	if n := total(u, 7); n != 11 {
		t.Errorf("%d after an hour, want 10", n-1)
	}
	s.Advance(2 * time.Hour)
	if n := total(u, 3); n != 11 {
		t.Errorf("%d within the day, want 10", n-1)
	}
	s.Advance(21 * time.Hour)
	if n := total(u, 1); n != 12 {
		t.Errorf("%d after a day, want 11", n-1)
	}
}

// fails is a limiter and a sender that fail while it has an error.
type fails struct {
	core.Limiter
	core.Sender
	err     error
	counted int
}

func (f *fails) Allow(ctx context.Context, key string, limits ...core.Limit) (time.Duration, error) {
	f.counted++
	if f.err != nil && f.counted == 1 {
		return 0, f.err
	}
	return f.Limiter.Allow(ctx, key, limits...)
}

func (f *fails) Send(ctx context.Context, m core.Mail) error {
	if f.err != nil {
		return f.err
	}
	return f.Sender.Send(ctx, m)
}

// M84: what happened has happened, whatever becomes of its notice, which is
// counted once, however often it is tried.
func TestAttackM84NothingFails(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	down := errors.New("down")
	f := &fails{Limiter: s.Limiter, Sender: s.Mail, err: down}
	s.Limiter, s.Mail = f, f
	queue := jobs{}
	s.Jobs = &queue
	u := verified(s, ada)
	notices.Flow{}.On(t.Context(), s.Services, core.Event{Kind: core.EventPasswordReset, User: u})
	if f.counted != 0 || len(queue) != 1 {
		t.Fatalf("within the request: %d calls of the limiter, %d jobs", f.counted, len(queue))
	}
	for range 3 { // the limiter is down, then the sender
		if err := queue[0](t.Context()); !errors.Is(err, down) {
			t.Errorf("an attempt: %v", err)
		}
	}
	s.Store.Down = down
	f.err = nil
	if err := queue[0](t.Context()); !errors.Is(err, down) {
		t.Errorf("without users: %v", err)
	}
	s.Store.Down = nil
	if err := s.Store.Users.Delete(t.Context(), u.ID); err != nil { // and then the user is gone
		t.Fatal(err)
	}
	if err := queue[0](t.Context()); err != nil {
		t.Error(err)
	}
	mails := s.Mails(t.Context())
	if len(mails) != 1 || mails[0].User.Base().Email != ada || f.counted != 2 {
		t.Errorf("%d mails, counted %d times", len(mails), f.counted)
	}
}

// jobs are kept, to be run again.
type jobs []func(context.Context) error

func (j *jobs) Enqueue(_ string, do func(context.Context) error)     { *j = append(*j, do) }
func (j *jobs) EnqueueMail(_ string, do func(context.Context) error) { *j = append(*j, do) }

func TestRoutesSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	routes, err := notices.Flow{Off: []string{notices.FactorAdded}}.Routes(s.Services)
	if len(routes) != 0 || err != nil {
		t.Errorf("%v, %v", routes, err)
	}
	s.Mail = nil
	_, err = notices.Flow{Off: []string{"factor_aded"}}.Routes(s.Services)
	for _, part := range []string{"needs Options.Sender", `Off has "factor_aded"`} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v, want %q", err, part)
		}
	}
}

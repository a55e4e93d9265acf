package latchkey_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/mailtoken"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

// quiet is an application in a bubble of synctest, without a server: requests
// are made to its routes. What reaches its stores and its sender is noted.
type quiet struct {
	*latchkey.Auth[Member]
	t     *testing.T
	users *memstore.Users[Member]
	mails chan core.Mail
	down  map[string]error // by the name of the call

	mu    sync.Mutex
	calls []string
	found int // users that a look-up has found
}

// note is a call. It returns the error that the test wants of it.
func (q *quiet) note(call string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.calls = append(q.calls, call)
	return q.down[call]
}

// noted returns the calls since it was called last.
func (q *quiet) noted() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	calls := q.calls
	q.calls = nil
	return calls
}

func (q *quiet) fail(call string, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.down[call] = err
}

// inQuiet runs a test with such an application.
func inQuiet(t *testing.T, change func(*quiet, *latchkey.Options[Member]), test func(t *testing.T, q *quiet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		q := &quiet{t: t, users: memstore.NewUsers[Member](), mails: make(chan core.Mail, 2000), down: map[string]error{}}
		sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
		if err != nil {
			t.Fatal(err)
		}
		plenty := latchkey.Limit{Events: 1 << 20, Window: time.Hour}
		mails := mailtoken.Options{RequestLimit: plenty, MailLimit: plenty}
		o := latchkey.Options[Member]{
			Backends: []latchkey.Backend{{Name: "web", Transport: header{}, Strategy: sessions}},
			Flows:    []latchkey.Flow{verify.Flow{Options: mails}, reset.Flow{Options: mails}},
			Tickets:  notedTickets{memstore.NewTickets(nil), q},
			Sender:   notedSender{q},
			Limiter:  notedLimiter{memstore.NewLimiter(memstore.LimiterOptions{}), q},
			BaseURL:  "https://app.example.org",
			Hashers:  []core.Hasher{fast("new")},
			Log:      slog.New(slog.DiscardHandler),
		}
		if change != nil {
			change(q, &o)
		}
		if q.Auth, err = latchkey.New(notedUsers{q.users, q}, o); err != nil {
			t.Fatal(err)
		}
		test(t, q)
		if err := q.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// user makes an active user.
func (q *quiet) user(email string, change func(*core.User)) {
	q.t.Helper()
	u := &Member{User: core.User{Email: email, EmailKey: email, IsActive: true, HashedPassword: "new$" + password}}
	if change != nil {
		change(&u.User)
	}
	if err := q.users.Create(q.t.Context(), u); err != nil {
		q.t.Fatal(err)
	}
}

// ask posts an address to the route of a kind of mail.
func (q *quiet) ask(kind, email string) *core.Response {
	return q.post(q.Flow(kind)[0], fmt.Sprintf(`{"email": %q}`, email))
}

func (q *quiet) post(route core.Endpoint, body string) *core.Response {
	return route.Serve(q.t.Context(), &core.Request{
		Head: jsonHead{}, Path: route.Pattern, Body: strings.NewReader(body), Remote: netip.MustParseAddr("192.0.2.1"),
		Param: func(string) string { return "" },
	})
}

// jsonHead is the head of a post of JSON.
type jsonHead struct{}

func (jsonHead) Method() string { return "POST" }
func (jsonHead) Host() string   { return "app.example.org" }
func (jsonHead) Lines(name string) []string {
	if name == "Content-Type" {
		return []string{"application/json"}
	}
	return nil
}

type (
	notedUsers struct {
		*memstore.Users[Member]
		q *quiet
	}
	notedTickets struct {
		*memstore.Tickets
		q *quiet
	}
	notedLimiter struct {
		*memstore.Limiter
		q *quiet
	}
	notedSender struct{ q *quiet }
)

func (n notedUsers) Find(ctx context.Context, key core.Key) (*Member, error) {
	if err := n.q.note("users.Find"); err != nil {
		return nil, err
	}
	u, err := n.Users.Find(ctx, key)
	if err == nil {
		n.q.mu.Lock()
		defer n.q.mu.Unlock()
		n.q.found++
	}
	return u, err
}

func (n notedTickets) Put(ctx context.Context, t core.Ticket, replace bool) error {
	if err := n.q.note("tickets.Put"); err != nil {
		return err
	}
	return n.Tickets.Put(ctx, t, replace)
}

func (n notedTickets) Find(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	if err := n.q.note("tickets.Find"); err != nil {
		return core.Ticket{}, err
	}
	return n.Tickets.Find(ctx, purpose, d)
}

func (n notedTickets) Burn(ctx context.Context, purpose string, d [32]byte, expires time.Time) error {
	if err := n.q.note("tickets.Burn"); err != nil {
		return err
	}
	return n.Tickets.Burn(ctx, purpose, d, expires)
}

func (n notedLimiter) Refund(ctx context.Context, key string) error {
	if err := n.q.note("limiter.Refund"); err != nil {
		return err
	}
	return n.Limiter.Refund(ctx, key)
}

func (n notedLimiter) Allow(ctx context.Context, key string, limits ...core.Limit) (time.Duration, error) {
	if err := n.q.note("limiter.Allow"); err != nil {
		return 0, err
	}
	return n.Limiter.Allow(ctx, key, limits...)
}

func (n notedSender) Send(_ context.Context, m core.Mail) error {
	err := n.q.note("send")
	if err == nil {
		n.q.mails <- m
	}
	return err
}

// kinds of mails, by the flows that send them.
var kinds = []string{"reset", "verify"}

func TestSilence(t *testing.T) {
	people := []string{"ada@example.org", "nobody@example.org", "inactive@example.org", "verified@example.org"}
	open := func(q *quiet) {
		q.user(people[0], nil)
		q.user(people[2], func(u *core.User) { u.IsActive = false })
		q.user(people[3], func(u *core.User) { u.IsVerified = true })
	}
	t.Run("R16 only the look-up runs before the answer, for everybody", func(t *testing.T) {
		inQuiet(t, nil, func(t *testing.T, q *quiet) {
			open(q)
			for _, kind := range kinds {
				for _, email := range people {
					got := q.ask(kind, email)
					if got.Status != 202 || string(got.Body) != "null" {
						t.Errorf("%s for %s: %d %s", kind, email, got.Status, got.Body)
					}
					time.Sleep(499 * time.Millisecond) // the time of the next request, too
					synctest.Wait()
					if calls := q.noted(); !slices.Equal(calls, []string{"limiter.Allow", "users.Find"}) {
						t.Errorf("%s for %s causes %q", kind, email, calls)
					}
					time.Sleep(2001 * time.Millisecond)
					synctest.Wait()
					mail := []string{"users.Find", "limiter.Allow", "limiter.Allow", "tickets.Put", "send"}
					if email != people[0] && (email != people[3] || kind != "reset") {
						mail = mail[:1]
					}
					if calls := q.noted(); !slices.Equal(calls, mail) {
						t.Errorf("%s for %s (twin): within 2.5 s its job calls %q, want %q", kind, email, calls, mail)
					}
				}
			}
		})
	})
	t.Run("R16 no row is found before the answer", func(t *testing.T) { // which takes longer than none
		inQuiet(t, nil, func(t *testing.T, q *quiet) {
			open(q)
			for _, kind := range kinds {
				for _, email := range people {
					q.ask(kind, email)
				}
			}
			if q.found != 0 {
				t.Errorf("%d users were found", q.found)
			}
			if err := q.Wait(t.Context()); err != nil || q.found != 6 {
				t.Errorf("twin: the jobs found %d users (%v), want 6", q.found, err)
			}
		})
	})
	t.Run("R16 a request allocates as much for everybody", func(t *testing.T) {
		inQuiet(t, nil, func(t *testing.T, q *quiet) {
			q.fail("users.Find", core.ErrNotFound) // no row: what a store needs for one is its own
			var allocs []float64
			for _, email := range []string{"somebody@example.org", "ada.love@example.org"} {
				allocs = append(allocs, testing.AllocsPerRun(100, func() { q.ask("reset", email) }))
			}
			if math.Abs(allocs[0]-allocs[1]) > 1 { // a map grows now and then
				t.Errorf("allocations %v", allocs)
			}
		})
	})
	t.Run("R16 mails begin at random within half a second and two and a half", func(t *testing.T) {
		inQuiet(t, nil, func(t *testing.T, q *quiet) {
			q.user(people[0], nil)
			start := time.Now()
			for range 200 {
				q.ask("reset", people[0])
			}
			early, late := time.Hour, time.Duration(0)
			for range 200 {
				<-q.mails
				early, late = min(early, time.Since(start)), max(late, time.Since(start))
			}
			if early < 500*time.Millisecond || early > 700*time.Millisecond || late > 2500*time.Millisecond ||
				late < 2300*time.Millisecond {
				t.Errorf("200 mails were sent between %v and %v", early, late)
			}
		})
	})
	t.Run("R16 a store that is away is 503 for everybody, and no job is queued", func(t *testing.T) {
		inQuiet(t, nil, func(t *testing.T, q *quiet) {
			open(q)
			q.fail("users.Find", errors.New("the database is away"))
			for _, email := range people {
				if got := q.ask("reset", email); got.Status != 503 {
					t.Errorf("%s: %d", email, got.Status)
				}
				if calls := q.noted(); !slices.Equal(calls, []string{"limiter.Allow", "users.Find"}) {
					t.Errorf("%s causes %q", email, calls)
				}
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if calls := q.noted(); len(calls) > 0 {
				t.Errorf("later: %q", calls)
			}
		})
	})
}

func TestMailDelay(t *testing.T) {
	for name, c := range map[string]struct {
		delay       time.Duration
		least, most time.Duration
	}{
		"negative: at once": {-1, 0, 0},
		"two seconds":       {2 * time.Second, 2 * time.Second, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inQuiet(t, func(_ *quiet, o *latchkey.Options[Member]) { o.MailDelay = c.delay }, func(t *testing.T, q *quiet) {
				q.user("ada@example.org", nil)
				start := time.Now()
				q.ask("reset", "ada@example.org")
				<-q.mails
				if at := time.Since(start); at < c.least || at > c.most {
					t.Errorf("sent after %v", at)
				}
			})
		})
	}
	for name, run := range map[string]func(*quiet, context.Context) error{
		"Wait":  func(q *quiet, ctx context.Context) error { return q.Wait(ctx) },
		"Close": func(q *quiet, ctx context.Context) error { return q.Close(ctx) },
	} {
		t.Run(name+" sends what is queued at once", func(t *testing.T) {
			inQuiet(t, nil, func(t *testing.T, q *quiet) {
				q.user("ada@example.org", nil)
				start := time.Now()
				q.ask("reset", "ada@example.org")
				if err := run(q, t.Context()); err != nil || len(q.mails) != 1 || !time.Now().Equal(start) {
					t.Errorf("%v, %d mails after %v", err, len(q.mails), time.Since(start))
				}
			})
		})
	}
	t.Run("the hook runs with the mail, once", func(t *testing.T) {
		var hooks atomic.Int64
		with := func(q *quiet, o *latchkey.Options[Member]) {
			o.Hooks.AfterForgotPassword = func(context.Context, latchkey.Event[Member]) { hooks.Add(1) }
			q.down["send"] = errors.New("the mail server is away")
		}
		inQuiet(t, with, func(t *testing.T, q *quiet) {
			q.user("ada@example.org", nil)
			q.ask("reset", "ada@example.org")
			if hooks.Load() != 0 {
				t.Error("a hook ran before the answer")
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if hooks.Load() != 1 {
				t.Errorf("the hook ran %d times, want once", hooks.Load())
			}
		})
	})
}

// A ticket that is made has its mail, and a mail that is tried again ends no
// newer one.
func TestTicketsHaveTheirMails(t *testing.T) {
	works := func(q *quiet, m core.Mail) bool {
		body := fmt.Sprintf(`{"token": %q, "password": %q}`, m.Token, password+"!")
		return q.post(q.Reset()[1], body).Status == 200
	}
	t.Run("a full queue ends no ticket", func(t *testing.T) {
		inQuiet(t, nil, func(t *testing.T, q *quiet) {
			q.user("ada@example.org", nil)
			q.ask("reset", "ada@example.org")
			first := <-q.mails
			for range 1024 { // as many as the queue holds
				q.ask("reset", "nobody@example.org")
			}
			if got := q.ask("reset", "ada@example.org"); got.Status != 202 {
				t.Errorf("got %d", got.Status)
			}
			time.Sleep(time.Hour / 2)
			if len(q.mails) != 0 || !works(q, first) {
				t.Error("the mail that was refused has ended the former one's link")
			}
		})
	})
	t.Run("a mail that fails is sent later, with the link that was made", func(t *testing.T) {
		inQuiet(t, nil, func(t *testing.T, q *quiet) {
			q.user("ada@example.org", nil)
			q.fail("send", errors.New("the mail server is away"))
			q.ask("reset", "ada@example.org")
			time.Sleep(3 * time.Second)
			q.fail("send", nil)
			m := <-q.mails
			if puts := slices.DeleteFunc(q.noted(), func(c string) bool { return c != "tickets.Put" }); len(puts) != 1 {
				t.Errorf("%d tickets were made for one mail", len(puts))
			}
			if !works(q, m) {
				t.Error("the link does not work")
			}
		})
	})
	t.Run("a mail that is tried again ends no newer one", func(t *testing.T) {
		inQuiet(t, nil, func(t *testing.T, q *quiet) {
			q.user("ada@example.org", nil)
			q.fail("send", errors.New("the mail server is away"))
			q.ask("reset", "ada@example.org")
			time.Sleep(10 * time.Second) // the next attempt comes some seconds later
			q.fail("send", nil)
			q.ask("reset", "ada@example.org")
			newer := <-q.mails
			time.Sleep(time.Minute)
			synctest.Wait()
			if len(q.mails) != 0 {
				t.Error("a mail was sent whose link is dead")
			}
			if !works(q, newer) {
				t.Error("the newer link does not work")
			}
		})
	})
}

// journal is a log whose lines are counted.
type journal struct {
	mu    sync.Mutex
	lines int
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines++
	return len(p), nil
}

// take returns how many lines were written since it was called last.
func (j *journal) take() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer func() { j.lines = 0 }()
	return j.lines
}

// Log lines do not grow with an attack.
func TestFailuresAreLoggedSeldom(t *testing.T) {
	var log journal
	with := func(_ *quiet, o *latchkey.Options[Member]) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) }
	inQuiet(t, with, func(t *testing.T, q *quiet) {
		lines := func() int {
			synctest.Wait()
			return log.take()
		}
		q.fail("users.Find", errors.New("the database is away"))
		for range 5000 {
			q.ask("reset", "ada@example.org")
		}
		q.fail("limiter.Allow", errors.New("so is the limiter"))
		q.ask("reset", "ada@example.org")
		if n := lines(); n != 2 {
			t.Errorf("%d lines of 5,001 failures with two causes", n)
		}
		time.Sleep(time.Minute)
		if n := lines(); n != 1 {
			t.Errorf("%d lines after a minute, want the count of one cause", n)
		}
		q.fail("users.Find", nil)
		q.fail("limiter.Allow", nil)
		for range 5000 {
			q.ask("reset", "nobody@example.org")
		}
		if n := lines(); n != 1 {
			t.Errorf("%d lines of a full queue", n)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
	})
}

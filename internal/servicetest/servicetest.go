// Package servicetest makes the core.Services of flows' own tests: over
// memstore, with a hasher that costs nothing, and with an Events, a Gate and
// Jobs that only keep what they were given.
//
//	s := servicetest.New(t)
//	ada := s.Add("ada@example.org", "a password of ada's")
//	login := servicetest.Call{Route: "POST /login", JSON: `{…}`}
//	resp := s.Want(ctx, flow, login, 204, "")
//
// It is independent of the front door: what transactions, guards and hooks add
// to a flow is tested there.
package servicetest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/codec"
	"github.com/latchkey-go/latchkey/internal/email"
	"github.com/latchkey-go/latchkey/internal/governor"
	"github.com/latchkey-go/latchkey/internal/passwords"
	"github.com/latchkey-go/latchkey/internal/policy"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// Account is the user type, with a column of the application's own.
type Account struct {
	core.User
	Nick string `json:"nick" auth:"register,update"`
}

// Services are core.Services and what happened by them.
type Services struct {
	*core.Services
	*testclock.Clock
	Store *Users
	// Refuse is what Events.Begin returns; nil lets everything happen.
	Refuse error
	// Late runs in a Commit before its do, as another request would.
	Late func()
	// Removed is what each Purge removes, in turn.
	Removed []int
	// Living are the sessions of everybody.
	Living []*core.Session

	t  testing.TB
	mu sync.Mutex
	// What was given.
	events   []core.Event
	attempts []core.Attempt
	mails    []core.Mail
	jobs     []func(context.Context) error
}

// Start is what the clock shows at first.
var Start = time.Date(2026, time.May, 4, 12, 30, 0, 0, time.UTC)

// New returns services for the backend "web".
func New(t testing.TB) *Services {
	t.Helper()
	s := &Services{t: t, Clock: testclock.New(Start), Store: &Users{Users: memstore.NewUsers[Account]()}}
	columns, err := codec.New(reflect.TypeFor[Account](), codec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	hasher, err := passwords.New(passwords.Parts{
		Hashers: []core.Hasher{Hasher("$new$"), Hasher("$old$")}, Policy: policy.Default, Governor: governor.New(0, 0),
		Users: s.Store, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	base, _ := url.Parse("https://app.example.org")
	s.Services = &core.Services{
		Backend: core.BackendInfo{Name: "web"},
		Users:   s.Store, Tickets: memstore.NewTickets(s.Now),
		Limiter: memstore.NewLimiter(memstore.LimiterOptions{Now: s.Now}),
		Gate:    door{s: s}, Sessions: logins{s: s}, Passwords: hasher, Codec: columns,
		CanonicalEmail: trimmed, Identify: identify,
		Mail: sender{s}, Jobs: jobs{s}, Events: happens{s: s}, Security: security{s: s},
		Env: core.Env{BaseURL: base, Log: log, Now: s.Now, Random: rand.Reader},
	}
	return s
}

func identify(typed string) (core.Key, error) {
	key, err := trimmed(typed)
	return core.ByEmail(key), err
}

func trimmed(address string) (string, error) { return email.Canonical(strings.TrimSpace(address)) }

// Add stores an active user.
func (s *Services) Add(address, password string) *Account {
	s.t.Helper()
	u := &Account{User: core.User{Email: address, EmailKey: address, IsActive: true}}
	u.HashedPassword, _ = Hasher("$new$").Hash(password)
	if err := s.Store.Create(context.Background(), u); err != nil {
		s.t.Fatal(err)
	}
	return u
}

// Get returns a user as the store has them.
func (s *Services) Get(id string) *Account {
	s.t.Helper()
	u, err := s.Store.Users.Find(context.Background(), core.ByID(id))
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

// Set changes a user.
func (s *Services) Set(id string, change func(*Account)) {
	s.t.Helper()
	_, err := s.Store.Users.Update(context.Background(), id, func(u *Account) error {
		change(u)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// Happened returns the kinds of what was committed or raised.
func (s *Services) Happened() (kinds []core.EventKind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// Last returns the last event.
func (s *Services) Last() core.Event {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) == 0 {
		s.t.Fatal("nothing has happened")
	}
	return s.events[len(s.events)-1]
}

// Attempts returns the logins that the gate was given.
func (s *Services) Attempts() []core.Attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.attempts)
}

// Run runs the jobs that are queued, and returns their errors.
func (s *Services) Run(ctx context.Context) (errs []error) {
	s.mu.Lock()
	queued := s.jobs
	s.jobs = nil
	s.mu.Unlock()
	for _, do := range queued {
		errs = append(errs, do(ctx))
	}
	return errs
}

// Mails runs the jobs, and returns all mails that were sent.
func (s *Services) Mails(ctx context.Context) []core.Mail {
	s.t.Helper()
	for _, err := range s.Run(ctx) {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

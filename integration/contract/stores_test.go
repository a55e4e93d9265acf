package contract_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// stores are what an application keeps its data in.
type stores struct {
	users    core.UserStore[Account]
	sessions sessionStore
	tickets  core.TicketStore
	limiter  core.Limiter
	accounts core.OAuthAccountStore
}

type sessionStore interface {
	core.SessionStore
	core.SessionLister
}

// behind puts every store behind the same switch.
func (s stores) behind(o *outage) stores {
	return stores{users{s.users, o}, sessions{s.sessions, o}, tickets{s.tickets, o}, limiter{s.limiter, o},
		accounts{s.accounts, o}}
}

// outage is what cannot be asked at present: "users", "tickets.Find", or
// nothing.
type outage struct {
	calls atomic.Value
	note  func(call string) // if not nil, hears of every call; set before the application is used
}

func (o *outage) begin(calls string) { o.calls.Store(calls) }
func (o *outage) end()               { o.calls.Store("") }

func (o *outage) of(call string) error {
	if o.note != nil {
		o.note(call)
	}
	if down, _ := o.calls.Load().(string); down != "" && strings.HasPrefix(call, down) {
		return errors.New("the store is down")
	}
	return nil
}

// ask is call, unless its store is down.
func ask[T any](o *outage, name string, call func() (T, error)) (T, error) {
	if err := o.of(name); err != nil {
		var none T
		return none, err
	}
	return call()
}

// tell is ask for what answers with an error alone.
func tell(o *outage, name string, call func() error) error {
	if err := o.of(name); err != nil {
		return err
	}
	return call()
}

type users struct {
	core.UserStore[Account]
	*outage
}

func (s users) Unwrap() any { return s.UserStore }
func (s users) Create(ctx context.Context, u *Account) error {
	return tell(s.outage, "users.Create", func() error { return s.UserStore.Create(ctx, u) })
}
func (s users) Find(ctx context.Context, key core.Key) (*Account, error) {
	return ask(s.outage, "users.Find", func() (*Account, error) { return s.UserStore.Find(ctx, key) })
}
func (s users) Update(ctx context.Context, id string, change func(*Account) error) (*Account, error) {
	return ask(s.outage, "users.Update", func() (*Account, error) { return s.UserStore.Update(ctx, id, change) })
}
func (s users) Delete(ctx context.Context, id string) error {
	return tell(s.outage, "users.Delete", func() error { return s.UserStore.Delete(ctx, id) })
}
func (s users) List(ctx context.Context, q core.Query) (page []*Account, next string, err error) {
	err = tell(s.outage, "users.List", func() error {
		page, next, err = s.UserStore.List(ctx, q)
		return err
	})
	return page, next, err
}

type sessions struct {
	sessionStore
	*outage
}

func (s sessions) Unwrap() any { return s.sessionStore }
func (s sessions) Create(ctx context.Context, d [32]byte, one core.Session) error {
	return tell(s.outage, "sessions.Create", func() error { return s.sessionStore.Create(ctx, d, one) })
}
func (s sessions) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	return ask(s.outage, "sessions.Find", func() (core.Found, error) { return s.sessionStore.Find(ctx, d) })
}
func (s sessions) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	return tell(s.outage, "sessions.Touch", func() error { return s.sessionStore.Touch(ctx, d, seen, expires) })
}
func (s sessions) Delete(ctx context.Context, d [32]byte) error {
	return tell(s.outage, "sessions.Delete", func() error { return s.sessionStore.Delete(ctx, d) })
}
func (s sessions) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	return tell(s.outage, "sessions.DeleteAll",
		func() error { return s.sessionStore.DeleteAll(ctx, userID, epoch, except) })
}
func (s sessions) List(ctx context.Context, userID string) ([]*core.Session, error) {
	return ask(s.outage, "sessions.List", func() ([]*core.Session, error) { return s.sessionStore.List(ctx, userID) })
}

type tickets struct {
	core.TicketStore
	*outage
}

func (s tickets) Unwrap() any { return s.TicketStore }
func (s tickets) Put(ctx context.Context, t core.Ticket, replace bool) error {
	return tell(s.outage, "tickets.Put", func() error { return s.TicketStore.Put(ctx, t, replace) })
}
func (s tickets) Find(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	return ask(s.outage, "tickets.Find", func() (core.Ticket, error) { return s.TicketStore.Find(ctx, purpose, d) })
}
func (s tickets) Consume(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	return ask(s.outage, "tickets.Consume", func() (core.Ticket, error) { return s.TicketStore.Consume(ctx, purpose, d) })
}
func (s tickets) Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
	return tell(s.outage, "tickets.Burn", func() error { return s.TicketStore.Burn(ctx, purpose, d, until) })
}

type limiter struct {
	core.Limiter
	*outage
}

func (s limiter) Take(ctx context.Context, key string, l core.Limit) (time.Duration, error) {
	return ask(s.outage, "limiter.Take", func() (time.Duration, error) { return s.Limiter.Take(ctx, key, l) })
}
func (s limiter) Forget(ctx context.Context, key string) error {
	return tell(s.outage, "limiter.Forget", func() error { return s.Limiter.Forget(ctx, key) })
}

type accounts struct {
	core.OAuthAccountStore
	*outage
}

func (s accounts) Unwrap() any { return s.OAuthAccountStore }
func (s accounts) Create(ctx context.Context, a *core.OAuthAccount) error {
	return tell(s.outage, "accounts.Create", func() error { return s.OAuthAccountStore.Create(ctx, a) })
}
func (s accounts) Find(ctx context.Context, provider, subject string) (*core.OAuthAccount, error) {
	return ask(s.outage, "accounts.Find",
		func() (*core.OAuthAccount, error) { return s.OAuthAccountStore.Find(ctx, provider, subject) })
}
func (s accounts) List(ctx context.Context, userID string) ([]*core.OAuthAccount, error) {
	return ask(s.outage, "accounts.List",
		func() ([]*core.OAuthAccount, error) { return s.OAuthAccountStore.List(ctx, userID) })
}

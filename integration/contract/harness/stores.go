package harness

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Stores are what an application keeps its data in.
type Stores struct {
	Users    core.UserStore[Account]
	Sessions SessionStore
	Tickets  core.TicketStore
	Limiter  core.Limiter
	Accounts core.OAuthAccountStore

	Credentials core.CredentialStore
	Audit       core.AuditStore // for tests that record
}

// SessionStore is a session store that lists.
type SessionStore interface {
	core.SessionStore
	core.SessionLister
}

// behind puts every store behind the same switch.
func (s Stores) behind(o *Outage) Stores {
	return Stores{users{s.Users, o}, sessions{s.Sessions, o}, tickets{s.Tickets, o}, limiter{s.Limiter, o},
		accounts{s.Accounts, o}, credentials{s.Credentials, o}, records{s.Audit, o}}
}

// Outage is which calls of the stores fail at present. Note, if not nil, is
// called with the name of every call; it is set before the application is used.
type Outage struct {
	calls atomic.Value
	Note  func(call string)
}

// Break makes calls fail whose names begin with calls: "users", "tickets.Find".
func (o *Outage) Break(calls string) { o.calls.Store(calls) }

// Mend makes all calls work again.
func (o *Outage) Mend() { o.calls.Store("") }

func (o *Outage) of(call string) error {
	if o.Note != nil {
		o.Note(call)
	}
	if down, _ := o.calls.Load().(string); down != "" && strings.HasPrefix(call, down) {
		return errors.New("the store is down")
	}
	return nil
}

// ask is call, unless its store is down.
func ask[T any](o *Outage, name string, call func() (T, error)) (T, error) {
	if err := o.of(name); err != nil {
		var none T
		return none, err
	}
	return call()
}

// tell is ask for what answers with an error alone.
func tell(o *Outage, name string, call func() error) error {
	if err := o.of(name); err != nil {
		return err
	}
	return call()
}

type users struct {
	core.UserStore[Account]
	*Outage
}

func (s users) Unwrap() any { return s.UserStore }

func (s users) Create(ctx context.Context, u *Account) error {
	return tell(s.Outage, "users.Create", func() error { return s.UserStore.Create(ctx, u) })
}

func (s users) Find(ctx context.Context, key core.Key) (*Account, error) {
	return ask(s.Outage, "users.Find", func() (*Account, error) { return s.UserStore.Find(ctx, key) })
}

func (s users) Update(ctx context.Context, id string, change func(*Account) error) (*Account, error) {
	return ask(s.Outage, "users.Update", func() (*Account, error) { return s.UserStore.Update(ctx, id, change) })
}

func (s users) Delete(ctx context.Context, id string) error {
	return tell(s.Outage, "users.Delete", func() error { return s.UserStore.Delete(ctx, id) })
}

func (s users) List(ctx context.Context, q core.Query) (page []*Account, next string, err error) {
	err = tell(s.Outage, "users.List", func() error {
		page, next, err = s.UserStore.List(ctx, q)
		return err
	})
	return page, next, err
}

type sessions struct {
	SessionStore
	*Outage
}

func (s sessions) Unwrap() any { return s.SessionStore }

func (s sessions) Create(ctx context.Context, d [32]byte, one core.Session) error {
	return tell(s.Outage, "sessions.Create", func() error { return s.SessionStore.Create(ctx, d, one) })
}

func (s sessions) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	return ask(s.Outage, "sessions.Find", func() (core.Found, error) { return s.SessionStore.Find(ctx, d) })
}

func (s sessions) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	return tell(s.Outage, "sessions.Touch", func() error { return s.SessionStore.Touch(ctx, d, seen, expires) })
}

func (s sessions) Rotate(ctx context.Context, d [32]byte, t core.Turn) (core.Rotation, error) {
	rotator, _ := core.As[core.Rotator](s.SessionStore) // all of them are
	return ask(s.Outage, "sessions.Rotate", func() (core.Rotation, error) { return rotator.Rotate(ctx, d, t) })
}

func (s sessions) Delete(ctx context.Context, d [32]byte) error {
	return tell(s.Outage, "sessions.Delete", func() error { return s.SessionStore.Delete(ctx, d) })
}

func (s sessions) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	return tell(s.Outage, "sessions.DeleteAll",
		func() error { return s.SessionStore.DeleteAll(ctx, userID, epoch, except) })
}

func (s sessions) List(ctx context.Context, userID string) ([]*core.Session, error) {
	return ask(s.Outage, "sessions.List", func() ([]*core.Session, error) { return s.SessionStore.List(ctx, userID) })
}

type tickets struct {
	core.TicketStore
	*Outage
}

func (s tickets) Unwrap() any { return s.TicketStore }

func (s tickets) Put(ctx context.Context, t core.Ticket, replace bool) error {
	return tell(s.Outage, "tickets.Put", func() error { return s.TicketStore.Put(ctx, t, replace) })
}

func (s tickets) Find(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	return ask(s.Outage, "tickets.Find", func() (core.Ticket, error) { return s.TicketStore.Find(ctx, purpose, d) })
}

func (s tickets) Consume(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	return ask(s.Outage, "tickets.Consume", func() (core.Ticket, error) { return s.TicketStore.Consume(ctx, purpose, d) })
}

func (s tickets) Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
	return tell(s.Outage, "tickets.Burn", func() error { return s.TicketStore.Burn(ctx, purpose, d, until) })
}

type limiter struct {
	core.Limiter
	*Outage
}

func (s limiter) Allow(ctx context.Context, key string, limits ...core.Limit) (time.Duration, error) {
	return ask(s.Outage, "limiter.Allow", func() (time.Duration, error) { return s.Limiter.Allow(ctx, key, limits...) })
}

func (s limiter) Reset(ctx context.Context, key string) error {
	return tell(s.Outage, "limiter.Reset", func() error { return s.Limiter.Reset(ctx, key) })
}

type accounts struct {
	core.OAuthAccountStore
	*Outage
}

func (s accounts) Unwrap() any { return s.OAuthAccountStore }

func (s accounts) Create(ctx context.Context, a *core.OAuthAccount) error {
	return tell(s.Outage, "accounts.Create", func() error { return s.OAuthAccountStore.Create(ctx, a) })
}

func (s accounts) Find(ctx context.Context, provider, subject string) (*core.OAuthAccount, error) {
	return ask(s.Outage, "accounts.Find",
		func() (*core.OAuthAccount, error) { return s.OAuthAccountStore.Find(ctx, provider, subject) })
}

func (s accounts) List(ctx context.Context, userID string) ([]*core.OAuthAccount, error) {
	return ask(s.Outage, "accounts.List",
		func() ([]*core.OAuthAccount, error) { return s.OAuthAccountStore.List(ctx, userID) })
}

type credentials struct {
	core.CredentialStore
	*Outage
}

func (s credentials) Unwrap() any { return s.CredentialStore }

func (s credentials) Create(ctx context.Context, c *core.Credential, max int) error {
	return tell(s.Outage, "credentials.Create", func() error { return s.CredentialStore.Create(ctx, c, max) })
}

func (s credentials) Find(ctx context.Context, kind, key string) (*core.Credential, error) {
	return ask(s.Outage, "credentials.Find",
		func() (*core.Credential, error) { return s.CredentialStore.Find(ctx, kind, key) })
}

func (s credentials) List(ctx context.Context, kind, owner string) ([]*core.Credential, error) {
	return ask(s.Outage, "credentials.List",
		func() ([]*core.Credential, error) { return s.CredentialStore.List(ctx, kind, owner) })
}

func (s credentials) Update(
	ctx context.Context, kind, owner, id string, change func(*core.Credential) error,
) (*core.Credential, error) {
	return ask(s.Outage, "credentials.Update",
		func() (*core.Credential, error) { return s.CredentialStore.Update(ctx, kind, owner, id, change) })
}

func (s credentials) Delete(ctx context.Context, kind, owner, id string) error {
	return tell(s.Outage, "credentials.Delete", func() error { return s.CredentialStore.Delete(ctx, kind, owner, id) })
}

type records struct {
	core.AuditStore
	*Outage
}

func (s records) Append(ctx context.Context, r core.Record) error {
	return tell(s.Outage, "audit.Append", func() error { return s.AuditStore.Append(ctx, r) })
}

func (s records) List(ctx context.Context, q core.AuditQuery) (page []core.Record, next string, err error) {
	err = tell(s.Outage, "audit.List", func() error {
		page, next, err = s.AuditStore.List(ctx, q)
		return err
	})
	return page, next, err
}

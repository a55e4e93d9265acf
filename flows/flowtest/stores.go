package flowtest

import (
	"context"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// users is the application's, with a journal.
type users struct {
	core.Users
	j *journal
}

func (u users) Unwrap() any { return u.Users }

func (u users) Create(ctx context.Context, one core.AnyUser) error {
	if err := u.j.note("Users.Create"); err != nil {
		return err
	}
	return u.Users.Create(ctx, one)
}

func (u users) Find(ctx context.Context, key core.Key) (core.AnyUser, error) {
	if err := u.j.note("Users.Find", key.Kind, key.Value); err != nil {
		return nil, err
	}
	return u.Users.Find(ctx, key)
}

func (u users) Update(ctx context.Context, id string, change func(core.AnyUser) error) (core.AnyUser, error) {
	if err := u.j.note("Users.Update"); err != nil {
		return nil, err
	}
	return u.Users.Update(ctx, id, change)
}

func (u users) Delete(ctx context.Context, id string) error {
	if err := u.j.note("Users.Delete"); err != nil {
		return err
	}
	return u.Users.Delete(ctx, id)
}

func (u users) List(ctx context.Context, q core.Query) ([]core.AnyUser, string, error) {
	if err := u.j.note("Users.List", q.Email); err != nil {
		return nil, "", err
	}
	return u.Users.List(ctx, q)
}

func (u users) Lock(ctx context.Context, id string) (core.AnyUser, error) {
	if err := u.j.note("Users.Lock"); err != nil {
		return nil, err
	}
	return u.Users.Lock(ctx, id)
}

// tickets is the application's, with a journal.
type tickets struct {
	core.TicketStore
	j *journal
}

func (s tickets) Unwrap() any { return s.TicketStore }

func (s tickets) Put(ctx context.Context, t core.Ticket, replace bool) error {
	if err := s.j.note("Tickets.Put"); err != nil {
		return err
	}
	return s.TicketStore.Put(ctx, t, replace)
}

func (s tickets) Find(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	if err := s.j.note("Tickets.Find"); err != nil {
		return core.Ticket{}, err
	}
	return s.TicketStore.Find(ctx, purpose, d)
}

func (s tickets) Consume(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	if err := s.j.note("Tickets.Consume"); err != nil {
		return core.Ticket{}, err
	}
	return s.TicketStore.Consume(ctx, purpose, d)
}

func (s tickets) Fail(ctx context.Context, purpose string, d [32]byte, max int) error {
	if err := s.j.note("Tickets.Fail"); err != nil {
		return err
	}
	return s.TicketStore.Fail(ctx, purpose, d, max)
}

func (s tickets) Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
	if err := s.j.note("Tickets.Burn"); err != nil {
		return err
	}
	return s.TicketStore.Burn(ctx, purpose, d, until)
}

// credentials is the application's, with a journal.
type credentials struct {
	core.CredentialStore
	j *journal
}

func (s credentials) Unwrap() any { return s.CredentialStore }

func (s credentials) Create(ctx context.Context, c *core.Credential, max int) error {
	if err := s.j.note("Credentials.Create"); err != nil {
		return err
	}
	return s.CredentialStore.Create(ctx, c, max)
}

func (s credentials) Find(ctx context.Context, kind, key string) (*core.Credential, error) {
	if err := s.j.note("Credentials.Find"); err != nil {
		return nil, err
	}
	return s.CredentialStore.Find(ctx, kind, key)
}

func (s credentials) List(ctx context.Context, kind, owner string) ([]*core.Credential, error) {
	if err := s.j.note("Credentials.List"); err != nil {
		return nil, err
	}
	return s.CredentialStore.List(ctx, kind, owner)
}

func (s credentials) Update(
	ctx context.Context, kind, owner, id string, change func(*core.Credential) error,
) (*core.Credential, error) {
	if err := s.j.note("Credentials.Update"); err != nil {
		return nil, err
	}
	return s.CredentialStore.Update(ctx, kind, owner, id, change)
}

func (s credentials) Delete(ctx context.Context, kind, owner, id string) error {
	if err := s.j.note("Credentials.Delete"); err != nil {
		return err
	}
	return s.CredentialStore.Delete(ctx, kind, owner, id)
}

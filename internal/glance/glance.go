// Package glance reads a user's credentials once for one decision, to which
// several factors contribute: a login of a user who has none costs one query
// then, however many factors an application has.
//
//	store := glance.New(store)
//	ctx = glance.At(ctx, user.ID)
//	c, err := store.Find(ctx, "totp", user.ID) // reads all of the user's
//	c, err = store.Find(ctx, "second", user.ID) // reads nothing
//
// Only what has the owner's ID for its key, and lists of the owner's, come from
// what was read; a write through the same context forgets it.
package glance

import (
	"bytes"
	"context"
	"sync"

	"github.com/latchkey-go/latchkey/core"
)

// Store is a core.CredentialStore in front of another one.
type Store struct{ core.CredentialStore }

// New returns a Store, or nil if there is none to be in front of.
func New(s core.CredentialStore) core.CredentialStore {
	if s == nil {
		return nil
	}
	return Store{s}
}

// Unwrap implements core.Unwrapper.
func (s Store) Unwrap() any { return s.CredentialStore }

type key struct{}

// read is what was read of an owner.
type read struct {
	owner  string
	mu     sync.Mutex // never held while the store is read, which may call back
	done   bool
	all    []*core.Credential
	writes int
}

// At returns a context in which an owner's credentials are read at most once,
// until something is written.
func At(ctx context.Context, owner string) context.Context {
	if r, ok := ctx.Value(key{}).(*read); ok && r.owner == owner {
		return ctx
	}
	return context.WithValue(ctx, key{}, &read{owner: owner})
}

// of returns an owner's credentials; at is false if ctx is not about them.
func (s Store) of(ctx context.Context, owner string) (all []*core.Credential, at bool, err error) {
	r, ok := ctx.Value(key{}).(*read)
	if !ok || r.owner != owner || owner == "" {
		return nil, false, nil
	}
	r.mu.Lock()
	all, done, writes := r.all, r.done, r.writes
	r.mu.Unlock()
	if done {
		return all, true, nil
	}
	if all, err = s.CredentialStore.List(ctx, "", owner); err != nil {
		return nil, true, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.writes == writes { // else it may be older than the write
		r.all, r.done = all, true
	}
	return all, true, nil
}

// Find implements core.CredentialStore.
func (s Store) Find(ctx context.Context, kind, key string) (*core.Credential, error) {
	all, at, err := s.of(ctx, key)
	if !at {
		return s.CredentialStore.Find(ctx, kind, key)
	}
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.Kind == kind && c.Key == key {
			return clone(c), nil
		}
	}
	return nil, core.ErrNotFound
}

// List implements core.CredentialStore.
func (s Store) List(ctx context.Context, kind, owner string) ([]*core.Credential, error) {
	all, at, err := s.of(ctx, owner)
	if !at || err != nil {
		if at {
			return nil, err
		}
		return s.CredentialStore.List(ctx, kind, owner)
	}
	var own []*core.Credential
	for _, c := range all {
		if kind == "" || c.Kind == kind {
			own = append(own, clone(c))
		}
	}
	return own, nil
}

// clone is the caller's own copy.
func clone(c *core.Credential) *core.Credential {
	own := *c
	own.Data = bytes.Clone(c.Data)
	return &own
}

// forget makes the next call read again.
func forget(ctx context.Context) {
	if r, ok := ctx.Value(key{}).(*read); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.done, r.all = false, nil
		r.writes++
	}
}

// Create implements core.CredentialStore.
func (s Store) Create(ctx context.Context, c *core.Credential, max int) error {
	defer forget(ctx)
	return s.CredentialStore.Create(ctx, c, max)
}

// Update implements core.CredentialStore.
func (s Store) Update(
	ctx context.Context, kind, owner, id string, change func(*core.Credential) error,
) (*core.Credential, error) {
	defer forget(ctx)
	return s.CredentialStore.Update(ctx, kind, owner, id, change)
}

// Delete implements core.CredentialStore.
func (s Store) Delete(ctx context.Context, kind, owner, id string) error {
	defer forget(ctx)
	return s.CredentialStore.Delete(ctx, kind, owner, id)
}

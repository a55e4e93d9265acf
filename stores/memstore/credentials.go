package memstore

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Credentials is a core.CredentialStore, CredentialPager and Sweeper. It does
// not know Users: the front door deletes the credentials of a user whom it
// deletes. An ID that it makes is a random UUID.
type Credentials struct {
	clock   clock
	mu      sync.Mutex
	byID    map[string]*core.Credential
	byKey   map[credentialKey]*core.Credential
	byOwner index[string, *core.Credential]
}

type credentialKey struct{ kind, key string }

// NewCredentials makes an empty store. now is nil for time.Now.
func NewCredentials(now func() time.Time) *Credentials {
	return &Credentials{
		clock: newClock(now), byID: map[string]*core.Credential{}, byKey: map[credentialKey]*core.Credential{},
		byOwner: index[string, *core.Credential]{},
	}
}

// Create implements core.CredentialStore.
func (s *Credentials) Create(ctx context.Context, c *core.Credential, max int) error {
	if err := cmp.Or(ctx.Err(), c.Check()); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.now()
	if s.clock.due(now) {
		s.sweep(now)
	}
	row := copyCredential(c)
	if row.ID = canonicalID(c.ID); row.ID == "" {
		row.ID = newID()
	}
	row.Owner = canonicalID(c.Owner)
	taken := []*core.Credential{s.byID[row.ID], s.byKey[credentialKey{row.Kind, row.Key}]}
	if slices.ContainsFunc(taken, func(other *core.Credential) bool { return living(other, now) }) {
		return core.ErrTaken
	}
	if max > 0 && len(s.list(row.Kind, row.Owner, now)) >= max {
		return core.ErrFull
	}
	for _, expired := range taken {
		s.remove(expired)
	}
	s.byID[row.ID], s.byKey[credentialKey{row.Kind, row.Key}] = row, row
	s.byOwner.add(row.Owner, row)
	c.ID = row.ID
	return nil
}

// copyCredential is a copy of c, whose times have whole microseconds.
func copyCredential(c *core.Credential) *core.Credential {
	row := *c
	row.Data = bytes.Clone(c.Data)
	for _, at := range []*time.Time{&row.Created, &row.Used, &row.Expires} {
		*at = at.Truncate(time.Microsecond).UTC()
	}
	return &row
}

// living reports whether there is a row and it has not expired.
func living(row *core.Credential, now time.Time) bool {
	return row != nil && (row.Expires.IsZero() || now.Before(row.Expires))
}

// Find implements core.CredentialStore.
func (s *Credentials) Find(ctx context.Context, kind, key string) (*core.Credential, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.byKey[credentialKey{kind, key}]
	if !living(row, s.clock.now()) {
		return nil, core.ErrNotFound
	}
	return copyCredential(row), nil
}

// List implements core.CredentialStore.
func (s *Credentials) List(ctx context.Context, kind, owner string) ([]*core.Credential, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.list(kind, canonicalID(owner), s.clock.now())
	slices.SortFunc(all, func(a, b *core.Credential) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	for i, row := range all {
		all[i] = copyCredential(row)
	}
	return all, nil
}

// Page implements core.CredentialPager, in the order of keys.
func (s *Credentials) Page(ctx context.Context, kind, after string, limit int) (page []*core.Credential, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.now()
	for _, rows := range s.byOwner {
		for row := range rows {
			if row.Kind == kind && row.Key > after && living(row, now) {
				page = append(page, row)
			}
		}
	}
	slices.SortFunc(page, func(a, b *core.Credential) int { return cmp.Compare(a.Key, b.Key) })
	page = page[:min(limit, len(page))]
	for i, row := range page {
		page[i] = copyCredential(row)
	}
	return page, nil
}

// list are the living rows of an owner, in no order.
func (s *Credentials) list(kind, owner string, now time.Time) (all []*core.Credential) {
	for row := range s.byOwner[owner] {
		if living(row, now) && (kind == "" || kind == row.Kind) {
			all = append(all, row)
		}
	}
	return all
}

// Update implements core.CredentialStore. change runs once, while the whole
// store is locked: it must not use the store.
func (s *Credentials) Update(
	ctx context.Context, kind, owner, id string, change func(*core.Credential) error,
) (*core.Credential, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.owned(kind, owner, id)
	if row == nil {
		return nil, core.ErrNotFound
	}
	draft := copyCredential(row)
	if err := change(draft); err != nil {
		return nil, err
	}
	draft.ID, draft.Owner, draft.Kind, draft.Key, draft.Created = row.ID, row.Owner, row.Kind, row.Key, row.Created
	if err := draft.Check(); err != nil {
		return nil, err
	}
	*row = *copyCredential(draft)
	return copyCredential(row), nil
}

// Delete implements core.CredentialStore.
func (s *Credentials) Delete(ctx context.Context, kind, owner, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.owned(kind, owner, id)
	if row == nil {
		return core.ErrNotFound
	}
	s.remove(row)
	return nil
}

// owned is the living row with an ID, if it is the owner's and of the kind.
func (s *Credentials) owned(kind, owner, id string) *core.Credential {
	row := s.byID[canonicalID(id)]
	if !living(row, s.clock.now()) || row.Kind != kind || row.Owner != canonicalID(owner) {
		return nil
	}
	return row
}

// Sweep implements core.Sweeper.
func (s *Credentials) Sweep(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sweep(s.clock.now()), nil
}

func (s *Credentials) sweep(now time.Time) int {
	before := len(s.byID)
	for _, row := range s.byID {
		if !living(row, now) {
			s.remove(row)
		}
	}
	return before - len(s.byID)
}

func (s *Credentials) remove(row *core.Credential) {
	if row == nil {
		return
	}
	delete(s.byID, row.ID)
	delete(s.byKey, credentialKey{row.Kind, row.Key})
	s.byOwner.remove(row.Owner, row)
}

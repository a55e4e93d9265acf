package memstore

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// OAuthAccounts is a core.OAuthAccountStore. It is independent of Users:
// whoever deletes a user must delete their accounts (flows/oauth does). The IDs
// it makes are random UUIDs.
type OAuthAccounts struct {
	mu        sync.RWMutex
	byID      map[string]*oauthRow
	bySubject map[oauthSubject]*oauthRow
	byUser    index[string, *oauthRow]
	lastSeq   int64
}

type (
	oauthSubject struct{ provider, subject string }
	// oauthRow is a stored account. seq is its position in lists and never
	// changes.
	oauthRow struct {
		seq     int64
		account core.OAuthAccount
	}
)

// NewOAuthAccounts returns an empty store.
func NewOAuthAccounts() *OAuthAccounts {
	return &OAuthAccounts{
		byID: map[string]*oauthRow{}, bySubject: map[oauthSubject]*oauthRow{}, byUser: index[string, *oauthRow]{},
	}
}

// Create implements core.OAuthAccountStore.
func (s *OAuthAccounts) Create(ctx context.Context, a *core.OAuthAccount) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := canonicalID(a.ID)
	if id == "" {
		id = newID()
	}
	subject := oauthSubject{a.Provider, a.Subject}
	if s.byID[id] != nil || s.bySubject[subject] != nil {
		return core.ErrTaken
	}
	a.ID = id
	s.lastSeq++
	row := &oauthRow{seq: s.lastSeq}
	row.keep(*a)
	s.byID[id], s.bySubject[subject] = row, row
	s.byUser.add(a.UserID, row)
	return nil
}

// keep stores a, with its time cut to whole seconds.
func (row *oauthRow) keep(a core.OAuthAccount) {
	a.Expires = a.Expires.Truncate(time.Second).UTC()
	row.account = a
}

// Find implements core.OAuthAccountStore.
func (s *OAuthAccounts) Find(ctx context.Context, provider, subject string) (*core.OAuthAccount, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	row := s.bySubject[oauthSubject{provider, subject}]
	if row == nil {
		return nil, core.ErrNotFound
	}
	return new(row.account), nil
}

// List implements core.OAuthAccountStore.
func (s *OAuthAccounts) List(ctx context.Context, userID string) ([]*core.OAuthAccount, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var rows []*oauthRow
	for row := range s.byUser[userID] {
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b *oauthRow) int { return cmp.Compare(a.seq, b.seq) })
	var all []*core.OAuthAccount
	for _, row := range rows {
		all = append(all, new(row.account))
	}
	return all, nil
}

// Update implements core.OAuthAccountStore. change runs once, while the whole
// store is locked: it must not use the store. If it sets ID, Provider or
// Subject, that is ignored.
func (s *OAuthAccounts) Update(
	ctx context.Context, id string, change func(*core.OAuthAccount) error,
) (*core.OAuthAccount, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.byID[canonicalID(id)]
	if row == nil {
		return nil, core.ErrNotFound
	}
	was, draft := row.account, new(row.account)
	if err := change(draft); err != nil {
		return nil, err
	}
	draft.ID, draft.Provider, draft.Subject = was.ID, was.Provider, was.Subject
	s.byUser.remove(was.UserID, row)
	s.byUser.add(draft.UserID, row)
	row.keep(*draft)
	return new(row.account), nil
}

// Delete implements core.OAuthAccountStore.
func (s *OAuthAccounts) Delete(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.byID[canonicalID(id)]
	if row == nil {
		return core.ErrNotFound
	}
	a := row.account
	delete(s.byID, a.ID)
	delete(s.bySubject, oauthSubject{a.Provider, a.Subject})
	s.byUser.remove(a.UserID, row)
	return nil
}

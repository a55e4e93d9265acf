package session_test

import (
	"context"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

func TestLocalCache(t *testing.T) {
	f := newFixture(t, session.Options{LocalCacheTTL: 2 * time.Second})
	token := f.issue(t)
	found := f.wants(t, token.Raw, nil)
	for range 5 {
		f.wants(t, token.Raw, nil)
	}
	if f.store.finds != 1 {
		t.Errorf("the store was asked %d times, want once", f.store.finds)
	}
	t.Run("a revocation elsewhere is known in time", func(t *testing.T) {
		token := f.issue(t)
		elsewhere := f.wants(t, token.Raw, nil)
		if err := f.store.Sessions.Delete(t.Context(), core.Digest(token.Raw)); err != nil {
			t.Fatal(err)
		}
		f.clock.Advance(2*time.Second - 1)
		f.wants(t, token.Raw, nil)
		f.clock.Advance(1)
		f.wants(t, token.Raw, core.ErrInvalid)
		f.clock.Set(elsewhere.Created)
	})
	t.Run("an own revocation is known at once", func(t *testing.T) {
		f.wants(t, token.Raw, nil)
		if err := f.Revoke(t.Context(), found.Session); err != nil {
			t.Fatal(err)
		}
		f.wants(t, token.Raw, core.ErrInvalid)
		token := f.issue(t)
		f.wants(t, token.Raw, nil)
		if err := f.RevokeAll(t.Context(), "ada", 1, ""); err != nil {
			t.Fatal(err)
		}
		f.wants(t, token.Raw, core.ErrInvalid)
	})
}

func TestLocalCacheEndsSessions(t *testing.T) {
	f := newFixture(t, session.Options{LocalCacheTTL: 5 * time.Second, Idle: time.Minute})
	token := f.issue(t)
	f.clock.Set(start.Add(57 * time.Second))
	f.store.touchDown = context.DeadlineExceeded
	f.wants(t, token.Raw, nil)
	f.clock.Set(start.Add(61 * time.Second))
	f.wants(t, token.Raw, core.ErrInvalid)
}

// A user that the store read along with a session would be as old as the cache
// entry, so it is not cached.
func TestLocalCacheKeepsNoUser(t *testing.T) {
	store := joined{memstore.NewSessions(nil), &core.User{ID: "ada"}}
	s, err := session.New(store, session.Options{LocalCacheTTL: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Issue(t.Context(), login("ada", 0))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.Verify(t.Context(), token.Raw); err != nil || found.User == nil {
		t.Errorf("fresh: got %v, %v", found.User, err)
	}
	if found, err := s.Verify(t.Context(), token.Raw); err != nil || found.User != nil {
		t.Errorf("kept: got %v, %v", found.User, err)
	}
}

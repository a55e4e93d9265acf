package session_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

// caching is a store that keeps in memory what it has found, as an application
// may write one.
type caching struct {
	*memstore.Sessions
	kept  sync.Map // sessions by digest
	finds int
}

func (c *caching) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	c.finds++
	found, err := c.Sessions.Find(ctx, d)
	if err == nil {
		c.kept.Store(d, found.Session)
	}
	return found, err
}

func (c *caching) Delete(ctx context.Context, d [32]byte) error {
	defer c.kept.Delete(d)
	return c.Sessions.Delete(ctx, d)
}

func (c *caching) Cached(store core.SessionStore) func(d [32]byte, now time.Time) *core.Session {
	if store != core.SessionStore(c) {
		return nil
	}
	return func(d [32]byte, _ time.Time) *core.Session {
		kept, _ := c.kept.Load(d)
		s, _ := kept.(*core.Session)
		return s
	}
}

func newCaching(now func() time.Time) *caching { return &caching{Sessions: memstore.NewSessions(now)} }

func TestTheStoresMemoryIsUsed(t *testing.T) {
	t.Parallel()
	clock := testclock.New(start)
	store := newCaching(clock.Now)
	s, err := session.New(store, session.Options{Now: clock.Now, Absolute: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Issue(t.Context(), login("ada", 0))
	if err != nil {
		t.Fatal(err)
	}
	var found core.Found
	for range 5 {
		if found, err = s.Verify(t.Context(), token.Raw); err != nil {
			t.Fatal(err)
		}
	}
	if store.finds != 1 {
		t.Errorf("Find was called %d times for 5 requests, want once", store.finds)
	}
	if _, err := s.Recheck(t.Context(), found.Session); err != nil || store.finds != 2 {
		t.Errorf("Recheck: %v after %d calls of Find, want nil after 2", err, store.finds)
	}
	clock.Advance(time.Hour)
	if _, err := s.Verify(t.Context(), token.Raw); err != core.ErrInvalid {
		t.Errorf("a session that has expired in memory: got %v", err)
	}
	clock.Set(start)
	if err := s.Revoke(t.Context(), found.Session); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(t.Context(), token.Raw); err != core.ErrInvalid {
		t.Errorf("a revoked session: got %v", err)
	}
}

// A store that decorates one with a memory has a Find of its own, which may
// refuse: it sees every request, whether it embeds the other or unwraps to it.
func TestADecoratorSeesEveryRequest(t *testing.T) {
	t.Parallel()
	for name, decorate := range map[string]func(*caching, *int) core.SessionStore{
		"embeds":  func(c *caching, finds *int) core.SessionStore { return embedding{c, finds} },
		"unwraps": func(c *caching, finds *int) core.SessionStore { return wrapping{c, finds} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var finds int
			s, err := session.New(decorate(newCaching(nil), &finds), session.Options{})
			if err != nil {
				t.Fatal(err)
			}
			token, err := s.Issue(t.Context(), login("ada", 0))
			if err != nil {
				t.Fatal(err)
			}
			for range 5 {
				if _, err := s.Verify(t.Context(), token.Raw); err != nil {
					t.Fatal(err)
				}
			}
			if finds != 5 {
				t.Errorf("the decorator's Find was called %d times for 5 requests", finds)
			}
		})
	}
}

type embedding struct {
	*caching
	finds *int
}

func (e embedding) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	*e.finds++
	return e.caching.Find(ctx, d)
}

type wrapping struct {
	core.SessionStore
	finds *int
}

func (w wrapping) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	*w.finds++
	return w.SessionStore.Find(ctx, d)
}

func (w wrapping) Unwrap() any { return w.SessionStore }

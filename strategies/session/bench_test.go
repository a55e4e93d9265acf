package session_test

import (
	"context"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/elapsed"
	"github.com/latchkey-go/latchkey/internal/recent"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

// bench runs Verify of a session that has been found once.
func bench(b *testing.B, name string, store core.SessionStore, o session.Options) {
	s, err := session.New(store, o)
	if err != nil {
		b.Fatal(err)
	}
	token, err := s.Issue(b.Context(), login("ada", 0))
	if err != nil {
		b.Fatal(err)
	}
	verify := func(b *testing.B) {
		if _, err := s.Verify(b.Context(), token.Raw); err != nil {
			b.Fatal(err)
		}
	}
	verify(b)
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			verify(b)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	bench(b, "good", memstore.NewSessions(nil), session.Options{})
	bench(b, "in the strategy's memory", memstore.NewSessions(nil), session.Options{LocalCacheTTL: 5 * time.Second})
	bench(b, "in the store's memory", newRecently(), session.Options{})
	s, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("other shape", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Verify(b.Context(), "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"); err == nil {
				b.Fatal("accepted")
			}
		}
	})
}

// recently is a store with redisstore's memory.
type recently struct {
	*memstore.Sessions
	cache *recent.Sessions
}

func newRecently() *recently {
	return &recently{memstore.NewSessions(nil), recent.NewSessions(1000, time.Hour, elapsed.New(nil))}
}

func (r *recently) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	asked, generation := r.cache.Clock.Now(), r.cache.Generation(d)
	found, err := r.Sessions.Find(ctx, d)
	if err == nil {
		r.cache.Keep(d, *found.Session, asked, time.Hour, generation)
	}
	return found, err
}

func (r *recently) Cached(core.SessionStore) func(d [32]byte, now time.Time) *core.Session {
	cache, clock := r.cache, r.cache.Clock
	return func(d [32]byte, now time.Time) *core.Session { return cache.Find(d, clock.At(now)) }
}

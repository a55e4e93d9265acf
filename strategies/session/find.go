package session

import (
	"context"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// localSessions is about how many sessions Options.LocalCacheTTL keeps: about
// 30 MB once all are in use.
const localSessions = 1 << 16

// known returns what this process has cached of a session.
func (s *Strategy) known(digest [32]byte, now time.Time) (found core.Found, ok bool) {
	if s.cached != nil {
		found.Session = s.cached(digest, now)
	}
	return found, found.Session != nil
}

// find queries the store. A user that the store read along with the session is
// not cached: users must be fresh.
func (s *Strategy) find(ctx context.Context, digest [32]byte, now time.Time) (core.Found, error) {
	if s.cache == nil {
		return s.store.Find(ctx, digest)
	}
	asked, generation := s.cache.Clock.At(now), s.cache.Generation(digest)
	found, err := s.store.Find(ctx, digest)
	if err == nil {
		s.cache.Keep(digest, *found.Session, asked, found.Expires.Sub(now), generation)
	}
	return found, err
}

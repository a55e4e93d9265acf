package session

import (
	"context"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/sessioncache"
)

// localSessions is about how many sessions Options.LocalCache keeps: some 30 MB once all are in use.
const localSessions = 1 << 16

// find asks the store, or the local cache first. A user whom the store read along is not kept: they must be fresh.
func (s *Strategy) find(ctx context.Context, digest [32]byte, now time.Time) (core.Found, error) {
	if s.cache == nil {
		return s.store.Find(ctx, digest)
	}
	asked := now.Sub(s.start)
	if known := s.cache.Find(digest, asked); known != nil {
		return core.Found{Session: known}, nil
	}
	generation := s.cache.Generation(digest)
	found, err := s.store.Find(ctx, digest)
	if err == nil {
		s.cache.Keep(&sessioncache.Entry{Session: *found.Session, Digest: digest}, asked, found.Expires.Sub(now), generation)
	}
	return found, err
}

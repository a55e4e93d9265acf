package jwt

import (
	"sync"

	"github.com/latchkey-go/latchkey/core"
)

// cache remembers tokens that were found good, by the SHA-256 of the whole token, so that a costly signature is checked once. What it says is
// only that the keys of this Strategy signed these claims: time, deny list and epoch are judged after it, at every request. A token that is
// no good never gets in.
type cache struct {
	shards [16]shard
	most   int // entries of a shard
}

type shard struct {
	mu       sync.RWMutex
	sessions map[[32]byte]*core.Session
}

func newCache(entries int) *cache {
	c := &cache{most: (entries + len(cache{}.shards) - 1) / len(cache{}.shards)}
	for i := range c.shards {
		c.shards[i].sessions = map[[32]byte]*core.Session{}
	}
	return c
}

func (c *cache) shard(digest *[32]byte) *shard { return &c.shards[digest[0]%byte(len(c.shards))] }

func (c *cache) get(digest *[32]byte) *core.Session {
	s := c.shard(digest)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sessions[*digest]
}

// put makes room by dropping any entry, which costs whoever comes with that token one more check.
func (c *cache) put(digest *[32]byte, session *core.Session) {
	s := c.shard(digest)
	s.mu.Lock()
	defer s.mu.Unlock()
	for old := range s.sessions {
		if len(s.sessions) < c.most {
			break
		}
		delete(s.sessions, old)
	}
	s.sessions[*digest] = session
}

func (c *cache) drop(digest *[32]byte) {
	s := c.shard(digest)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, *digest)
}

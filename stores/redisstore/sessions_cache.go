package redisstore

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/redis/rueidis"
)

// Cached returns the lookup in this process's memory, for package session; nil
// for a store that decorates this one. See core.SessionCache.
func (t *Sessions) Cached(store core.SessionStore) func(d [32]byte, now time.Time) *core.Session {
	if store != core.SessionStore(t) {
		return nil
	}
	cache, clock := t.cache, t.cache.Clock
	return func(d [32]byte, now time.Time) *core.Session { return cache.Find(d, clock.At(now)) }
}

// maxKept is the maximum length in bytes of the encoding of a cached session.
const maxKept = 1 << 10

// read reads from Redis, which sends the key of a session that changes. It
// sends that after the reply, on the same connection, so it meets either the
// cache's generation or its entry. As there is one connection, a caller who has
// learned that a session was revoked does not find it in what another caller
// read earlier.
func (t *Sessions) read(ctx context.Context, d [32]byte, asked time.Duration) (*core.Session, error) {
	generation := t.cache.Generation(d)
	var raw string
	var one core.Session
	err := t.s.do(ctx, "find a session", t.s.client.B().Get().Key(t.key(d)).Build(),
		func(answer rueidis.RedisMessage) (err error) {
			if raw, err = answer.ToString(); err == nil {
				err = decode(raw, &one)
			}
			return err
		})
	if rueidis.IsRedisNil(err) {
		t.cache.Drop(d) // the key that changed is sent a moment after this reply
		return nil, core.ErrNotFound
	}
	if err != nil {
		return nil, t.unreadable(ctx, d, raw, err)
	}
	left := one.Expires.Sub(t.s.now())
	if left <= 0 {
		return nil, core.ErrNotFound
	}
	if len(raw) > maxKept {
		long := one // keeps one on the stack
		return &long, nil
	}
	return t.cache.Keep(d, one, asked, left, generation), nil
}

// invalidate is called by the client with keys that have changed, or without
// keys when it can no longer tell which.
func (t *Sessions) invalidate(keys []rueidis.RedisMessage) {
	if len(keys) == 0 {
		t.cache.Flush()
	}
	for i := range keys {
		name, _ := keys[i].ToString()
		if digest, ok := strings.CutPrefix(name, t.keys); ok {
			var d [32]byte
			_, _ = base64.RawURLEncoding.Decode(d[:], []byte(digest))
			t.cache.Drop(d)
		}
	}
}

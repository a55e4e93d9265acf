package redisstore

import (
	"context"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Limiter is a core.Limiter with fixed windows, which all nodes of an application share. A key is stored as its SHA-256, as it may hold
// an e-mail address. The nodes' clocks decide; one that is set back lets nobody wait longer than a window.
type Limiter struct {
	s *Store

	take, give script
}

var _ core.Limiter = (*Limiter)(nil)

func newLimiter(s *Store) *Limiter {
	return &Limiter{
		s: s,
		// Times are microseconds, which Lua's numbers hold exactly until the year 2255.
		take: newScript("count an event", `
local now, window, events = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local counted = redis.call('HMGET', KEYS[1], 'start', 'count')
local start, count = tonumber(counted[1] or now), tonumber(counted[2] or 0)
if now < start then
	start = now
end
if now - start >= window then
	start, count = now, 0
end
local wait = 0
if count < events then
	count = count + 1
else
	wait = start + window - now
end
redis.call('HSET', KEYS[1], 'start', string.format('%d', start), 'count', count)
local left = math.ceil((start + window - now) / 1000)
if redis.call('PTTL', KEYS[1]) < left then
	redis.call('PEXPIRE', KEYS[1], string.format('%d', left))
end
return wait`),
		give: newScript("give an event back", `
if tonumber(redis.call('HGET', KEYS[1], 'count') or 0) > 0 then
	redis.call('HINCRBY', KEYS[1], 'count', -1)
end
return 1`),
	}
}

func (t *Limiter) key(key string) string { return t.s.prefix + "limit:" + text(core.Digest(key)) }

// Take counts an event; see core.Limiter.
func (t *Limiter) Take(ctx context.Context, key string, l core.Limit) (time.Duration, error) {
	if l.Events <= 0 || l.Window <= 0 {
		return 0, nil
	}
	answer, err := t.s.exec(ctx, t.take, []string{t.key(key)},
		number(t.s.now().UnixMicro()), number(l.Window.Microseconds()), number(int64(l.Events)))
	if err != nil {
		return 0, err
	}
	wait, err := answer.AsInt64()
	return time.Duration(wait) * time.Microsecond, wrap(t.take.what, err)
}

// Give takes an event back; see core.Limiter.
func (t *Limiter) Give(ctx context.Context, key string) error {
	_, err := t.s.exec(ctx, t.give, []string{t.key(key)})
	return err
}

// Forget sets a count to nothing; see core.Limiter.
func (t *Limiter) Forget(ctx context.Context, key string) error {
	return wrap("forget a limit", t.s.do(ctx, t.s.client.B().Del().Key(t.key(key)).Build()).Error())
}

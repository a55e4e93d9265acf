package redisstore

import (
	"context"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Limiter is a core.Limiter with fixed windows, which all nodes of an
// application share. A key is stored as its SHA-256, as it may contain an email
// address. The nodes' clocks decide; one that is set back makes nobody wait
// longer than a window.
type Limiter struct {
	s *Store

	take, give script
}

var _ core.Limiter = (*Limiter)(nil)

func newLimiter(s *Store) *Limiter {
	return &Limiter{
		s: s,
		// Times are microseconds, which Lua's numbers represent exactly
		// until the year 2255.
		take: newScript("count an event", prelude+`
local now, window, events = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
sane(KEYS[1], 'hash')
local counted = redis.call('HMGET', KEYS[1], 'start', 'count')
local start, count = tonumber(counted[1] or now), tonumber(counted[2] or 0)
if not (start and count and math.abs(start) < 2^53 and count >= 0 and count < 2^53) then
	forget(KEYS[1])
	start, count = now, 0
end
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
return {wait, damaged}`),
		give: newScript("give an event back", prelude+`
sane(KEYS[1], 'hash')
local count = redis.call('HGET', KEYS[1], 'count') or '0'
if #count > 15 or not string.match(count, '^%d+$') then
	forget(KEYS[1])
elseif count ~= '0' then
	redis.call('HINCRBY', KEYS[1], 'count', -1)
end
return {1, damaged}`),
	}
}

func (t *Limiter) key(key string) string { return t.s.prefix + "limit:" + text(core.Digest(key)) }

// Take counts an event; see core.Limiter.
func (t *Limiter) Take(ctx context.Context, key string, l core.Limit) (time.Duration, error) {
	if l.Events <= 0 || l.Window <= 0 {
		return 0, nil
	}
	wait, err := t.s.count(ctx, t.take, []string{t.key(key)},
		number(t.s.now().UnixMicro()), number(l.Window.Microseconds()), number(int64(l.Events)))
	return time.Duration(wait) * time.Microsecond, err
}

// Give takes an event back; see core.Limiter.
func (t *Limiter) Give(ctx context.Context, key string) error {
	_, err := t.s.count(ctx, t.give, []string{t.key(key)})
	return err
}

// Forget sets a count to nothing; see core.Limiter.
func (t *Limiter) Forget(ctx context.Context, key string) error {
	return t.s.do(ctx, "forget a limit", t.s.client.B().Del().Key(t.key(key)).Build(), nil)
}

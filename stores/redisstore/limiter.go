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

	allow, refund script
}

var _ core.Limiter = (*Limiter)(nil)

// countEvent counts an event. A hash has the fields start and count for the
// first limit, start2 and count2 for the second one, and so on. Times are
// microseconds, which Lua's numbers represent exactly until the year 2255.
const countEvent = `
local now, limits = tonumber(ARGV[1]), (#ARGV - 1) / 2
local function suffix(i) return i == 1 and '' or string.format('%d', i) end
local fields = {}
for i = 1, limits do
	fields[2 * i - 1], fields[2 * i] = 'start' .. suffix(i), 'count' .. suffix(i)
end
sane(KEYS[1], 'hash')
local counted = redis.call('HMGET', KEYS[1], unpack(fields))
local starts, counts, readable = {}, {}, true
for i = 1, limits do
	local start, count = tonumber(counted[2 * i - 1] or now), tonumber(counted[2 * i] or 0)
	starts[i], counts[i] = start, count
	readable = readable and start and count and math.abs(start) < 2^53 and count >= 0 and count < 2^53
end
local wait, left = 0, 0
if not readable then
	forget(KEYS[1])
end
for i = 1, limits do
	local window, events = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
	if not readable then
		starts[i], counts[i] = now, 0
	end
	starts[i] = math.min(starts[i], now)
	if now - starts[i] >= window then
		starts[i], counts[i] = now, 0
	end
	if counts[i] >= events then
		wait = math.max(wait, starts[i] + window - now)
	end
	left = math.max(left, math.ceil((starts[i] + window - now) / 1000))
end
for i = 1, limits do
	if wait == 0 then
		counts[i] = counts[i] + 1
	end
	-- a window begins with an event that counts
	if counts[i] > 0 then
		redis.call('HSET', KEYS[1], 'start' .. suffix(i), string.format('%d', starts[i]), 'count' .. suffix(i), counts[i])
	end
end
if redis.call('PTTL', KEYS[1]) < left then
	redis.call('PEXPIRE', KEYS[1], string.format('%d', left))
end
return {wait, damaged}`

var refundEvent = `
sane(KEYS[1], 'hash')
for i = 1, ` + number(core.MaxLimits) + ` do
	local field = i == 1 and 'count' or string.format('count%d', i)
	local count = redis.call('HGET', KEYS[1], field) or '0'
	if #count > 15 or not string.match(count, '^%d+$') then
		forget(KEYS[1])
	elseif count ~= '0' then
		redis.call('HINCRBY', KEYS[1], field, -1)
	end
end
return {1, damaged}`

func newLimiter(s *Store) *Limiter {
	return &Limiter{
		s:      s,
		allow:  newScript("count an event", prelude+countEvent),
		refund: newScript("refund an event", prelude+refundEvent),
	}
}

func (t *Limiter) key(key string) string { return t.s.prefix + "limit:" + text(core.Digest(key)) }

// Allow counts an event; see core.Limiter.
func (t *Limiter) Allow(ctx context.Context, key string, limits ...core.Limit) (time.Duration, error) {
	limits, err := core.Effective(limits)
	if err != nil || len(limits) == 0 {
		return 0, err
	}
	args := []string{number(t.s.now().UnixMicro())}
	for _, l := range limits {
		args = append(args, number(l.Window.Microseconds()), number(int64(l.Events)))
	}
	wait, err := t.s.count(ctx, t.allow, []string{t.key(key)}, args...)
	return time.Duration(wait) * time.Microsecond, err
}

// Refund takes an event back; see core.Limiter.
func (t *Limiter) Refund(ctx context.Context, key string) error {
	_, err := t.s.count(ctx, t.refund, []string{t.key(key)})
	return err
}

// Reset sets the counts to nothing; see core.Limiter.
func (t *Limiter) Reset(ctx context.Context, key string) error {
	return t.s.do(ctx, "reset a limit", t.s.client.B().Del().Key(t.key(key)).Build(), nil)
}

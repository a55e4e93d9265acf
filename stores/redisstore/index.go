package redisstore

import "time"

// An index is a sorted set: the digests of a user's sessions or tickets, scored
// with the time until which the entry is kept. An entry without a session or
// ticket does no harm, a missing one would; so entries stay longer by leeway,
// for nodes whose clocks differ.
const leeway = 24 * time.Hour

// slice is about how many entries of an index, or sessions, one command
// processes: a long command delays everybody else's.
const slice = 1000

// enter is the part of a script that adds an entry or extends it, and removes
// some of the expired ones. Times are milliseconds since 1970.
const enter = prelude + `
local function enter(index, member, ends, now)
	sane(index, 'zset')
	local over = redis.call('ZRANGEBYSCORE', index, '-inf', now, 'LIMIT', 0, 100)
	if #over > 0 then
		redis.call('ZREM', index, unpack(over))
	end
	local known = redis.call('ZSCORE', index, member)
	if not known or tonumber(known) < tonumber(ends) then
		redis.call('ZADD', index, ends, member)
	end
	if redis.call('PTTL', index) < ends - now then
		redis.call('PEXPIRE', index, ends - now)
	end
end
`

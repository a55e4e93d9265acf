package redisstore

import (
	"context"
	"encoding/base64"
	"math"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/floors"
	"github.com/latchkey-go/latchkey/internal/recent"
	"github.com/redis/rueidis"
)

// Sessions is a core.SessionStore, a core.SessionLister, a core.SessionTrimmer,
// a core.Rotator and a core.SessionCache. It does not keep core.Session's
// Extra, whose types belong to a strategy. Redis itself deletes what has
// expired.
//
// Keys. A session is found by its digest alone, in one round trip, so its key
// contains the digest and nothing of the user, and in a Redis Cluster each
// session has a slot of its own. A user's floor and index (the digests of the
// user's sessions) share a slot. No script can span both, so the order of steps
// makes up for it:
//
//   - Create writes the session and then, in one script, checks the floor and
//     enters the digest into the index. If the floor refuses, the session is
//     deleted again; nobody has its token yet, as Create has not returned.
//   - DeleteAll raises the floor; then it goes through the index, in slices,
//     and revokes each session with a script that compares its epoch.
//
// Redis runs one of the first two scripts of a user's slot first. If it is
// Create's, DeleteAll finds the entry, and the session that is already there,
// and revokes it. If it is DeleteAll's, the floor refuses. Either way no
// session below the floor is left once both have returned. A process that dies
// in the middle of Create leaves a session without an index entry, whose token
// nobody has; one that dies in the middle of DeleteAll leaves sessions that the
// next DeleteAll revokes, and that the front door refuses by their epoch.
//
// Bounds. A session that this process has revoked is never returned again:
// Delete, Trim and DeleteAll drop it from the cache before they return, and
// with it whatever a Find is still reading. Another process drops it when it is
// notified, which takes a round trip; if the connection hangs or is lost, when
// that is noticed, and in any case 5 seconds after it was read. If Redis does
// not reply within a second (two, while a connection is being made), the error
// is never core.ErrNotFound. Changes bypass the cache: they are based on what
// is stored.
//
// Every node receives the key of every session that changes, whether or not it
// has that session: about 70 bytes for a login, a logout, and each TouchEvery
// of a session in use. In return Redis keeps no list of what each node has
// read. (CLIENT TRACKING without BCAST does, for unknown keys too; anybody
// could fill the list with made-up tokens, and a full one drops known
// sessions.)
type Sessions struct {
	s      *Store
	keys   string // prefix of the keys of sessions
	cache  *recent.Sessions
	floors floors.Life

	later sync.Once // logs the first session of a later release

	admit, touch, rotate, remove, raise, settle, discard, tidy script
}

var (
	_ core.SessionStore   = (*Sessions)(nil)
	_ core.SessionLister  = (*Sessions)(nil)
	_ core.SessionTrimmer = (*Sessions)(nil)
	_ core.Rotator        = (*Sessions)(nil)
	_ core.FloorKeeper    = (*Sessions)(nil)
	_ core.SessionCache   = (*Sessions)(nil)
)

// readFloor is the part of a script that reads a floor, or "" if there is none.
var readFloor = `
local function readFloor(key)
	sane(key, 'string')
	local floor = redis.call('GET', key) or ''
	if floor ~= '' and not (#floor == 20 and string.match(floor, '^%d+$')) then
		forget(key)
		floor = ''
	end
	if floor ~= '' and redis.call('PTTL', key) < 0 then -- of an earlier release
		redis.call('PEXPIRE', key, ` + number(floors.Unknown.Milliseconds()) + `)
	end
	return floor
end
`

func newSessions(s *Store, cache *recent.Sessions) *Sessions {
	return &Sessions{
		s: s, keys: s.prefix + "session:", cache: cache,
		admit: newScript("index a session", enter+readFloor+`
if ARGV[1] < readFloor(KEYS[1]) then
	return {0, damaged}
end
enter(KEYS[2], ARGV[2], ARGV[3], ARGV[4])
return {1, damaged}`),
		touch: newScript("touch a session", `
if redis.call('EXISTS', KEYS[1]) == 0 then
	return 0
end
redis.call('SETRANGE', KEYS[1], 21, ARGV[1] .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`),
		rotate: newRotate(),
		remove: newScript("delete a session", `
local session = redis.pcall('GET', KEYS[1])
redis.call('DEL', KEYS[1])
if type(session) == 'table' then
	return ''
end
return session`),
		raise: newScript("raise a floor", prelude+readFloor+`
local floor = readFloor(KEYS[1])
if floor < ARGV[1] then
	floor = ARGV[1]
end
redis.call('SET', KEYS[1], floor, 'PX', ARGV[2])
sane(KEYS[2], 'zset')
return {1, damaged}`),
		// It returns whether the session is no longer there.
		settle: newScript("end sessions", `
local epoch = redis.pcall('GETRANGE', KEYS[1], 1, 20)
if type(epoch) == 'table' or not (#epoch == 20 and string.match(epoch, '^%d+$')) then
	redis.call('DEL', KEYS[1])
	return 1
end
if epoch >= ARGV[1] then
	return 0
end
if ARGV[2] == 'keep' then
	redis.call('SETRANGE', KEYS[1], 1, ARGV[1])
	return 0
end
return redis.call('DEL', KEYS[1])`),
		discard: newScript("delete a session that cannot be read", discard),
		tidy: newScript("list sessions", prelude+`
sane(KEYS[1], 'zset')
return {1, damaged}`),
	}
}

func (t *Sessions) key(d [32]byte) string {
	var room [96]byte
	return string(base64.RawURLEncoding.AppendEncode(append(room[:0], t.keys...), d[:]))
}

// Create stores a session; see core.SessionStore.
func (t *Sessions) Create(ctx context.Context, d [32]byte, one core.Session) error {
	value, err := encode(one)
	if err != nil {
		return wrap("create a session", err)
	}
	set := t.s.client.B().Set().Key(t.key(d)).Value(value).Nx().PxMilliseconds(left(t.s.now(), one.Expires)).Build()
	if err = t.s.do(ctx, "create a session", set, nil); rueidis.IsRedisNil(err) {
		return core.ErrTaken
	}
	if err != nil {
		return err
	}
	admitted, err := t.enter(ctx, one.UserID, one.Epoch, d, one.Expires)
	if err == nil && admitted {
		return nil
	}
	if _, gone := t.end(context.WithoutCancel(ctx), d); err == nil {
		err = gone
	}
	if err == nil {
		err = core.ErrInvalid
	}
	return err
}

// Find returns a live session, from this process's memory if it was read within
// the last 5 seconds; see core.SessionStore. Found's User is nil.
func (t *Sessions) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	if err := ctx.Err(); err != nil {
		return core.Found{}, wrap("find a session", err)
	}
	asked := t.cache.Clock.Now()
	if one := t.cache.Find(d, asked); one != nil {
		return core.Found{Session: one}, nil
	}
	one, err := t.read(ctx, d, asked)
	return core.Found{Session: one}, err
}

// KeepFloors sets how long floors are kept; see core.FloorKeeper.
func (t *Sessions) KeepFloors(d time.Duration) { t.floors.KeepFloors(d) }

// Touch moves the expiry of a live session; see core.SessionStore.
func (t *Sessions) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	found, err := t.Find(ctx, d)
	if err != nil {
		return err
	}
	// The index goes first, since it must not drop the session before it
	// expires. The floor was checked when the session was created.
	if _, err := t.enter(ctx, found.Session.UserID, math.MaxInt64, d, expires); err != nil {
		return err
	}
	defer t.cache.Drop(d)
	answer, err := t.s.exec(ctx, t.touch, []string{t.key(d)}, micros(seen), micros(expires),
		number(left(t.s.now(), expires)))
	if err != nil {
		return err
	}
	touched, err := answer.AsInt64()
	if err == nil && touched == 0 {
		return core.ErrNotFound
	}
	return wrap(t.touch.what, err)
}

// Delete deletes one session; see core.SessionStore.
func (t *Sessions) Delete(ctx context.Context, d [32]byte) error {
	userID, err := t.end(ctx, d)
	if err == nil && userID != "" { // an entry that stays in the index does no harm
		_ = t.s.do(ctx, "delete a session", t.s.client.B().Zrem().Key(t.index(userID)).Member(string(d[:])).Build(), nil)
	}
	return err
}

// end deletes a session, and returns the ID of its user if there was one.
func (t *Sessions) end(ctx context.Context, d [32]byte) (userID string, err error) {
	defer t.cache.Drop(d)
	answer, err := t.s.exec(ctx, t.remove, []string{t.key(d)})
	if err != nil || answer.IsNil() {
		return "", err
	}
	raw, err := answer.ToString()
	var one core.Session
	_ = decode(raw, &one)
	return one.UserID, wrap(t.remove.what, err)
}

package redisstore

import (
	"context"
	"errors"
	"math"

	"github.com/latchkey-go/latchkey/core"
)

// newRotate returns the script of Rotate. It returns the rotation as it is
// afterwards, nil if there is no such session, and "" if the value is not one
// that this release writes.
func newRotate() script {
	return newScript("rotate a session", `
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' then
	return ''
end
if not value or string.sub(value, 42, 61) <= ARGV[3] then
	return false
end
local version, present, body = string.sub(value, 1, 1), ARGV[7], string.sub(value, 62)
if version == '`+version+`' then
	body = body .. '\0' -- no marks
elseif version == '`+rotating+`' and #body > #present then
	present, body = string.sub(body, 1, #present), string.sub(body, #present + 1)
elseif version ~= '`+marked+`' then
	return ''
end
if string.sub(present, 1, 32) ~= ARGV[1] or string.sub(present, 97) > ARGV[2] then
	return present
end
redis.call('SET', KEYS[1], '`+rotating+`' .. string.sub(value, 2, 21) .. ARGV[4] .. ARGV[5] .. body, 'PX', ARGV[6])
return ARGV[5]`)
}

// Rotate replaces the secret of a live session; see core.Rotator. The rotation
// is in the session's own value: a key of its own could be lost alone, and the
// first secret would be good again.
func (t *Sessions) Rotate(ctx context.Context, d [32]byte, turn core.Turn) (r core.Rotation, err error) {
	asked := t.cache.Clock.Now()
	found, err := t.Find(ctx, d)
	if err != nil {
		return core.Rotation{}, err
	}
	// The index goes first; see Touch.
	if _, err := t.enter(ctx, found.Session.UserID, math.MaxInt64, d, turn.Expires); err != nil {
		return core.Rotation{}, err
	}
	defer t.cache.Drop(d)
	now := t.s.now()
	answer, err := t.s.exec(ctx, t.rotate, []string{t.key(d)}, string(turn.From[:]), micros(turn.Before), micros(now),
		micros(turn.Seen)+micros(turn.Expires), encodeRotation(turn.Next), number(left(now, turn.Expires)), unrotated)
	if err != nil {
		return core.Rotation{}, err
	}
	if answer.IsNil() {
		return core.Rotation{}, core.ErrNotFound
	}
	raw, err := answer.ToString()
	if err == nil {
		r, err = decodeRotation(raw)
	}
	if errors.Is(err, errUnreadable) {
		if _, unread := t.read(ctx, d, asked); unread != nil {
			return core.Rotation{}, unread
		}
	}
	return r, wrap(t.rotate.what, err)
}

// unrotated is the encoding of no rotation.
var unrotated = encodeRotation(core.Rotation{})

func encodeRotation(r core.Rotation) string {
	return string(r.Secret[:]) + string(r.Replaced[:]) + string(r.Sealed[:]) + micros(r.At)
}

// decodeRotation returns what encodeRotation wrote, or errUnreadable.
func decodeRotation(raw string) (r core.Rotation, err error) {
	if len(raw) != rotationWidth {
		return r, errUnreadable
	}
	all := reader{rest: raw}
	for _, to := range []*[32]byte{&r.Secret, &r.Replaced, &r.Sealed} {
		copy(to[:], all.take(int64(len(to))))
	}
	if r.At = all.micros(); all.broken {
		return core.Rotation{}, errUnreadable
	}
	return r, nil
}

package redisstore

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// discard deletes a session, unless its value has changed since it could not be
// read. A value of another type never was a session.
const discard = `
if redis.call('TYPE', KEYS[1]).ok ~= 'string' or redis.call('GET', KEYS[1]) == ARGV[1] then
	redis.call('DEL', KEYS[1])
end
return 1`

// unreadable returns the error for a session's value that was not read because
// of err (S19, S24). The value of a later release is left alone, and is an
// error. Any other value that decode refuses, and a value of another type, is
// logged and deleted, and the error is core.ErrNotFound: its owner logs in
// again. Any other err is returned unchanged.
func (t *Sessions) unreadable(ctx context.Context, d [32]byte, raw string, err error) error {
	switch {
	case errors.Is(err, errLater):
		t.later.Do(func() {
			t.s.log.ErrorContext(ctx,
				"redisstore: a later release has stored sessions that this one cannot read",
				"version", raw[:len(version)])
		})
		return err
	case !errors.Is(err, errUnreadable) && !says(err, "WRONGTYPE"):
		return err
	}
	t.s.log.ErrorContext(ctx, "redisstore: a session could not be read and was deleted", "session",
		hex.EncodeToString(d[:]))
	t.cache.Drop(d)
	if _, err := t.s.exec(ctx, t.discard, []string{t.key(d)}, raw); err != nil {
		return err
	}
	return core.ErrNotFound
}

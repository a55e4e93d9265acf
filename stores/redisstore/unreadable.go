package redisstore

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// discard deletes a session, unless it is no longer the value that could not be
// read. A value of another type never was a session.
const discard = `
if redis.call('TYPE', KEYS[1]).ok ~= 'string' or redis.call('GET', KEYS[1]) == ARGV[1] then
	redis.call('DEL', KEYS[1])
end
return 1`

// unreadable returns what is to be answered where a session's value was not
// read, for the reason err (S19, S24). The value of a later release is left
// alone, and is an error. Whatever else decode refuses, and a value of another
// type, is logged, deleted, and core.ErrNotFound: its owner logs in again. Any
// other err is returned as it is.
func (t *Sessions) unreadable(ctx context.Context, d [32]byte, raw string, err error) error {
	switch {
	case errors.Is(err, errLater):
		t.later.Do(func() {
			t.s.log.ErrorContext(ctx,
				"redisstore: there are sessions that a later release has stored; this one cannot read them",
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

package redisstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/redis/rueidis"
)

func (t *Sessions) index(userID string) string {
	return t.s.prefix + "sessions:{" + text(core.Digest(userID)) + "}"
}

// perUser are the keys of a user's floor and index, which the hash tag {…} puts into one slot.
func (t *Sessions) perUser(userID string) []string {
	return []string{t.s.prefix + "floor:{" + text(core.Digest(userID)) + "}", t.index(userID)}
}

// enter puts a session into its user's index, unless its epoch is below the floor.
func (t *Sessions) enter(ctx context.Context, userID string, epoch int64, d [32]byte, expires time.Time) (bool, error) {
	return t.s.did(ctx, t.admit, t.perUser(userID), decimal(epoch), string(d[:]), millis(expires.Add(leeway)), millis(t.s.now()))
}

// DeleteAll ends a user's sessions below the epoch and raises the floor; see core.SessionStore.
func (t *Sessions) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	digests, err := t.raiseFloor(ctx, userID, epoch)
	if err != nil || len(digests) == 0 {
		return err
	}
	all := make([]rueidis.LuaExec, len(digests))
	for i, d := range digests {
		what := "end"
		if d == except {
			what = "keep"
		}
		all[i] = rueidis.LuaExec{Keys: []string{t.key(d)}, Args: []string{decimal(epoch), what}}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var gone []string
	var failed []error
	for i, result := range t.settle.lua.ExecMulti(ctx, t.s.client, all...) {
		t.cache.Drop(digests[i])
		n, err := result.AsInt64()
		if n == 1 {
			gone = append(gone, string(digests[i][:]))
		}
		failed = append(failed, err)
	}
	if len(gone) > 0 {
		failed = append(failed, t.s.do(ctx, t.s.client.B().Zrem().Key(t.index(userID)).Member(gone...).Build()).Error())
	}
	return wrap(t.settle.what, errors.Join(failed...))
}

func (t *Sessions) raiseFloor(ctx context.Context, userID string, epoch int64) ([][32]byte, error) {
	answer, err := t.s.exec(ctx, t.raise, t.perUser(userID), decimal(epoch))
	if err != nil {
		return nil, err
	}
	members, err := answer.AsStrSlice()
	return digestsOf(members), wrap(t.raise.what, err)
}

// List gives a user's living sessions, newest first; see core.SessionLister.
func (t *Sessions) List(ctx context.Context, userID string) ([]*core.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	members, err := t.s.client.Do(ctx, t.s.client.B().Zrange().Key(t.index(userID)).Min("0").Max("-1").Build()).AsStrSlice()
	if err != nil {
		return nil, wrap("list sessions", err)
	}
	var keys []string
	for _, d := range digestsOf(members) {
		keys = append(keys, t.key(d))
	}
	values, err := rueidis.MGet(t.s.client, ctx, keys)
	if err != nil {
		return nil, wrap("list sessions", err)
	}
	var all []*core.Session
	now := t.s.now()
	for _, value := range values {
		raw, err := value.ToString()
		if rueidis.IsRedisNil(err) {
			continue
		}
		var one core.Session
		if err == nil {
			err = decode(raw, &one)
		}
		if err != nil {
			return nil, wrap("list sessions", err)
		}
		if now.Before(one.Expires) {
			all = append(all, &one)
		}
	}
	slices.SortFunc(all, func(a, b *core.Session) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// digestsOf are the members of an index.
func digestsOf(members []string) [][32]byte {
	digests := make([][32]byte, len(members))
	for i, m := range members {
		copy(digests[i][:], m)
	}
	return digests
}

package redisstore

import (
	"bytes"
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

// perUser returns the keys of a user's floor and index, which the hash tag {…}
// puts into one slot.
func (t *Sessions) perUser(userID string) []string {
	return []string{t.s.prefix + "floor:{" + text(core.Digest(userID)) + "}", t.index(userID)}
}

// enter puts a session into its user's index, unless its epoch is below the
// floor.
func (t *Sessions) enter(ctx context.Context, userID string, epoch int64, d [32]byte, expires time.Time) (bool, error) {
	n, err := t.s.count(ctx, t.admit, t.perUser(userID), decimal(epoch), string(d[:]), millis(expires.Add(leeway)),
		millis(t.s.now()))
	return n == 1, err
}

// DeleteAll deletes a user's sessions below the epoch and raises the floor; see
// core.SessionStore. A user may have more sessions than Redis can delete within
// patience: they are deleted in slices, with patience for each.
func (t *Sessions) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	if _, err := t.s.count(ctx, t.raise, t.perUser(userID), decimal(epoch),
		number(t.floors.Length().Milliseconds())); err != nil {
		return err
	}
	return t.each(ctx, t.settle.what, userID, func(digests [][32]byte) (gone []string, err error) {
		all := make([]rueidis.LuaExec, len(digests))
		for i, d := range digests {
			what := "end"
			if d == except {
				what = "keep"
			}
			all[i] = rueidis.LuaExec{Keys: []string{t.key(d)}, Args: []string{decimal(epoch), what}}
		}
		err = t.s.call(ctx, t.settle.what, func(ctx context.Context) error {
			var failed []error
			for i, result := range t.settle.lua.ExecMulti(ctx, t.s.client, all...) {
				n, err := result.AsInt64()
				if n == 1 {
					gone = append(gone, string(digests[i][:]))
				}
				failed = append(failed, err)
			}
			return errors.Join(failed...)
		})
		for _, d := range digests {
			t.cache.Drop(d)
		}
		return gone, err
	})
}

// each calls do with the digests in a user's index, about a slice at a time,
// and removes from the index those that do returns as gone. What is entered or
// removed meanwhile may be seen or not, and anything may be seen twice; what
// stays in the index from beginning to end is seen (SCAN's guarantee).
func (t *Sessions) each(
	ctx context.Context, what, userID string, do func([][32]byte) (gone []string, err error),
) error {
	index, cursor := t.index(userID), uint64(0)
	for {
		var page rueidis.ScanEntry
		err := t.s.do(ctx, what, t.s.client.B().Zscan().Key(index).Cursor(cursor).Count(slice).Build(),
			func(answer rueidis.RedisMessage) (err error) {
				page, err = answer.AsScanEntry()
				return err
			})
		if err != nil {
			return err
		}
		digests := make([][32]byte, 0, len(page.Elements)/2)
		for i := 0; i+1 < len(page.Elements); i += 2 { // each with its score
			digests = append(digests, digestOf(page.Elements[i]))
		}
		gone, err := do(digests)
		if len(gone) > 0 { // an entry that stays in the index does no harm
			_ = t.s.do(ctx, what, t.s.client.B().Zrem().Key(index).Member(gone...).Build(), nil)
		}
		if cursor = page.Cursor; err != nil || cursor == 0 {
			return err
		}
	}
}

// Trim deletes a user's oldest sessions at a backend; see core.SessionTrimmer.
// If the user has no more sessions than keep, it takes one command.
func (t *Sessions) Trim(
	ctx context.Context, userID, backend string, keep int, named [32]byte,
) (ended [][32]byte, err error) {
	const what = "trim sessions"
	entries := int64(0)
	err = t.s.do(ctx, what, t.s.client.B().Zcard().Key(t.index(userID)).Build(),
		func(answer rueidis.RedisMessage) (err error) {
			entries, err = answer.AsInt64()
			return err
		})
	if err != nil || entries <= int64(keep) {
		return nil, err
	}
	var all []stored
	err = t.each(ctx, what, userID, func(digests [][32]byte) (gone []string, err error) {
		found, gone, err := t.readAll(ctx, what, digests)
		for _, one := range found {
			if one.session.Backend == backend {
				one.session = nil // there may be many
				all = append(all, one)
			}
		}
		if errors.Is(err, errLater) { // a later release deletes its own
			err = nil
		}
		return gone, err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, newestFirst(named))
	all = slices.CompactFunc(all, func(a, b stored) bool { return a.digest == b.digest })
	for some := range slices.Chunk(all[min(max(keep, 0), len(all)):], slice) {
		if err := t.endAll(ctx, what, userID, some); err != nil {
			return ended, err
		}
		for _, one := range some {
			ended = append(ended, one.digest)
		}
	}
	return ended, nil
}

// endAll deletes sessions of a user.
func (t *Sessions) endAll(ctx context.Context, what, userID string, all []stored) error {
	keys, members := make([]string, len(all)), make([]string, len(all))
	for i, one := range all {
		keys[i], members[i] = t.key(one.digest), string(one.digest[:])
	}
	err := t.s.call(ctx, what, func(ctx context.Context) error {
		var failed []error
		for _, err := range rueidis.MDel(t.s.client, ctx, keys) {
			failed = append(failed, err)
		}
		return errors.Join(failed...)
	})
	for _, one := range all {
		t.cache.Drop(one.digest)
	}
	if err == nil {
		_ = t.s.do(ctx, what, t.s.client.B().Zrem().Key(t.index(userID)).Member(members...).Build(), nil)
	}
	return err
}

// List returns a user's live sessions, newest first; see core.SessionLister. If
// a user has more than it may return, it picks the newest of the 1,000 that
// live longest.
func (t *Sessions) List(ctx context.Context, userID string) ([]*core.Session, error) {
	const what = "list sessions"
	var members []string
	longest := t.s.client.B().Zrevrange().Key(t.index(userID)).Start(0).Stop(slice - 1).Build()
	err := t.s.do(ctx, what, longest, func(answer rueidis.RedisMessage) (err error) {
		members, err = answer.AsStrSlice()
		return err
	})
	if says(err, "WRONGTYPE") {
		_, err = t.s.count(ctx, t.tidy, []string{t.index(userID)})
	}
	if err != nil {
		return nil, err
	}
	digests := make([][32]byte, len(members))
	for i, member := range members {
		digests[i] = digestOf(member)
	}
	found, _, err := t.readAll(ctx, what, digests)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, newestFirst([32]byte{}))
	all := make([]*core.Session, len(found))
	for i, one := range found {
		all[i] = one.session
	}
	return all, nil
}

// stored is a session and the digest that it is stored under.
type stored struct {
	digest  [32]byte
	created time.Time
	session *core.Session
}

// newestFirst returns a comparison of sessions. Among sessions of the same
// moment the named one comes first.
func newestFirst(named [32]byte) func(a, b stored) int {
	rank := func(s stored) int {
		if s.digest == named {
			return 0
		}
		return 1
	}
	return func(a, b stored) int {
		return cmp.Or(b.created.Compare(a.created), rank(a)-rank(b), bytes.Compare(a.digest[:], b.digest[:]))
	}
}

// readAll reads live sessions, bypassing the cache, and returns the members of
// those that are gone. The error is errLater, along with the other results, if
// a later release stored one of them.
func (t *Sessions) readAll(
	ctx context.Context, what string, digests [][32]byte,
) (found []stored, gone []string, err error) {
	gets := make(rueidis.Commands, len(digests))
	for i, d := range digests {
		gets[i] = t.s.client.B().Get().Key(t.key(d)).Build()
	}
	var answers []rueidis.RedisResult
	if err := t.s.call(ctx, what, func(ctx context.Context) error {
		answers = t.s.client.DoMulti(ctx, gets...)
		return nil
	}); err != nil {
		return nil, nil, err
	}
	now := t.s.now()
	var later error
	for i, answer := range answers {
		one := new(core.Session)
		raw, err := answer.ToString()
		if err == nil {
			err = decode(raw, one)
		}
		if err != nil && !rueidis.IsRedisNil(err) {
			err = t.unreadable(ctx, digests[i], raw, err)
		}
		switch {
		case rueidis.IsRedisNil(err), errors.Is(err, core.ErrNotFound):
			gone = append(gone, string(digests[i][:]))
		case errors.Is(err, errLater):
			later = wrap(what, err)
		case err != nil:
			return nil, gone, wrap(what, err)
		case now.Before(one.Expires):
			found = append(found, stored{digests[i], one.Created, one})
		}
	}
	return found, gone, later
}

// digestOf returns the digest of a member of an index.
func digestOf(member string) (d [32]byte) {
	copy(d[:], member)
	return d
}

package sqlstore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/marks"
)

// Sessions is a core.SessionStore, core.SessionLister, core.SessionTrimmer,
// core.Rotator and core.Sweeper. It does not keep core.Session's Extra, which
// is of types that belong to a strategy.
type Sessions struct {
	s *Store
	// users reads a session's user in the same query; nil: it is not read.
	users *userReader
	later sync.Once // logs the first session of a later release

	floor, create, find, touch, lives, remove, removeSome, carry, raise, removeAll, list, excess, sweep, stampFloors,
	sweepFloors statement
	rotations rotations
}

var (
	_ core.SessionStore   = (*Sessions)(nil)
	_ core.SessionLister  = (*Sessions)(nil)
	_ core.SessionTrimmer = (*Sessions)(nil)
	_ core.Rotator        = (*Sessions)(nil)
	_ core.FloorKeeper    = (*Sessions)(nil)
	_ core.Sweeper        = (*Sessions)(nil)
)

const (
	sessionColumns = "id, user_id, backend, label, ip, epoch, proofs, created, last_seen, expires, marks"
	// alive is the condition on a session that the floor of its user
	// allows. A Create that races a DeleteAll may leave a row under the
	// floor; whoever reads asks the floor in the same statement, so no
	// isolation level lets it be seen.
	alive = "{sessions}.expires > ? AND NOT EXISTS (SELECT 1 FROM {floors} WHERE {floors}.user_id = {sessions}.user_id AND {floors}.epoch > {sessions}.epoch)"
	// raiseFloor, with the dialect's end, sets a floor, which only rises.
	// Its last arguments are epoch and expires once more.
	raiseFloor = "INSERT INTO {floors} (user_id, epoch, expires) VALUES (?, ?, ?)"
	// listMax is how many sessions List returns at most.
	listMax = "1000"
)

func newSessions(s *Store, users *userReader) *Sessions {
	return &Sessions{
		s: s, users: users, rotations: newRotations(s),
		floor: s.statement("find a floor", "SELECT epoch FROM {floors} WHERE user_id = ?"),
		create: s.statement("create a session",
			"INSERT INTO {sessions} (digest, "+sessionColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"+s.dialect.skip),
		find: s.statement("find a session", "SELECT "+qualified("sessions", strings.Split(sessionColumns, ", ")...)+
			users.columns()+
			" FROM {sessions}"+users.join()+" WHERE {sessions}.digest = ? AND "+alive),
		touch: s.statement("touch a session", "UPDATE {sessions} SET last_seen = ?, expires = ? WHERE digest = ? AND "+
			alive),
		lives:  s.statement("touch a session", "SELECT epoch FROM {sessions} WHERE digest = ? AND "+alive+s.dialect.newest),
		remove: s.statement("delete a session", "DELETE FROM {sessions} WHERE digest = ?"),
		removeSome: s.statement("trim sessions",
			"DELETE FROM {sessions} WHERE digest IN ("+strings.TrimSuffix(strings.Repeat("?, ", trimBatch), ", ")+")"),
		carry: s.statement("keep a session",
			"UPDATE {sessions} SET epoch = ? WHERE digest = ? AND user_id = ? AND epoch < ? AND "+alive),
		raise:     s.statement("raise a floor", raiseFloor+s.dialect.raise),
		removeAll: s.statement("delete sessions", "DELETE FROM {sessions} WHERE user_id = ? AND epoch < ?"),
		list: s.statement("list sessions", "SELECT digest, "+sessionColumns+" FROM {sessions} WHERE user_id = ? AND "+alive+
			" ORDER BY created DESC, digest LIMIT "+listMax),
		excess: s.statement("trim sessions", "SELECT digest FROM {sessions} WHERE user_id = ? AND backend = ? AND "+alive+
			" ORDER BY created DESC, CASE WHEN digest = ? THEN 0 ELSE 1 END, digest LIMIT "+listMax+" OFFSET ?"),
		sweep:       s.statement("sweep sessions", s.dialect.sweep("{sessions}", "digest", "expires", "")),
		stampFloors: s.statement("sweep floors", s.dialect.stamp("{floors}", "user_id", "expires")),
		sweepFloors: s.statement("sweep floors", s.dialect.sweep("{floors}", "user_id", "expires", "")),
	}
}

// Create stores a session; see core.SessionStore.
func (t *Sessions) Create(ctx context.Context, d [32]byte, session core.Session) error {
	var floor int64
	err := t.s.get(ctx, t.floor, []any{session.UserID}, &floor)
	if err != nil && !errors.Is(err, core.ErrNotFound) {
		return err
	}
	if err == nil && session.Epoch < floor {
		return core.ErrInvalid
	}
	args, err := sessionValues(session)
	if err != nil {
		return err
	}
	return t.s.insert(ctx, t.create, append([]any{d[:]}, args...)...)
}

// Find returns a living session; see core.SessionStore. Found's User is nil,
// but for the Sessions of a UserStore.
func (t *Sessions) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	var row sessionRow
	user, dest := t.users.next(row.dest())
	err := t.s.get(ctx, t.find, []any{d[:], t.s.now()}, dest...)
	var session *core.Session
	if err == nil {
		session, err = row.session()
	}
	switch {
	case errors.Is(err, errUnreadable):
		return core.Found{}, t.discard(ctx, d)
	case errors.Is(err, marks.ErrLater):
		return core.Found{}, t.isLater(ctx, err)
	case err != nil:
		return core.Found{}, err
	}
	return core.Found{Session: session, User: user()}, nil
}

// discard deletes a session that cannot be read, and logs that: it is none, so
// that its owner logs in again (S24).
func (t *Sessions) discard(ctx context.Context, d [32]byte) error {
	t.s.opts.Log.ErrorContext(ctx, "sqlstore: a session could not be read and was deleted", "session",
		hex.EncodeToString(d[:]))
	if err := t.Delete(ctx, d); err != nil {
		return err
	}
	return fmt.Errorf("sqlstore: %w: %w", errUnreadable, core.ErrNotFound)
}

// isLater returns err of a session of a later release. It stays: its rights are
// unknown here, and its owner need not log in again for that.
func (t *Sessions) isLater(ctx context.Context, err error) error {
	t.later.Do(func() {
		t.s.opts.Log.ErrorContext(ctx, "sqlstore: there are sessions that a later release has stored; this one cannot read them",
			"err", err)
	})
	return err
}

// Touch moves the end of a living session; see core.SessionStore.
func (t *Sessions) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	now := t.s.now()
	n, err := t.s.exec(ctx, t.touch, micros(seen), micros(expires), d[:], now)
	if err != nil || n == 1 {
		return err
	}
	// MySQL may not count a row that is as it should be.
	var epoch int64
	return t.s.get(ctx, t.lives, []any{d[:], now}, &epoch)
}

// Delete ends one session; see core.SessionStore.
func (t *Sessions) Delete(ctx context.Context, d [32]byte) error {
	_, err := t.s.exec(ctx, t.remove, d[:])
	return err
}

// DeleteAll ends a user's sessions below the epoch and raises the floor; see
// core.SessionStore.
func (t *Sessions) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	return t.s.Transact(ctx, func(ctx context.Context) error {
		// The spared session is carried over first: it must be above
		// the floor as it was.
		if _, err := t.s.exec(ctx, t.carry, epoch, except[:], userID, epoch, t.s.now()); err != nil {
			return err
		}
		if _, err := t.s.exec(ctx, t.raise, t.s.floorValues(userID, epoch)...); err != nil {
			return err
		}
		_, err := t.s.exec(ctx, t.removeAll, userID, epoch)
		return err
	})
}

// KeepFloors sets how long floors are kept; see core.FloorKeeper.
func (t *Sessions) KeepFloors(d time.Duration) { t.s.floors.KeepFloors(d) }

// floorValues are the arguments of raiseFloor with the dialect's end.
func (s *Store) floorValues(userID string, epoch int64) []any {
	ends := micros(s.opts.Now().Add(s.floors.Length()))
	return []any{userID, epoch, ends, epoch, ends}
}

// List returns a user's living sessions, newest first; see core.SessionLister.
func (t *Sessions) List(ctx context.Context, userID string) (sessions []*core.Session, err error) {
	var unreadable [][]byte
	err = t.s.each(ctx, t.list, []any{userID, t.s.now()}, func(scan func(...any) error) error {
		var row sessionRow
		var digest []byte
		var session *core.Session
		err := scan(append([]any{&digest}, row.dest()...)...)
		if err == nil {
			session, err = row.session()
		}
		switch {
		case errors.Is(err, errUnreadable):
			unreadable = append(unreadable, digest)
		case errors.Is(err, marks.ErrLater):
			return t.isLater(ctx, err)
		case err != nil:
			return err
		default:
			sessions = append(sessions, session)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, digest := range unreadable {
		if err := t.discard(ctx, digestOf(digest)); !errors.Is(err, core.ErrNotFound) {
			return nil, err
		}
	}
	return sessions, nil
}

// Sweep deletes expired sessions; see core.Sweeper. Floors, which are what a
// late Create meets, stay for as long as KeepFloors says; one of
// an earlier release for as long after the first sweep that finds it.
func (t *Sessions) Sweep(ctx context.Context) (int, error) {
	n, err := t.s.sweep(ctx, t.sweep)
	if err != nil {
		return n, err
	}
	ends := micros(t.s.opts.Now().Add(t.s.floors.Length()))
	if _, err := t.s.inBatches(ctx, t.stampFloors, ends); err != nil {
		return n, err
	}
	floors, err := t.s.sweep(ctx, t.sweepFloors)
	return n + floors, err
}

package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Sessions is a core.SessionStore, core.SessionLister and core.Sweeper. It does not keep core.Session's Extra, which is of types that
// only a strategy knows.
type Sessions struct {
	s *Store
	// users reads a session's user in the same query; nil: it is not read.
	users *userReader

	floor, create, find, touch, lives, remove, carry, raise, removeAll, list, sweep statement
}

var (
	_ core.SessionStore  = (*Sessions)(nil)
	_ core.SessionLister = (*Sessions)(nil)
	_ core.Sweeper       = (*Sessions)(nil)
)

const (
	sessionColumns = "id, user_id, backend, label, ip, epoch, proofs, created, last_seen, expires"
	// alive is the condition on a session that the floor of its user allows. A Create that races a DeleteAll may leave a row under the
	// floor; whoever reads asks the floor in the same statement, so no isolation level lets it be seen.
	alive = "{sessions}.expires > ? AND NOT EXISTS (SELECT 1 FROM {floors} WHERE {floors}.user_id = {sessions}.user_id AND {floors}.epoch > {sessions}.epoch)"
	// raiseFloor, with the dialect's end, sets a floor, which only rises. Its last argument is the epoch once more.
	raiseFloor = "INSERT INTO {floors} (user_id, epoch) VALUES (?, ?)"
)

func newSessions(s *Store, users *userReader) *Sessions {
	return &Sessions{
		s: s, users: users,
		floor: s.statement("find a floor", "SELECT epoch FROM {floors} WHERE user_id = ?"),
		create: s.statement("create a session",
			"INSERT INTO {sessions} (digest, "+sessionColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"+s.dialect.skip),
		find: s.statement("find a session", "SELECT "+qualified("sessions", strings.Split(sessionColumns, ", ")...)+users.columns()+
			" FROM {sessions}"+users.join()+" WHERE {sessions}.digest = ? AND "+alive),
		touch:     s.statement("touch a session", "UPDATE {sessions} SET last_seen = ?, expires = ? WHERE digest = ? AND "+alive),
		lives:     s.statement("touch a session", "SELECT epoch FROM {sessions} WHERE digest = ? AND "+alive+s.dialect.newest),
		remove:    s.statement("delete a session", "DELETE FROM {sessions} WHERE digest = ?"),
		carry:     s.statement("keep a session", "UPDATE {sessions} SET epoch = ? WHERE digest = ? AND user_id = ? AND epoch < ? AND "+alive),
		raise:     s.statement("raise a floor", raiseFloor+s.dialect.raise),
		removeAll: s.statement("delete sessions", "DELETE FROM {sessions} WHERE user_id = ? AND epoch < ?"),
		list: s.statement("list sessions", "SELECT "+sessionColumns+" FROM {sessions} WHERE user_id = ? AND "+alive+
			" ORDER BY created DESC, digest"),
		sweep: s.statement("sweep sessions", s.dialect.sweep("{sessions}", "digest", "expires")),
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

// Find gives a living session; see core.SessionStore. Found's User is nil, but for the Sessions of a UserStore.
func (t *Sessions) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	var row sessionRow
	user, dest := t.users.next()
	if err := t.s.get(ctx, t.find, []any{d[:], t.s.now()}, append(row.dest(), dest...)...); err != nil {
		return core.Found{}, err
	}
	session, err := row.session()
	if err != nil {
		return core.Found{}, wrap(t.find.what, err)
	}
	return core.Found{Session: session, User: user()}, nil
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

// DeleteAll ends a user's sessions below the epoch and raises the floor; see core.SessionStore.
func (t *Sessions) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	return t.s.Transact(ctx, func(ctx context.Context) error {
		// The spared session is carried over first: it must be above the floor as it was.
		if _, err := t.s.exec(ctx, t.carry, epoch, except[:], userID, epoch, t.s.now()); err != nil {
			return err
		}
		if _, err := t.s.exec(ctx, t.raise, userID, epoch, epoch); err != nil {
			return err
		}
		_, err := t.s.exec(ctx, t.removeAll, userID, epoch)
		return err
	})
}

// List gives a user's living sessions, newest first; see core.SessionLister.
func (t *Sessions) List(ctx context.Context, userID string) (sessions []*core.Session, err error) {
	err = t.s.each(ctx, t.list, []any{userID, t.s.now()}, func(scan func(...any) error) error {
		var row sessionRow
		if err := scan(row.dest()...); err != nil {
			return err
		}
		session, err := row.session()
		sessions = append(sessions, session)
		return err
	})
	return sessions, err
}

// Sweep deletes expired sessions; see core.Sweeper. Floors stay: they are what a late Create meets.
func (t *Sessions) Sweep(ctx context.Context) (int, error) { return t.s.sweep(ctx, t.sweep) }

// proof is a core.Proof as it is stored.
type proof struct {
	Method string `json:"method"`
	At     int64  `json:"at"`
}

// sessionValues are the arguments for sessionColumns.
func sessionValues(session core.Session) ([]any, error) {
	proofs := make([]proof, len(session.Proofs))
	for i, p := range session.Proofs {
		proofs[i] = proof{p.Method, micros(p.At)}
	}
	text, err := json.Marshal(proofs)
	if err != nil {
		return nil, wrap("create a session", err)
	}
	ip := ""
	if session.IP.IsValid() {
		ip = session.IP.String()
	}
	return []any{
		session.ID, session.UserID, session.Backend, session.Label, ip, session.Epoch, string(text),
		micros(session.Created), micros(session.LastSeen), micros(session.Expires),
	}, nil
}

// sessionRow is a row of sessionColumns, on its way to a core.Session.
type sessionRow struct {
	core.Session
	ip                         string
	proofs                     []byte
	created, lastSeen, expires int64
}

func (r *sessionRow) dest() []any {
	return []any{&r.ID, &r.UserID, &r.Backend, &r.Label, &r.ip, &r.Epoch, &r.proofs, &r.created, &r.lastSeen, &r.expires}
}

func (r *sessionRow) session() (*core.Session, error) {
	var proofs []proof
	if err := json.Unmarshal(r.proofs, &proofs); err != nil {
		return nil, errors.New("the proofs cannot be read")
	}
	for _, p := range proofs {
		r.Proofs = append(r.Proofs, core.Proof{Method: p.Method, At: fromMicros(p.At)})
	}
	if r.ip != "" {
		ip, err := netip.ParseAddr(r.ip)
		if err != nil {
			return nil, errors.New("the address cannot be read")
		}
		r.IP = ip
	}
	r.Created, r.LastSeen, r.Expires = fromMicros(r.created), fromMicros(r.lastSeen), fromMicros(r.expires)
	return &r.Session, nil
}

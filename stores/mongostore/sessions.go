package mongostore

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Sessions is a core.SessionStore, core.SessionLister and core.Sweeper. It does not keep core.Session's Extra, which is of types that
// only a strategy knows.
type Sessions struct {
	s *Store
	c collection
}

var (
	_ core.SessionStore  = (*Sessions)(nil)
	_ core.SessionLister = (*Sessions)(nil)
	_ core.Sweeper       = (*Sessions)(nil)
)

// Create stores a session; see core.SessionStore. No order of its steps and DeleteAll's leaves a session below the floor: either
// DeleteAll finds the session, or Create finds the floor.
func (t *Sessions) Create(ctx context.Context, d [32]byte, session core.Session) error {
	if err := t.c.claim(ctx, "create a session", d[:], newSessionRow(session)); err != nil {
		return err
	}
	floor, err := t.s.floor(ctx, session.UserID)
	if err == nil && session.Epoch >= floor {
		return nil
	}
	if removed := t.Delete(context.WithoutCancel(ctx), d); removed != nil {
		return removed
	}
	if err == nil {
		err = core.ErrInvalid
	}
	return err
}

// living is the filter of a session that has not expired.
func (t *Sessions) living(d [32]byte, more ...bson.E) bson.D {
	return append(bson.D{{Key: "_id", Value: d[:]}, {Key: "expires", Value: bson.D{{Key: "$gt", Value: t.s.now()}}}}, more...)
}

// Find gives a living session; see core.SessionStore. Found's User is nil.
func (t *Sessions) Find(ctx context.Context, d [32]byte) (core.Found, error) {
	var row sessionRow
	if err := t.c.get(ctx, "find a session", t.living(d), &row); err != nil {
		return core.Found{}, err
	}
	session, err := row.session()
	return core.Found{Session: session}, err
}

// Touch moves the end of a living session; see core.SessionStore.
func (t *Sessions) Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error {
	return t.c.update(ctx, "touch a session", t.living(d), bson.D{{Key: "$set", Value: bson.D{
		{Key: "last_seen", Value: micros(seen)}, {Key: "expires", Value: micros(expires)}, {Key: "expires_at", Value: expires},
	}}})
}

// Delete ends one session; see core.SessionStore.
func (t *Sessions) Delete(ctx context.Context, d [32]byte) error {
	_, err := t.c.clear(ctx, "delete a session", bson.D{{Key: "_id", Value: d[:]}})
	return err
}

// DeleteAll ends a user's sessions below the epoch and raises the floor; see core.SessionStore. Its steps may be interrupted
// anywhere: run again, it does the rest.
func (t *Sessions) DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error {
	below := bson.D{{Key: "user_id", Value: userID}, {Key: "epoch", Value: bson.D{{Key: "$lt", Value: epoch}}}}
	if except != ([32]byte{}) {
		// The spared session first, so that it is never below the floor.
		err := t.c.update(ctx, "keep a session", t.living(except, below...), bson.D{{Key: "$set", Value: bson.D{{Key: "epoch", Value: epoch}}}})
		if err != nil && !errors.Is(err, core.ErrNotFound) {
			return err
		}
	}
	// Then the floor: a session that is created from now on meets it, and one that was created before is found below.
	if err := t.s.raiseFloor(ctx, userID, epoch); err != nil {
		return err
	}
	_, err := t.c.clear(ctx, "delete sessions", below)
	return err
}

// List gives a user's living sessions, newest first; see core.SessionLister.
func (t *Sessions) List(ctx context.Context, userID string) ([]*core.Session, error) {
	filter := bson.D{{Key: "user_id", Value: userID}, {Key: "expires", Value: bson.D{{Key: "$gt", Value: t.s.now()}}}}
	newest := options.Find().SetSort(bson.D{{Key: "created", Value: -1}, {Key: "_id", Value: 1}})
	var rows []sessionRow
	if err := t.c.all(ctx, "list sessions", filter, &rows, newest); err != nil {
		return nil, err
	}
	var all []*core.Session
	for _, row := range rows {
		session, err := row.session()
		if err != nil {
			return nil, err
		}
		all = append(all, session)
	}
	return all, nil
}

// Sweep deletes expired sessions; see core.Sweeper. Floors stay: they are what a late Create meets.
func (t *Sessions) Sweep(ctx context.Context) (int, error) {
	return t.c.clear(ctx, "sweep sessions", bson.D{{Key: "expires", Value: bson.D{{Key: "$lte", Value: t.s.now()}}}})
}

// sessionRow is a session as it is stored, under its digest. Times are in microseconds (see micros), ExpiresAt is for the TTL index.
type sessionRow struct {
	ID        string    `bson:"id"`
	UserID    string    `bson:"user_id"`
	Backend   string    `bson:"backend"`
	Label     string    `bson:"label"`
	IP        string    `bson:"ip"`
	Epoch     int64     `bson:"epoch"`
	Proofs    []proof   `bson:"proofs"`
	Created   int64     `bson:"created"`
	LastSeen  int64     `bson:"last_seen"`
	Expires   int64     `bson:"expires"`
	ExpiresAt time.Time `bson:"expires_at"`
}

type proof struct {
	Method string `bson:"method"`
	At     int64  `bson:"at"`
}

func newSessionRow(one core.Session) sessionRow {
	row := sessionRow{
		ID: one.ID, UserID: one.UserID, Backend: one.Backend, Label: one.Label, Epoch: one.Epoch,
		Created: micros(one.Created), LastSeen: micros(one.LastSeen), Expires: micros(one.Expires), ExpiresAt: one.Expires,
	}
	if one.IP.IsValid() {
		row.IP = one.IP.String()
	}
	for _, p := range one.Proofs {
		row.Proofs = append(row.Proofs, proof{p.Method, micros(p.At)})
	}
	return row
}

func (r sessionRow) session() (*core.Session, error) {
	one := &core.Session{
		ID: r.ID, UserID: r.UserID, Backend: r.Backend, Label: r.Label, Epoch: r.Epoch,
		Created: fromMicros(r.Created), LastSeen: fromMicros(r.LastSeen), Expires: fromMicros(r.Expires),
	}
	if r.IP != "" {
		ip, err := netip.ParseAddr(r.IP)
		if err != nil {
			return nil, errors.New("mongostore: find a session: its address cannot be read")
		}
		one.IP = ip
	}
	for _, p := range r.Proofs {
		one.Proofs = append(one.Proofs, core.Proof{Method: p.Method, At: fromMicros(p.At)})
	}
	return one, nil
}

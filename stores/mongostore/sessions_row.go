package mongostore

import (
	"net/netip"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// sessionRow is a session as stored, under its digest. Times are in
// microseconds (see micros); ExpiresAt is for the TTL index.
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

	// What few sessions have. Scoped tells no scopes from nil, which BSON
	// does not.
	Scoped       bool     `bson:"scoped,omitempty"`
	Scopes       []string `bson:"scopes,omitempty"`
	Organization string   `bson:"organization,omitempty"`
	Actor        string   `bson:"actor,omitempty"`
	ActorSession string   `bson:"actor_session,omitempty"`
	ActorEpoch   int64    `bson:"actor_epoch,omitempty"`
	Brief        bool     `bson:"brief,omitempty"`
}

type proof struct {
	Method string `bson:"method"`
	At     int64  `bson:"at"`
}

func newSessionRow(one core.Session) sessionRow {
	row := sessionRow{
		ID: one.ID, UserID: one.UserID, Backend: one.Backend, Label: one.Label, Epoch: one.Epoch,
		Created: micros(one.Created), LastSeen: micros(one.LastSeen), Expires: micros(one.Expires), ExpiresAt: one.Expires,
		Organization: one.Organization, Actor: one.Actor, ActorSession: one.ActorSession, ActorEpoch: one.ActorEpoch,
		Brief: one.Brief, Scoped: one.Scopes != nil, Scopes: one.Scopes,
	}
	if one.IP.IsValid() {
		row.IP = one.IP.String()
	}
	for _, p := range one.Proofs {
		row.Proofs = append(row.Proofs, proof{p.Method, micros(p.At)})
	}
	return row
}

// readSession returns the session of a document. An error means that no release
// wrote it like that.
func readSession(document bson.Raw) (*core.Session, error) {
	var r sessionRow
	if err := bson.Unmarshal(document, &r); err != nil {
		return nil, err
	}
	one := &core.Session{
		ID: r.ID, UserID: r.UserID, Backend: r.Backend, Label: r.Label, Epoch: r.Epoch,
		Created: fromMicros(r.Created), LastSeen: fromMicros(r.LastSeen), Expires: fromMicros(r.Expires),
		Organization: r.Organization, Actor: r.Actor, ActorSession: r.ActorSession, ActorEpoch: r.ActorEpoch, Brief: r.Brief,
	}
	if r.Scoped || r.Scopes != nil {
		one.Scopes = append([]string{}, r.Scopes...)
	}
	if r.IP != "" {
		ip, err := netip.ParseAddr(r.IP)
		if err != nil {
			return nil, err
		}
		one.IP = ip
	}
	for _, p := range r.Proofs {
		one.Proofs = append(one.Proofs, core.Proof{Method: p.Method, At: fromMicros(p.At)})
	}
	return one, nil
}

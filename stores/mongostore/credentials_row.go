package mongostore

import (
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// credentialRow is a credential as it is stored. Its times are microseconds
// since 1970, null for never; ExpiresAt is for the TTL index.
type credentialRow struct {
	ID        bson.ObjectID `bson:"_id"`
	Owner     any           `bson:"user_id"` // of the type of the users' _id
	Kind      string        `bson:"kind"`
	Key       string        `bson:"key"`
	Place     any           `bson:"place"`
	Label     string        `bson:"label"`
	Data      []byte        `bson:"data"`
	Created   int64         `bson:"created"`
	Used      *int64        `bson:"used"`
	Expires   *int64        `bson:"expires"`
	ExpiresAt *time.Time    `bson:"expires_at"`
}

// newRow is c as it is stored, with an ID, and without a place.
func (t *Credentials) newRow(c *core.Credential) (row credentialRow, err error) {
	if err := c.Check(); err != nil {
		return row, &failure{"store a credential", err}
	}
	id := bson.NewObjectID()
	if c.ID != "" {
		if id, err = bson.ObjectIDFromHex(c.ID); err != nil {
			return row, errors.New("mongostore: store a credential: its ID is not an ObjectID")
		}
	}
	owner, ok := t.s.opts.IDs.parse(c.Owner)
	if !ok {
		return row, errors.New("mongostore: store a credential: its Owner is not of the type Options.IDs")
	}
	row = credentialRow{
		ID: id, Owner: owner.value, Kind: c.Kind, Key: c.Key, Label: c.Label, Data: c.Data,
		Created: c.Created.UnixMicro(), Used: orNever(c.Used), Expires: orNever(c.Expires),
	}
	if row.Expires != nil {
		row.ExpiresAt = &c.Expires
	}
	return row, nil
}

// orNever is a time in microseconds, nil for the zero time.
func orNever(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return new(t.UnixMicro())
}

// credential is a row in core's form, of the owner whose ID is this text.
func (r credentialRow) credential(owner string) *core.Credential {
	at := func(micros *int64) time.Time {
		if micros == nil {
			return time.Time{}
		}
		return time.UnixMicro(*micros).UTC()
	}
	return &core.Credential{
		ID: r.ID.Hex(), Owner: owner, Kind: r.Kind, Key: r.Key, Label: r.Label, Data: r.Data,
		Created: at(&r.Created), Used: at(r.Used), Expires: at(r.Expires),
	}
}

func (t *Credentials) read(doc bson.Raw) (*core.Credential, error) {
	var row credentialRow
	owner, ok := t.s.opts.IDs.format(doc.Lookup("user_id"))
	if bson.Unmarshal(doc, &row) != nil || !ok {
		return nil, errors.New("mongostore: find a credential: it cannot be read")
	}
	return row.credential(owner), nil
}

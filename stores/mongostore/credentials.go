package mongostore

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Credentials is a core.CredentialStore, CredentialPager and Sweeper. Its
// IDs are ObjectIDs.
type Credentials struct {
	s *Store
	c collection
}

var (
	_ core.CredentialStore = (*Credentials)(nil)
	_ core.CredentialPager = (*Credentials)(nil)
	_ core.Sweeper         = (*Credentials)(nil)
)

// living is the filter of credentials that have not expired. A missing end is
// never.
func (t *Credentials) living(filter ...bson.E) bson.D {
	return append(bson.D(filter),
		bson.E{Key: "expires", Value: bson.D{{Key: "$not", Value: bson.D{{Key: "$lte", Value: t.s.now()}}}}})
}

// expired is the filter of those that have.
func (t *Credentials) expired(filter ...bson.E) bson.D {
	return append(bson.D(filter), bson.E{Key: "expires", Value: bson.D{{Key: "$lte", Value: t.s.now()}}})
}

func byHandle(kind, key string) []bson.E {
	return []bson.E{{Key: "kind", Value: kind}, {Key: "key", Value: key}}
}

// Create stores a credential; see core.CredentialStore. An ID that is no
// ObjectID and an Owner that is not of the type Options.IDs are errors.
func (t *Credentials) Create(ctx context.Context, c *core.Credential, max int) error {
	row, err := t.newRow(c)
	if err != nil {
		return err
	}
	err = optimistically(ctx, "store a credential", func() error {
		err := t.create(ctx, row, max)
		if errors.Is(err, core.ErrTaken) && max > 0 {
			// The key, or the place? Who looks again finds the key.
			return t.vacant(ctx, row, errOvertaken)
		}
		return err
	})
	if err == nil {
		c.ID = row.ID.Hex()
	}
	return err
}

func (t *Credentials) create(ctx context.Context, row credentialRow, max int) error {
	for _, free := range []bson.D{t.expired(byHandle(row.Kind, row.Key)...),
		t.expired(bson.E{Key: "_id", Value: row.ID})} {
		if _, err := t.c.clear(ctx, "store a credential", free); err != nil {
			return err
		}
	}
	if err := t.vacant(ctx, row, nil); err != nil {
		return err
	}
	place, err := t.place(ctx, row, max)
	if err != nil {
		return err
	}
	row.Place = place
	return t.c.insert(ctx, "store a credential", row)
}

// vacant returns ErrTaken if the ID or the key of a row exists, else free.
func (t *Credentials) vacant(ctx context.Context, row credentialRow, free error) error {
	err := t.c.vacant(ctx, "store a credential", bson.D{{Key: "_id", Value: row.ID}}, byHandle(row.Kind, row.Key))
	if err != nil {
		return err
	}
	return free
}

// place returns a number below max that none of the owner's credentials of the
// kind has; ErrFull if there are max. The unique index on it decides between
// those who choose the same at once. Where any number may be, a credential's
// place is its own ID.
func (t *Credentials) place(ctx context.Context, row credentialRow, max int) (any, error) {
	if max <= 0 {
		return row.ID, nil
	}
	of := []bson.E{{Key: "user_id", Value: row.Owner}, {Key: "kind", Value: row.Kind}}
	if _, err := t.c.clear(ctx, "count credentials", t.expired(of...)); err != nil {
		return nil, err
	}
	var others []struct {
		Place bson.RawValue `bson:"place"`
	}
	only := options.Find().SetProjection(bson.D{{Key: "place", Value: 1}})
	if err := t.c.all(ctx, "count credentials", of, &others, only); err != nil {
		return nil, err
	}
	if len(others) >= max {
		return nil, core.ErrFull
	}
	held := map[int64]bool{}
	for _, other := range others {
		if n, ok := other.Place.AsInt64OK(); ok {
			held[n] = true
		}
	}
	// Any of the free ones, so that those who choose at once rarely meet.
	first := rand.Int64N(int64(max)) //nolint:gosec // nothing secret depends on it
	for held[first] {
		first = (first + 1) % int64(max)
	}
	return first, nil
}

// Find returns the credential of a key; see core.CredentialStore.
func (t *Credentials) Find(ctx context.Context, kind, key string) (*core.Credential, error) {
	if !isText(kind) || !isText(key) {
		return nil, core.ErrNotFound
	}
	c, _, err := t.find(ctx, t.living(byHandle(kind, key)...))
	return c, err
}

// find returns a credential, and the document that it was read from.
func (t *Credentials) find(ctx context.Context, filter bson.D) (*core.Credential, bson.Raw, error) {
	var doc bson.Raw
	if err := t.c.get(ctx, "find a credential", filter, &doc); err != nil {
		return nil, nil, err
	}
	c, err := t.read(doc)
	return c, doc, err
}

// List returns an owner's credentials; see core.CredentialStore.
func (t *Credentials) List(ctx context.Context, kind, owner string) ([]*core.Credential, error) {
	user, ok := t.s.opts.IDs.parse(owner)
	if !ok || !isText(kind) {
		return nil, nil
	}
	filter := t.living(bson.E{Key: "user_id", Value: user.value})
	if kind != "" {
		filter = append(filter, bson.E{Key: "kind", Value: kind})
	}
	oldest := options.Find().SetSort(bson.D{{Key: "created", Value: 1}, {Key: "_id", Value: 1}})
	return t.all(ctx, "list credentials", filter, oldest)
}

// Page returns a kind's credentials of all owners, in the order of their keys;
// see core.CredentialPager.
func (t *Credentials) Page(ctx context.Context, kind, after string, limit int) ([]*core.Credential, error) {
	if !isText(kind) || !isText(after) {
		return nil, nil
	}
	filter := t.living(bson.E{Key: "kind", Value: kind}, bson.E{Key: "key", Value: bson.D{{Key: "$gt", Value: after}}})
	byKey := options.Find().SetSort(bson.D{{Key: "key", Value: 1}}).SetLimit(int64(limit))
	return t.all(ctx, "page through credentials", filter, byKey)
}

func (t *Credentials) all(
	ctx context.Context, what string, filter bson.D, o *options.FindOptionsBuilder,
) (all []*core.Credential, err error) {
	var docs []bson.Raw
	if err := t.c.all(ctx, what, filter, &docs, o); err != nil {
		return nil, err
	}
	for _, doc := range docs {
		c, err := t.read(doc)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// owned is the filter by which Update and Delete name a living credential.
func (t *Credentials) owned(kind, owner, text string) (filter bson.D, ok bool) {
	id, err := bson.ObjectIDFromHex(text)
	user, isUser := t.s.opts.IDs.parse(owner)
	filter = t.living(bson.E{Key: "_id", Value: id}, bson.E{Key: "user_id", Value: user.value},
		bson.E{Key: "kind", Value: kind})
	return filter, err == nil && isUser && isText(kind)
}

// Update changes a credential as it is; see core.CredentialStore. As
// UserStore's, it takes no lock and may run change again.
func (t *Credentials) Update(
	ctx context.Context, kind, owner, id string, change func(*core.Credential) error,
) (changed *core.Credential, err error) {
	filter, ok := t.owned(kind, owner, id)
	if !ok {
		return nil, core.ErrNotFound
	}
	err = optimistically(ctx, "update a credential", func() error {
		changed, err = t.update(ctx, filter, change)
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

func (t *Credentials) update(
	ctx context.Context, filter bson.D, change func(*core.Credential) error,
) (*core.Credential, error) {
	c, doc, err := t.find(ctx, filter)
	if err != nil {
		return nil, err
	}
	was := *c
	if err := change(c); err != nil {
		return nil, err
	}
	c.ID, c.Owner, c.Kind, c.Key, c.Created = was.ID, was.Owner, was.Kind, was.Key, was.Created
	row, err := t.newRow(c)
	if err != nil {
		return nil, err
	}
	return row.credential(c.Owner), t.c.replace(ctx, "update a credential", doc, bson.D{{Key: "$set", Value: bson.D{
		{Key: "label", Value: row.Label}, {Key: "data", Value: row.Data}, {Key: "used", Value: row.Used},
		{Key: "expires", Value: row.Expires}, {Key: "expires_at", Value: row.ExpiresAt},
	}}})
}

// Delete removes a credential; see core.CredentialStore.
func (t *Credentials) Delete(ctx context.Context, kind, owner, id string) error {
	filter, ok := t.owned(kind, owner, id)
	if !ok {
		return core.ErrNotFound
	}
	return t.c.remove(ctx, "delete a credential", filter)
}

// Sweep deletes expired credentials; see core.Sweeper.
func (t *Credentials) Sweep(ctx context.Context) (int, error) {
	return t.c.clear(patient(ctx), "sweep credentials", t.expired())
}

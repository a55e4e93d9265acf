package mongostore

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// OAuthAccounts is a core.OAuthAccountStore. Its IDs are ObjectIDs. Tokens are
// stored as they are passed in.
type OAuthAccounts struct {
	s *Store
	c collection
}

var _ core.OAuthAccountStore = (*OAuthAccounts)(nil)

// accountRow is a stored account. Its names are those of FastAPI Users.
type accountRow struct {
	ID        bson.ObjectID `bson:"_id"`
	UserID    any           `bson:"user_id"` // of the type of the users' _id
	Provider  string        `bson:"oauth_name"`
	Subject   string        `bson:"account_id"`
	Email     string        `bson:"account_email"`
	Access    string        `bson:"access_token"`
	Refresh   string        `bson:"refresh_token"`
	Expires   *time.Time    `bson:"expires_at"`
	CreatedAt time.Time     `bson:"created_at"`
}

// Create stores an account; see core.OAuthAccountStore. It returns an error for
// an ID that is not an ObjectID, a UserID that is not of the type Options.IDs,
// and text that is not UTF-8.
func (t *OAuthAccounts) Create(ctx context.Context, a *core.OAuthAccount) error {
	id := bson.NewObjectID()
	if a.ID != "" {
		given, err := bson.ObjectIDFromHex(a.ID)
		if err != nil {
			return errors.New("mongostore: link an account: its ID is not an ObjectID")
		}
		id = given
	}
	user, ok := t.s.opts.IDs.parse(a.UserID)
	if !ok {
		return errors.New("mongostore: link an account: its UserID is not of the type Options.IDs")
	}
	row := accountRow{
		ID: id, UserID: user.value, Provider: a.Provider, Subject: a.Subject, Email: a.Email,
		Access: a.AccessToken, Refresh: a.RefreshToken, Expires: whole(a.Expires), CreatedAt: t.s.opts.Now(),
	}
	if err := t.c.vacant(ctx, "link an account", bson.D{{Key: "_id", Value: id}},
		bySubject(a.Provider, a.Subject)); err != nil {
		return err
	}
	if err := t.c.insert(ctx, "link an account", row); err != nil {
		return err
	}
	a.ID = id.Hex()
	return nil
}

func bySubject(provider, subject string) bson.D {
	return bson.D{{Key: "oauth_name", Value: provider}, {Key: "account_id", Value: subject}}
}

// whole returns a time in whole seconds, or nil for none.
func whole(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.Truncate(time.Second).UTC())
}

// Find returns the account that a provider calls subject; see
// core.OAuthAccountStore.
func (t *OAuthAccounts) Find(ctx context.Context, provider, subject string) (*core.OAuthAccount, error) {
	if !isText(provider) || !isText(subject) {
		return nil, core.ErrNotFound
	}
	a, _, err := t.find(ctx, bySubject(provider, subject))
	return a, err
}

// find returns an account, and the document that it was read from.
func (t *OAuthAccounts) find(ctx context.Context, filter bson.D) (*core.OAuthAccount, bson.Raw, error) {
	var doc bson.Raw
	if err := t.c.get(ctx, "find an account", filter, &doc); err != nil {
		return nil, nil, err
	}
	a, err := t.read(doc)
	return a, doc, err
}

func (t *OAuthAccounts) read(doc bson.Raw) (*core.OAuthAccount, error) {
	var row accountRow
	userID, ok := t.s.opts.IDs.format(doc.Lookup("user_id"))
	if bson.Unmarshal(doc, &row) != nil || !ok {
		return nil, errors.New("mongostore: find an account: it cannot be read")
	}
	a := &core.OAuthAccount{
		ID: row.ID.Hex(), UserID: userID, Provider: row.Provider, Subject: row.Subject, Email: row.Email,
		AccessToken: row.Access, RefreshToken: row.Refresh,
	}
	if row.Expires != nil {
		a.Expires = *row.Expires
	}
	return a, nil
}

// List returns a user's accounts; see core.OAuthAccountStore.
func (t *OAuthAccounts) List(ctx context.Context, userID string) (all []*core.OAuthAccount, err error) {
	user, ok := t.s.opts.IDs.parse(userID)
	if !ok {
		return nil, nil
	}
	var docs []bson.Raw
	oldest := options.Find().SetSort(bson.D{{Key: "created_at", Value: 1}, {Key: "_id", Value: 1}})
	if err := t.c.all(ctx, "list accounts", bson.D{{Key: "user_id", Value: user.value}}, &docs, oldest); err != nil {
		return nil, err
	}
	for _, doc := range docs {
		a, err := t.read(doc)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// Update changes the current account; see core.OAuthAccountStore. Like
// UserStore's, it takes no lock and may run change again.
func (t *OAuthAccounts) Update(
	ctx context.Context, text string, change func(*core.OAuthAccount) error,
) (changed *core.OAuthAccount, err error) {
	id, err := bson.ObjectIDFromHex(text)
	if err != nil {
		return nil, core.ErrNotFound
	}
	err = optimistically(ctx, "update an account", func() error {
		changed, err = t.update(ctx, id, change)
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

func (t *OAuthAccounts) update(
	ctx context.Context, id bson.ObjectID, change func(*core.OAuthAccount) error,
) (*core.OAuthAccount, error) {
	a, doc, err := t.find(ctx, bson.D{{Key: "_id", Value: id}})
	if err != nil {
		return nil, err
	}
	was := *a
	if err := change(a); err != nil {
		return nil, err
	}
	user, ok := t.s.opts.IDs.parse(a.UserID)
	switch {
	case a.ID != was.ID || a.Provider != was.Provider || a.Subject != was.Subject:
		return nil, errors.New("mongostore: update an account: change must not change ID, Provider or Subject")
	case !ok:
		return nil, errors.New("mongostore: update an account: its UserID is not of the type Options.IDs")
	}
	a.UserID, a.Expires = user.text, a.Expires.Truncate(time.Second).UTC()
	return a, t.c.replace(ctx, "update an account", doc, bson.D{{Key: "$set", Value: bson.D{
		{Key: "user_id", Value: user.value}, {Key: "account_email", Value: a.Email}, {Key: "access_token", Value: a.AccessToken},
		{Key: "refresh_token", Value: a.RefreshToken}, {Key: "expires_at", Value: whole(a.Expires)},
	}}})
}

// Delete removes an account; see core.OAuthAccountStore.
func (t *OAuthAccounts) Delete(ctx context.Context, text string) error {
	id, err := bson.ObjectIDFromHex(text)
	if err != nil {
		return core.ErrNotFound
	}
	return t.c.remove(ctx, "unlink an account", bson.D{{Key: "_id", Value: id}})
}

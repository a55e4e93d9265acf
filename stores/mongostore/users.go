package mongostore

import (
	"context"
	"errors"
	"math"
	"reflect"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// UserStore is a core.UserStore, core.EpochStore, core.IDMaker and, where the
// type has core.Named, core.NameKeeper for the application's user type.
type UserStore[U any] struct {
	s     *Store
	model *model
	base  func(*U) *core.User
	// named returns the columns of core.Named, nil where the type has none.
	named func(*U) *core.Named
}

var (
	_ core.UserStore[core.User] = (*UserStore[core.User])(nil)
	_ core.EpochStore           = (*UserStore[core.User])(nil)
	_ core.IDMaker              = (*UserStore[core.User])(nil)
	_ core.Unwrapper            = (*UserStore[core.User])(nil)
	_ core.NameKeeper           = (*UserStore[core.User])(nil)
)

// Users returns the store for the application's user type, which embeds
// core.User by value. Fields are named by their bson tag, or else in snake case
// (FullName is full_name). Users returns an error for fields that hide
// core.User's, types that BSON does not return unchanged, and tag options that
// would be ignored. A type with core.Named must be known before Migrate, which
// makes the unique index of names.
func Users[U any, P core.Model[U]](s *Store) (*UserStore[U], error) {
	m, err := newModel(P(new(U)))
	if err != nil {
		return nil, err
	}
	us := &UserStore[U]{s: s, model: m, base: func(u *U) *core.User { return P(u).Base() },
		named: func(u *U) *core.Named { return core.NamedOf(P(u)) }}
	if us.KeepsNames() {
		if err := s.keepNames(); err != nil {
			return nil, err
		}
	}
	return us, nil
}

// KeepsNames implements core.NameKeeper.
func (us *UserStore[U]) KeepsNames() bool { return us.named(new(U)) != nil }

// keysOf are filters by the unique keys of a user, but the ID. An empty key
// finds nobody.
func (us *UserStore[U]) keysOf(u *U) []bson.D {
	keys := []bson.D{byEmail(us.base(u).EmailKey)}
	if n := us.named(u); n != nil {
		keys = append(keys, byName(n.UsernameKey))
	}
	return keys
}

// Unwrap returns a core.Transactor and core.Locker if the server has
// transactions: the front door finds them here.
func (us *UserStore[U]) Unwrap() any {
	if us.s.opts.Standalone {
		return nil
	}
	return transactor[U]{us}
}

// NewID returns an ID that no user has, or an empty one if Options.Random
// fails.
func (us *UserStore[U]) NewID() string {
	text, _ := us.s.opts.IDs.make(us.s.opts.Random)
	return text
}

// Create stores u; see core.UserStore. An ID that is not of the type
// Options.IDs is an error.
func (us *UserStore[U]) Create(ctx context.Context, u *U) (err error) {
	base := us.base(u)
	text, given := base.ID, base.ID != ""
	if !given {
		if text, err = us.s.opts.IDs.make(us.s.opts.Random); err != nil {
			return err
		}
	}
	key, ok := us.s.opts.IDs.parse(text)
	if !ok {
		return errors.New("mongostore: create a user: its ID is not of the type Options.IDs")
	}
	fields, err := us.model.document(reflect.ValueOf(u).Elem())
	if err != nil {
		return err
	}
	if err := us.s.together(ctx,
		func(ctx context.Context) error { return us.create(ctx, key, given, us.keysOf(u), fields) }); err != nil {
		return err
	}
	base.ID = key.text
	return nil
}

func (us *UserStore[U]) create(ctx context.Context, key id, given bool, keys []bson.D, fields bson.D) error {
	unique := append([]bson.D{byID(key)}, keys...)
	if err := us.s.users.vacant(ctx, "create a user", unique...); err != nil {
		return err
	}
	const what = "create a user"
	err := us.s.users.insert(ctx, what, append(byID(key), fields...))
	if err := us.judged(ctx, what, err, unique...); err != nil || !given {
		return err
	}
	return us.s.clearFloor(ctx, key.text)
}

func byID(key id) bson.D { return bson.D{{Key: "_id", Value: key.value}} }

// byEmail returns a filter that finds nobody by an empty key, which no document
// has.
func byEmail(key string) bson.D { return bson.D{{Key: "email_key", Value: key}} }

// byName is byEmail for a UsernameKey.
func byName(key string) bson.D { return bson.D{{Key: usernameKey, Value: key}} }

// Find returns the user with an ID, an EmailKey or a UsernameKey; see
// core.UserStore.
func (us *UserStore[U]) Find(ctx context.Context, key core.Key) (*U, error) {
	switch key.Kind {
	case "id":
		if key, ok := us.s.opts.IDs.parse(key.Value); ok {
			u, _, err := us.find(ctx, byID(key))
			return u, err
		}
	case "email":
		if isText(key.Value) {
			u, _, err := us.find(ctx, byEmail(key.Value))
			return u, err
		}
	case "username":
		if us.KeepsNames() && isText(key.Value) && key.Value != "" {
			u, _, err := us.find(ctx, byName(key.Value))
			return u, err
		}
	}
	return nil, core.ErrNotFound
}

// find returns a user, and the document that they were read from.
func (us *UserStore[U]) find(ctx context.Context, filter bson.D) (*U, bson.Raw, error) {
	var doc bson.Raw
	if err := us.s.users.get(ctx, "find a user", filter, &doc); err != nil {
		return nil, nil, err
	}
	u, err := us.Decode(doc)
	return u, doc, err
}

// Decode decodes a document of the users' collection, for the application's own
// queries.
func (us *UserStore[U]) Decode(doc bson.Raw) (*U, error) {
	text, ok := us.s.opts.IDs.format(doc.Lookup("_id"))
	if !ok {
		return nil, errors.New("mongostore: read a user: its _id is not of the type Options.IDs")
	}
	u := new(U)
	if err := us.model.read(doc, reflect.ValueOf(u).Elem()); err != nil {
		return nil, err
	}
	us.base(u).ID = text
	return u, nil
}

// Update changes the current user; see core.UserStore. There is no lock: change
// runs again if somebody else was faster, until ctx is done. Only the fields
// that change has changed are written.
func (us *UserStore[U]) Update(ctx context.Context, text string, change func(*U) error) (changed *U, err error) {
	key, ok := us.s.opts.IDs.parse(text)
	if !ok {
		return nil, core.ErrNotFound
	}
	err = optimistically(ctx, "update a user", func() error {
		changed, err = us.update(ctx, key, change)
		return err
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

func (us *UserStore[U]) update(ctx context.Context, key id, change func(*U) error) (*U, error) {
	u, doc, err := us.find(ctx, byID(key))
	if err != nil {
		return nil, err
	}
	base, value := us.base(u), reflect.ValueOf(u).Elem()
	keys := us.keysOf(u)
	before, err := us.model.document(value)
	if err != nil {
		return nil, err
	}
	if err := change(u); err != nil {
		return nil, err
	}
	if base.ID != key.text {
		return nil, errors.New("mongostore: update a user: change must not change the ID")
	}
	after, err := us.model.document(value)
	if err != nil {
		return nil, err
	}
	const what = "update a user"
	var unique []bson.D // the keys that are new
	for i, key := range us.keysOf(u) {
		if key[0].Value != keys[i][0].Value {
			unique = append(unique, key)
		}
	}
	if unique != nil {
		if err := us.s.users.vacant(ctx, what, unique...); err != nil {
			return nil, err
		}
	}
	if changes := changes(before, after); changes != nil {
		return u, us.judged(ctx, what, us.s.users.replace(ctx, what, doc, changes), unique...)
	}
	return u, nil
}

// Delete deletes the user and all that this database keeps of theirs, in one
// transaction; see core.UserStore. With Options.Standalone the user is deleted
// first: what a crash leaves behind is useless. A session that is being created
// at the same moment is never found.
func (us *UserStore[U]) Delete(ctx context.Context, text string) error {
	key, ok := us.s.opts.IDs.parse(text)
	if !ok {
		return core.ErrNotFound
	}
	return us.s.together(ctx, func(ctx context.Context) error {
		if err := us.s.users.remove(ctx, "delete a user", byID(key)); err != nil {
			return err
		}
		if err := us.s.sessions.DeleteAll(ctx, key.text, math.MaxInt64, [32]byte{}); err != nil {
			return err
		}
		if _, err := us.s.tickets.c.clear(ctx, "end a user's tickets",
			bson.D{{Key: "user_id", Value: key.text}}); err != nil {
			return err
		}
		for _, theirs := range []collection{us.s.accounts.c, us.s.credentials.c} {
			if _, err := theirs.clear(ctx, "delete what is a user's", bson.D{{Key: "user_id", Value: key.value}}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Epoch returns a user's TokenEpoch; see core.EpochStore.
func (us *UserStore[U]) Epoch(ctx context.Context, text string) (int64, error) {
	key, ok := us.s.opts.IDs.parse(text)
	if !ok {
		return 0, core.ErrNotFound
	}
	var u struct {
		Epoch int64 `bson:"token_epoch"`
	}
	only := options.FindOne().SetProjection(bson.D{{Key: "token_epoch", Value: 1}})
	err := us.s.users.get(ctx, "find a user's epoch", byID(key), &u, only)
	return u.Epoch, err
}

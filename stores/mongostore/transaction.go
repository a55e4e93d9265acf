package mongostore

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
)

var (
	_ core.Transactor        = transactor[core.User]{}
	_ core.Locker[core.User] = transactor[core.User]{}
)

// transactor is a UserStore whose server has transactions.
type transactor[U any] struct{ us *UserStore[U] }

// Transact is Store.Transact.
func (t transactor[U]) Transact(ctx context.Context, do func(context.Context) error) error {
	return t.us.s.Transact(ctx, do)
}

// Lock returns a user whom no other transaction can change or delete until the
// one of ctx has ended; see core.Locker. It increments the user's revision,
// since a transaction of MongoDB conflicts only on documents that were written.
func (t transactor[U]) Lock(ctx context.Context, text string) (*U, error) {
	users := t.us.s.users
	if !inTransaction(users.joined(ctx)) {
		return t.us.Find(ctx, core.ByID(text))
	}
	key, ok := t.us.s.opts.IDs.parse(text)
	if !ok {
		return nil, core.ErrNotFound
	}
	var doc bson.Raw
	written := bson.D{{Key: "$inc", Value: bson.D{{Key: revisionName, Value: int64(1)}}}}
	if err := users.change(ctx, "lock a user", byID(key), written, false, &doc); err != nil {
		return nil, err
	}
	return t.us.Decode(doc)
}

// transactFor bounds the time in which a transaction is started again.
const transactFor = 10 * time.Second

// Transact runs do in a transaction; see core.Transactor. The transaction is
// the driver's and travels in do's context: the application's own calls join it
// by using that context, and the stores join one that the application began
// with the same client. If another transaction was faster, everything is undone
// and do runs again, after a pause, for up to ten seconds. If the
// acknowledgement of the commit is lost, the commit is sent again. With
// Options.Standalone it returns an error.
//
// The commit waits for at most Options.Patience, like each command of the
// stores. After that it is unknown whether the transaction was committed.
func (s *Store) Transact(ctx context.Context, do func(context.Context) error) error {
	if s.opts.Standalone {
		return errors.New("mongostore: Options.Standalone says that the server has no transactions")
	}
	if inTransaction(s.users.joined(ctx)) {
		return do(ctx)
	}
	client := s.users.Database().Client()
	session, err := client.StartSession(options.Session().SetDefaultTransactionOptions(options.Transaction().
		SetWriteConcern(durable).SetReadConcern(readconcern.Snapshot()).SetReadPreference(readpref.Primary())))
	if err != nil {
		return &failure{"begin a transaction", err}
	}
	// It undoes what an error or a panic of do has left.
	defer func() { s.without(ctx, session.EndSession) }()
	inside := mongo.NewSessionContext(ctx, session)
	for begun, pause := time.Now(), time.Millisecond; ; pause = min(2*pause, pauseMax) {
		again, err := s.attempt(inside, session, do)
		if !again || time.Since(begun) > transactFor {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(pause)): //nolint:gosec // nothing secret depends on it
		}
	}
}

// attempt runs do and commits. again means that another transaction was faster.
func (s *Store) attempt(
	inside context.Context, session *mongo.Session, do func(context.Context) error,
) (again bool, err error) {
	if err := session.StartTransaction(); err != nil {
		return false, &failure{"begin a transaction", err}
	}
	err = do(inside)
	if err == nil {
		err = inside.Err()
	}
	if err != nil {
		s.without(inside, func(ctx context.Context) { _ = session.AbortTransaction(ctx) })
		return hasLabel(err, "TransientTransactionError"), err
	}
	if !session.TransactionRunning() { // do has ended it
		return false, nil
	}
	err = s.commit(inside, session)
	return hasLabel(err, "TransientTransactionError"), err
}

// commit repeats a commit until its outcome is known.
func (s *Store) commit(ctx context.Context, session *mongo.Session) error {
	ctx, stop := s.users.bounded(ctx)
	defer stop()
	for begun := time.Now(); ; {
		err := session.CommitTransaction(ctx)
		if hasLabel(err, "UnknownTransactionCommitResult") && ctx.Err() == nil && time.Since(begun) < transactFor {
			continue
		}
		if err != nil && givenUp(ctx, err) {
			err = errPatience
		}
		if err != nil {
			err = &failure{"commit", err}
		}
		return err
	}
}

// without runs do in the session of ctx, with a limit of patience, even if ctx
// is done.
func (s *Store) without(ctx context.Context, do func(context.Context)) {
	ctx, stop := s.users.bounded(context.WithoutCancel(ctx))
	defer stop()
	do(ctx)
}

func hasLabel(err error, label string) bool {
	var labeled mongo.LabeledError
	return errors.As(err, &labeled) && labeled.HasErrorLabel(label)
}

// together runs do in a transaction if the server has them, and otherwise
// directly.
func (s *Store) together(ctx context.Context, do func(context.Context) error) error {
	if s.opts.Standalone {
		return do(ctx)
	}
	return s.Transact(ctx, do)
}

// inTransaction reports whether ctx carries a transaction.
func inTransaction(ctx context.Context) bool {
	session := mongo.SessionFromContext(ctx)
	return session != nil && session.TransactionRunning()
}

// joined returns ctx without a session of another client, which this collection
// cannot take part in.
func (c collection) joined(ctx context.Context) context.Context {
	session := mongo.SessionFromContext(ctx)
	if session != nil && session.Client() != c.Database().Client() {
		return alone(ctx)
	}
	return ctx
}

// alone returns ctx without any transaction.
func alone(ctx context.Context) context.Context { return mongo.NewSessionContext(ctx, nil) }

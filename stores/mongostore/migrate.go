package mongostore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

var (
	_ core.Migrator = (*Store)(nil)
	_ core.Clock    = (*Store)(nil)
	_ core.Migrator = (*UserStore[core.User])(nil)
	_ core.Clock    = (*UserStore[core.User])(nil)
	_ core.Shared   = (*UserStore[core.User])(nil)
)

// Codes of the server's errors.
const (
	namespaceExists = 48
	notImplemented  = 238 // FerretDB's reply to TTL indexes
)

func hasCode(err error, code int) bool {
	var server mongo.ServerError
	return errors.As(err, &server) && server.HasErrorCode(code)
}

// Migrate creates the indexes, and with them the collections. Run it at every
// start; it may run on several nodes at once, but not in one of the
// application's transactions. It returns an error if the server has no
// transactions, unless Options.Standalone is set, and if one of the collections
// compares text otherwise than byte by byte. On a server without TTL indexes
// call Sweep from time to time.
func (s *Store) Migrate(ctx context.Context) error {
	if inTransaction(ctx) {
		return errors.New("mongostore: Migrate cannot run inside a transaction")
	}
	s.setup.Lock()
	defer s.setup.Unlock()
	ctx = patient(ctx) // creating an index takes time
	if err := s.checkServer(ctx); err != nil {
		return err
	}
	if err := s.checkCollations(ctx); err != nil {
		return err
	}
	// It has no index that would create it, and a transaction creates no
	// collections.
	if err := s.owners.create(ctx); err != nil {
		return err
	}
	for _, i := range s.indexes() {
		err := i.c.index(ctx, i)
		if err != nil && (!i.optional || !hasCode(err, notImplemented)) {
			return err
		}
	}
	s.migrated = true
	return nil
}

// Plan returns what Migrate would do to the database as it is, as commands of
// mongosh, and changes nothing. It does not check the server, as Migrate does.
func (s *Store) Plan(ctx context.Context) ([]string, error) {
	s.setup.Lock()
	defer s.setup.Unlock()
	ctx = patient(ctx)
	there, err := s.users.Database().ListCollectionNames(alone(ctx), bson.D{})
	if err != nil {
		return nil, failed(ctx, "look at the collections", err)
	}
	few, err := s.hasFewIndexes(ctx)
	if err != nil {
		return nil, err
	}
	var plan []string
	if !slices.Contains(there, s.owners.Name()) {
		plan = append(plan, fmt.Sprintf("db.createCollection(%q)", s.owners.Name()))
	}
	names := map[string][]string{}
	for _, i := range s.indexes() {
		c := i.c.Name()
		if _, known := names[c]; !known && slices.Contains(there, c) {
			if names[c], err = i.c.indexNames(ctx); err != nil {
				return nil, err
			}
		}
		if slices.Contains(names[c], i.name) || i.optional && few {
			continue
		}
		command, err := i.command()
		if err != nil {
			return nil, err
		}
		plan = append(plan, command)
	}
	return plan, nil
}

// hasFewIndexes reports whether the server is a FerretDB of version 1, which
// implements neither TTL nor partial indexes. (Version 2 says what it is in
// another field.)
func (s *Store) hasFewIndexes(ctx context.Context) (bool, error) {
	var build struct {
		FerretDB string `bson:"ferretdbVersion"`
	}
	err := s.users.Database().RunCommand(alone(ctx), bson.D{{Key: "buildInfo", Value: 1}}).Decode(&build)
	return build.FerretDB != "", failed(ctx, "ask the server what it is", err)
}

func (c collection) create(ctx context.Context) error {
	err := c.Database().CreateCollection(alone(ctx), c.Name())
	if hasCode(err, namespaceExists) {
		return nil
	}
	return failed(ctx, "make the collection "+c.Name(), err)
}

// checkServer returns an error if transactions are expected and the server has
// none.
func (s *Store) checkServer(ctx context.Context) error {
	if s.opts.Standalone {
		return nil
	}
	var hello struct {
		SetName string `bson:"setName"` // for a member of a replica set
		Msg     string `bson:"msg"`     // isdbgrid: a router of a sharded cluster
	}
	err := s.users.Database().RunCommand(alone(ctx), bson.D{{Key: "hello", Value: 1}}).Decode(&hello)
	if err != nil {
		return failed(ctx, "ask the server what it is", err)
	}
	if hello.SetName == "" && hello.Msg != "isdbgrid" {
		return errors.New("mongostore: the server has no transactions: make it a replica set (one member is enough), or set Options.Standalone")
	}
	return nil
}

// checkCollations returns an error for collections that the application has
// created with a collation, which would change our comparisons.
func (s *Store) checkCollations(ctx context.Context) error {
	for _, c := range []collection{
		s.users, s.accounts.c, s.credentials.c, s.audit.c, s.owners, s.sessions.c, s.tickets.c, s.limiter.c,
	} {
		specs, err := c.Database().ListCollectionSpecifications(alone(ctx), bson.D{{Key: "name", Value: c.Name()}})
		if err != nil {
			return failed(ctx, "look at the collections", err)
		}
		for _, spec := range specs {
			if _, err := spec.Options.LookupErr("collation"); err == nil {
				return errors.New("mongostore: the collection " + c.Name() + " must not have a collation")
			}
		}
	}
	return nil
}

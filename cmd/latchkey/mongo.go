package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/stores/mongostore"
)

// openMongoDB uses transactions where the URL names a replica set, or is of a
// cluster (mongodb+srv).
func openMongoDB(from string) (*database, error) {
	u, err := url.Parse(from)
	if err != nil || strings.Trim(u.Path, "/") == "" {
		return nil, errors.New("DATABASE_URL must be a URL with the database's name: mongodb://host/name?replicaSet=rs0")
	}
	ids := map[string]mongostore.IDType{
		"": mongostore.ObjectID, "objectid": mongostore.ObjectID, "uuid": mongostore.UUID, "text": mongostore.Text,
	}
	kind, ok := ids[os.Getenv("LATCHKEY_IDS")]
	if !ok {
		return nil, errors.New("LATCHKEY_IDS must be objectid, uuid or text")
	}
	client, err := mongo.Connect(options.Client().ApplyURI(from))
	if err != nil {
		return nil, err
	}
	db := client.Database(strings.Trim(u.Path, "/"))
	o := mongostore.Options{
		Prefix: os.Getenv("LATCHKEY_PREFIX"), UsersCollection: os.Getenv("LATCHKEY_USERS_TABLE"), IDs: kind,
		Standalone: u.Scheme == "mongodb" && !u.Query().Has("replicaSet"),
	}
	store, err := mongostore.New(db, o)
	if err != nil {
		return nil, err
	}
	users, err := mongostore.Users[latchkey.User](store)
	if err != nil {
		return nil, err
	}
	prefix := o.Prefix
	if prefix == "" {
		prefix = "latchkey_"
	}
	return &database{
		users: users, sessions: store.Sessions(), tickets: store.Tickets(), credentials: store.Credentials(),
		limiter: store.Limiter(), store: store,
		backends: func(ctx context.Context) []string { return mongoBackends(ctx, db.Collection(prefix+"sessions")) },
		required: func(context.Context) ([]string, error) { return nil, nil }, // a document may lack any field
		close:    func() error { return client.Disconnect(context.Background()) },
	}, nil
}

// mongoBackends are the names in the sessions, and "web".
func mongoBackends(ctx context.Context, sessions *mongo.Collection) []string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	names := []string{"web"}
	var found []string
	if sessions.Distinct(ctx, "backend", bson.D{}).Decode(&found) == nil {
		for _, name := range found {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

package mongostore_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// indexes names the indexes of every collection.
func indexes(t *testing.T, db *mongo.Database) (names []string) {
	t.Helper()
	collections, err := db.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range collections {
		specs, err := db.Collection(c).Indexes().ListSpecifications(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range specs {
			names = append(names, c+" "+spec.Name)
		}
	}
	slices.Sort(names)
	return names
}

func TestMigrate(t *testing.T) {
	db, store, _ := open[core.User](t, mongostore.Options{Prefix: "auth_", UsersCollection: "people"})
	before := indexes(t, db)
	for _, want := range []string{
		"people auth_email_key", "auth_oauth_accounts auth_account", "auth_sessions auth_user", "auth_sessions auth_expires", "auth_tickets auth_expires",
		"auth_limits auth_ends", "auth_owners _id_", "auth_credentials auth_key", "auth_credentials auth_place", "auth_credentials auth_expires",
	} {
		if !slices.Contains(before, want) {
			t.Errorf("there is no %s among %q", want, before)
		}
	}
	if slices.ContainsFunc(before, func(name string) bool { return strings.Contains(name, "latchkey") }) {
		t.Errorf("the default prefix is among %q", before)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := indexes(t, db); !slices.Equal(after, before) {
		t.Errorf("the indexes were %q and became %q", before, after)
	}
	// A server with TTL indexes has them; on one without, everything else
	// is there all the same.
	if ttl := slices.Contains(before, "auth_sessions auth_expires_at"); ttl != (external != "") {
		t.Errorf("TTL indexes: %v", ttl)
	}
}

func TestMigrateAsksForTTLIndexes(t *testing.T) {
	commands := &sent{}
	openIn[core.User](t, newDB(t, connect(t, commands.monitor())), mongostore.Options{})
	for _, want := range []string{
		`"createIndexes": "latchkey_sessions","indexes": [{"key": {"expires_at": {"$numberInt":"1"}},"expireAfterSeconds": {"$numberInt":"3600"},"name": "latchkey_expires_at"}]`,
		`"createIndexes": "latchkey_tickets","indexes": [{"key": {"expires_at"`, `"createIndexes": "latchkey_limits","indexes": [{"key": {"ends_at"`,
		`"key": {"email_key": {"$numberInt":"1"}},"name": "latchkey_email_key","sparse": true,"unique": true`,
		`"key": {"oauth_name": {"$numberInt":"1"},"account_id": {"$numberInt":"1"}},"name": "latchkey_account","unique": true`,
		`"key": {"kind": {"$numberInt":"1"},"key": {"$numberInt":"1"}},"name": "latchkey_key","unique": true`,
		`"createIndexes": "latchkey_credentials","indexes": [{"key": {"expires_at"`,
	} {
		if !strings.Contains(strings.Join(*commands, "\n"), want) {
			t.Errorf("there is no %s in\n%s", want, strings.Join(*commands, "\n"))
		}
	}
}

// credentialID is one of ObjectID's, a user's too.
const credentialID = "0123456789abcdef01234567"

// TestExpiryIsADate: the TTL index reads the date beside the microseconds, and
// Touch and Update move it too.
func TestExpiryIsADate(t *testing.T) {
	ctx, later := t.Context(), time.Now().Add(time.Hour).UTC()
	db, store, _ := open[core.User](t, mongostore.Options{})
	_, limited := store.Limiter().Allow(ctx, "key", core.Limit{Events: 1, Window: time.Hour})
	for _, err := range []error{
		limited, store.Sessions().Create(ctx, [32]byte{1}, core.Session{UserID: "ada", Expires: later}),
		store.Sessions().Touch(ctx, [32]byte{1}, later, later.Add(time.Hour)),
		store.Tickets().Put(ctx, core.Ticket{Purpose: "reset", Expires: later}, false),
		store.Credentials().Create(ctx, &core.Credential{
			ID: credentialID, Owner: credentialID, Kind: "trusted", Key: "one", Expires: later,
		}, 0),
		second(store.Credentials().Update(ctx, "trusted", credentialID, credentialID,
			func(c *core.Credential) error { c.Expires = later.Add(time.Minute); return nil })),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for c, f := range map[string]string{
		"sessions": "expires", "tickets": "expires", "credentials": "expires", "limits": "ends",
	} {
		doc := fields(t, db.Collection("latchkey_"+c), bson.D{})
		date, ok := doc[f+"_at"].(bson.DateTime)
		if exact, _ := doc[f].(int64); !ok || int64(date) != exact/1000 {
			t.Errorf("%s: the date is %v beside %v", c, doc[f+"_at"], doc[f])
		}
	}
}

func TestMigrateByManyNodes(t *testing.T) {
	t.Run("F22 migration run by several nodes at once", func(t *testing.T) {
		db := newDB(t, connect(t, nil))
		var nodes sync.WaitGroup
		for range 8 {
			nodes.Go(func() {
				store, err := mongostore.New(db, mongostore.Options{Standalone: external == ""})
				if err == nil {
					err = store.Migrate(t.Context())
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		nodes.Wait()
		openIn[core.User](t, db, mongostore.Options{})
	})
}

func TestMigrateRefuses(t *testing.T) {
	t.Run("a server without transactions", func(t *testing.T) {
		store, _, _ := replicaSet(t, bson.D{{Key: "ok", Value: 1}, {Key: "isWritablePrimary", Value: true}})
		if err := store.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "Options.Standalone") {
			t.Errorf("Migrate returned %v", err)
		}
	})
	t.Run("a collection with a collation", func(t *testing.T) {
		hello := bson.D{{Key: "ok", Value: 1}, {Key: "setName", Value: "rs0"}}
		collation := bson.D{{Key: "ok", Value: 1}, {Key: "cursor", Value: bson.D{
			{Key: "id", Value: int64(0)}, {Key: "ns", Value: "app.$cmd.listCollections"},
			{Key: "firstBatch", Value: bson.A{bson.D{{Key: "name", Value: "latchkey_users"}, {Key: "options", Value: bson.D{
				{Key: "collation", Value: bson.D{{Key: "locale", Value: "en"}, {Key: "strength", Value: 1}}},
			}}}}},
		}}}
		store, _, _ := replicaSet(t, hello, collation)
		if err := store.Migrate(t.Context()); err == nil ||
			!strings.Contains(err.Error(), "latchkey_users must not have a collation") {
			t.Errorf("Migrate returned %v", err)
		}
	})
	t.Run("users who have one e-mail address", func(t *testing.T) {
		db := newDB(t, connect(t, nil))
		for range 2 {
			if _, err := db.Collection("latchkey_users").InsertOne(t.Context(),
				bson.D{{Key: "email_key", Value: "canary"}}); err != nil {
				t.Fatal(err)
			}
		}
		store, err := mongostore.New(db, mongostore.Options{Standalone: external == ""})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Migrate(t.Context()); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("Migrate returned %v", err)
		}
	})
	t.Run("a transaction", func(t *testing.T) {
		store, _, _ := replicaSet(t, fine)
		if err := store.Transact(t.Context(), store.Migrate); err == nil ||
			!strings.Contains(err.Error(), "inside a transaction") {
			t.Errorf("Migrate returned %v", err)
		}
	})
}

func TestNewNamesEveryProblem(t *testing.T) {
	if _, err := mongostore.New(nil, mongostore.Options{}); err == nil {
		t.Error("New took a nil db")
	}
	_, err := mongostore.New(connect(t, nil).Database("app"),
		mongostore.Options{Prefix: "$", UsersCollection: "a\x00b", IDs: 7})
	for _, want := range []string{"Prefix", "UsersCollection", "IDs"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New returned %v, want an error about %s", err, want)
		}
	}
}

// TestWeakClient: the client's own settings for acknowledgement do not count
// here.
func TestWeakClient(t *testing.T) {
	commands := map[string][]string{}
	var mu sync.Mutex
	client, err := mongo.Connect(options.Client().ApplyURI(uri).
		SetWriteConcern(writeconcern.W1()).SetReadConcern(readconcern.Available()).
		SetMonitor(&event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
			mu.Lock()
			defer mu.Unlock()
			commands[e.CommandName] = append(commands[e.CommandName], e.Command.String())
		}}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	ctx, later := t.Context(), time.Now().Add(time.Hour)
	_, store, us := openIn[core.User](t, newDB(t, client), mongostore.Options{Standalone: true})
	u := ada()
	_, limited := store.Limiter().Allow(ctx, "key", core.Limit{Events: 1, Window: time.Hour})
	for _, err := range []error{
		us.Create(ctx, u), second(us.Update(ctx, u.ID, func(u *core.User) error { u.TokenEpoch++; return nil })),
		store.Sessions().Create(ctx, [32]byte{1}, core.Session{UserID: u.ID, Epoch: 1, Expires: later}),
		second(store.Sessions().Find(ctx, [32]byte{1})), second(store.Sessions().List(ctx, u.ID)), limited,
		store.Tickets().Put(ctx, core.Ticket{Purpose: "reset", UserID: u.ID, Expires: later}, true),
		second(store.Tickets().Consume(ctx, "reset", [32]byte{})),
		store.OAuthAccounts().Create(ctx, &core.OAuthAccount{UserID: u.ID, Provider: "github", Subject: "one"}),
		us.Delete(ctx, u.ID),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string][]string{
		"insert": {`"w": "majority"`, `"j": true`}, "update": {`"w": "majority"`, `"j": true`}, "delete": {`"w": "majority"`, `"j": true`},
		"findAndModify": {`"w": "majority"`, `"j": true`}, "find": {`"level": "local"`},
	} {
		if len(commands[name]) == 0 {
			t.Errorf("there was no %s", name)
		}
		for _, command := range commands[name] {
			for _, part := range want {
				if !strings.Contains(command, part) {
					t.Errorf("no %s in %s", part, command)
				}
			}
		}
	}
}

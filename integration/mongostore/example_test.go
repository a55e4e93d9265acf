package mongostore_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/mongostore"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Account is an application's user type.
type Account struct {
	core.User
	FullName string `json:"full_name" auth:"register,update"`
	Plan     string `json:"plan" bson:"plan,omitempty"`
}

// check ends an example that fails.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// connectExample opens a new database of the tests' server, which remove
// deletes.
func connectExample() (db *mongo.Database, remove func()) {
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	check(err)
	db = client.Database(fmt.Sprintf("latchkey_example_%d", databases.Add(1)))
	return db, func() { _, _ = db.Drop(context.Background()), client.Disconnect(context.Background()) }
}

// openAccounts opens a new database for accounts.
func openAccounts() (db *mongo.Database, store *mongostore.Store, users *mongostore.UserStore[Account], remove func()) {
	db, remove = connectExample()
	store, err := mongostore.New(db, mongostore.Options{Standalone: external == ""})
	check(err)
	users, err = mongostore.Users[Account](store)
	check(err)
	check(store.Migrate(context.Background()))
	return db, store, users, remove
}

func Example() {
	ctx := context.Background()
	db, remove := connectExample() // client.Database("app")
	defer remove()

	// a replica set has transactions and needs no option
	store, err := mongostore.New(db, mongostore.Options{Standalone: external == ""})
	check(err)
	users, err := mongostore.Users[Account](store)
	check(err)
	check(store.Migrate(ctx))

	ada := &Account{User: core.User{Email: "Ada@example.org", EmailKey: "ada@example.org"}, FullName: "Ada Lovelace"}
	check(users.Create(ctx, ada))
	found, err := users.Find(ctx, core.ByEmail("ada@example.org"))
	check(err)
	fmt.Println(found.FullName, len(found.ID))
	fmt.Println(users.Create(ctx, &Account{User: core.User{Email: "ADA@example.org", EmailKey: "ada@example.org"}}))
	// Output:
	// Ada Lovelace 24
	// latchkey: taken
}

// The application's own queries read the same users.
func ExampleUserStore_Decode() {
	ctx := context.Background()
	db, _, users, remove := openAccounts()
	defer remove()
	check(users.Create(ctx, &Account{User: core.User{EmailKey: "ada@example.org"}, FullName: "Ada Lovelace", Plan: "pro"}))

	cursor, err := db.Collection("latchkey_users").Find(ctx, bson.D{{Key: "plan", Value: "pro"}})
	check(err)
	for cursor.Next(ctx) {
		u, err := users.Decode(cursor.Current)
		check(err)
		fmt.Println(u.EmailKey, u.FullName)
	}
	// Output: ada@example.org Ada Lovelace
}

// A first login at a provider creates a link and a user. Without transactions
// the link comes first, with the ID that the user will have.
func ExampleUserStore_NewID() {
	ctx := context.Background()
	_, store, users, remove := openAccounts()
	defer remove()

	signUp := func(email, subject string) error {
		id := users.NewID()
		if err := store.OAuthAccounts().Create(ctx,
			&core.OAuthAccount{UserID: id, Provider: "github", Subject: subject, Email: email}); err != nil {
			return err
		}
		return users.Create(ctx, &Account{User: core.User{ID: id, Email: email, EmailKey: email}})
	}
	fmt.Println(signUp("ada@example.org", "583231"))
	fmt.Println(signUp("countess@example.org", "583231"))
	_, err := users.Find(ctx, core.ByEmail("countess@example.org"))
	fmt.Println(err)
	// Output:
	// <nil>
	// latchkey: taken
	// latchkey: not found
}

// Sessions, one-time tokens and limits share the database.
func Example_otherStores() {
	ctx := context.Background()
	_, store, _, remove := openAccounts()
	defer remove()

	digest := core.Digest("a token, which is never stored")
	check(store.Sessions().Create(ctx, digest,
		core.Session{UserID: "ada", Backend: "web", Expires: time.Now().Add(time.Hour)}))
	session, err := store.Sessions().Find(ctx, digest)
	check(err)
	fmt.Println(session.UserID)

	check(store.Tickets().Put(ctx,
		core.Ticket{Digest: digest, Purpose: "reset", UserID: "ada", Expires: time.Now().Add(time.Hour)}, true))
	for range 2 {
		_, err = store.Tickets().Consume(ctx, "reset", digest)
		fmt.Println(err)
	}

	once := core.Limit{Events: 1, Window: time.Minute}
	for range 2 {
		wait, err := store.Limiter().Allow(ctx, "login:ada@example.org", once)
		check(err)
		fmt.Println(wait > 0)
	}
	// Output:
	// ada
	// <nil>
	// latchkey: used before
	// false
	// true
}

// A new account and the application's own document are stored together, or
// neither is. This needs a replica set or a sharded cluster.
func ExampleStore_Transact() {
	ctx := context.Background()
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://localhost:27017/?replicaSet=rs0"))
	check(err)
	db := client.Database("app")
	store, err := mongostore.New(db, mongostore.Options{})
	check(err)
	users, err := mongostore.Users[Account](store)
	check(err)
	check(store.Migrate(ctx))

	check(store.Transact(ctx, func(ctx context.Context) error {
		ada := &Account{User: core.User{Email: "ada@example.org", EmailKey: "ada@example.org"}}
		if err := users.Create(ctx, ada); err != nil {
			return err
		}
		_, err := db.Collection("teams").InsertOne(ctx,
			bson.D{{Key: "name", Value: "Engines"}, {Key: "owner", Value: ada.ID}})
		return err
	}))
}

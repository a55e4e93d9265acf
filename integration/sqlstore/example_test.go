package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	_ "modernc.org/sqlite"
)

// Account is an application's user, with a column of its own.
type Account struct {
	core.User
	FullName string `json:"full_name" db:"full_name" auth:"register,update"`
}

// check ends an example that does not go as it should.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// openExample opens a database file in a folder that remove deletes.
func openExample() (db *sql.DB, remove func()) {
	dir, err := os.MkdirTemp("", "latchkey")
	check(err)
	db, err = sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(dir, "latchkey.db")))
	check(err)
	return db, func() { _, _ = db.Close(), os.RemoveAll(dir) }
}

// openAccounts opens a new database with accounts in it.
func openAccounts() (db *sql.DB, store *sqlstore.Store, users *sqlstore.UserStore[Account], remove func()) {
	db, remove = openExample()
	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
	check(err)
	users, err = sqlstore.Users[Account](store)
	check(err)
	check(store.Migrate(context.Background()))
	return db, store, users, remove
}

func Example() {
	ctx := context.Background()
	db, remove := openExample() // sql.Open("sqlite", sqlstore.SQLiteDSN("latchkey.db"))
	defer remove()

	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
	check(err)
	users, err := sqlstore.Users[Account](store)
	check(err)
	check(store.Migrate(ctx))

	ada := &Account{User: core.User{Email: "Ada@example.org", EmailKey: "ada@example.org"}, FullName: "Ada Lovelace"}
	check(users.Create(ctx, ada))
	found, err := users.Find(ctx, core.ByEmail("ada@example.org"))
	check(err)
	fmt.Println(found.FullName, len(found.ID))
	fmt.Println(users.Create(ctx, &Account{User: core.User{Email: "ADA@example.org", EmailKey: "ada@example.org"}}))
	// Output:
	// Ada Lovelace 36
	// latchkey: taken
}

// A new account and the application's own row are stored together, or neither
// is.
func Example_transact() {
	ctx := context.Background()
	db, store, users, remove := openAccounts()
	defer remove()
	_, err := db.ExecContext(ctx, "CREATE TABLE teams (name TEXT, owner TEXT)")
	check(err)

	found := func(team string) error {
		return store.Transact(ctx, func(ctx context.Context) error {
			ada := &Account{User: core.User{Email: "ada@example.org", EmailKey: "ada@example.org"}}
			if err := users.Create(ctx, ada); err != nil {
				return err
			}
			_, err := store.DB(ctx).ExecContext(ctx, "INSERT INTO teams (name, owner) VALUES (?, ?)", team, ada.ID)
			if err != nil {
				return err
			}
			if team == "" {
				return errors.New("a team needs a name")
			}
			return nil
		})
	}
	fmt.Println(found(""))
	_, err = users.Find(ctx, core.ByEmail("ada@example.org"))
	fmt.Println(err)
	fmt.Println(found("Engines"))
	// Output:
	// a team needs a name
	// latchkey: not found
	// <nil>
}

// Latchkey's stores join a transaction that the application has begun.
func Example_withTx() {
	ctx := context.Background()
	db, store, users, remove := openAccounts()
	defer remove()

	tx, err := db.BeginTx(ctx, nil)
	check(err)
	inside := store.WithTx(ctx, tx)
	ada := &Account{User: core.User{Email: "ada@example.org", EmailKey: "ada@example.org"}}
	check(users.Create(inside, ada))
	found, err := users.Find(inside, core.ByID(ada.ID))
	check(err)
	fmt.Println(found.Email)

	check(tx.Rollback()) // the application changed its mind
	_, err = users.Find(ctx, core.ByID(ada.ID))
	fmt.Println(err)
	// Output:
	// ada@example.org
	// latchkey: not found
}

// A first login at a provider makes a user and the link to their account there,
// both or neither.
func Example_oAuthAccounts() {
	ctx := context.Background()
	_, store, users, remove := openAccounts()
	defer remove()

	signUp := func(email, subject string) error {
		return store.Transact(ctx, func(ctx context.Context) error {
			u := &Account{User: core.User{Email: email, EmailKey: email}}
			if err := users.Create(ctx, u); err != nil {
				return err
			}
			return store.OAuthAccounts().Create(ctx,
				&core.OAuthAccount{UserID: u.ID, Provider: "github", Subject: subject, Email: email})
		})
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

// The tables' SQL, for a migration tool of one's own.
func ExampleStore_Schema() {
	db, remove := openExample()
	defer remove()
	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{Prefix: "auth_", IDs: sqlstore.BigInt})
	check(err)
	_, err = sqlstore.Users[Account](store)
	check(err)
	for _, statement := range store.Schema()[:2] {
		fmt.Println(statement + ";")
	}
	// Output:
	// CREATE TABLE `auth_users` (
	// 	`id` INTEGER PRIMARY KEY AUTOINCREMENT,
	// 	`email` TEXT NOT NULL,
	// 	`email_key` TEXT,
	// 	`hashed_password` TEXT NOT NULL,
	// 	`is_active` BOOLEAN NOT NULL,
	// 	`is_superuser` BOOLEAN NOT NULL,
	// 	`is_verified` BOOLEAN NOT NULL,
	// 	`token_epoch` BIGINT NOT NULL DEFAULT 0,
	// 	`created_at` TIMESTAMP,
	// 	`updated_at` TIMESTAMP,
	// 	`suspended_until` TIMESTAMP,
	// 	`suspended_for` TEXT,
	// 	`full_name` TEXT NOT NULL DEFAULT ''
	// );
	// CREATE UNIQUE INDEX `auth_users_email_key` ON `auth_users` (email_key);
}

// Plan shows what Migrate would do to a database.
func ExampleStore_Plan() {
	ctx := context.Background()
	db, _, _, remove := openAccounts()
	defer remove()
	type Member struct {
		core.User
		FullName string `db:"full_name"`
		Karma    int
	}

	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
	check(err)
	_, err = sqlstore.Users[Member](store)
	check(err)
	plan, err := store.Plan(ctx)
	check(err)
	fmt.Println(plan)
	check(store.Migrate(ctx))
	plan, err = store.Plan(ctx)
	check(err)
	fmt.Println(len(plan), "statements are left")
	// Output:
	// [ALTER TABLE `latchkey_users` ADD COLUMN `karma` BIGINT NOT NULL DEFAULT 0]
	// 0 statements are left
}

// The users of a FastAPI Users service are taken over in place, while it runs.
func Example_fastAPIUsers() {
	ctx := context.Background()
	file, err := os.ReadFile("../testdata/fastapi-users.sqlite")
	check(err)
	dir, err := os.MkdirTemp("", "latchkey")
	check(err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "service.sqlite")
	check(os.WriteFile(path, file, 0o600))
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	check(err)
	defer db.Close()

	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{FastAPIUsers: latchkey.CanonicalEmail})
	check(err)
	users, err := sqlstore.Users[Account](store)
	check(err)
	var duplicates *sqlstore.DuplicateEmailsError
	if err := store.Migrate(ctx); errors.As(err, &duplicates) {
		log.Fatal("correct these users first: ", duplicates.IDs)
	}
	ada, err := users.Find(ctx, core.ByEmail("ada.lovelace@example.org"))
	check(err)
	fmt.Println(ada.ID, ada.Email)
	// Output:
	// 42a9302f-5915-44de-aa02-00f5a524e841 Ada.Lovelace@example.org
}

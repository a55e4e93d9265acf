package bunstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"
)

// Account is an application's user type.
type Account struct {
	core.User
	FullName string `json:"full_name" bun:"full_name" auth:"register,update"`
}

// check ends an example that fails.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// openExample opens a database file in a folder that remove deletes.
func openExample() (db *bun.DB, remove func()) {
	dir, err := os.MkdirTemp("", "latchkey")
	check(err)
	sqldb, err := sql.Open("sqlite", bunstore.SQLiteDSN(filepath.Join(dir, "latchkey.db")))
	check(err)
	db = bun.NewDB(sqldb, sqlitedialect.New())
	return db, func() { _, _ = db.Close(), os.RemoveAll(dir) }
}

// openAccounts opens a new database with accounts in it.
func openAccounts() (db *bun.DB, store *bunstore.Store, users *sqlstore.UserStore[Account], remove func()) {
	db, remove = openExample()
	store, err := bunstore.New(db, bunstore.Options{})
	check(err)
	users, err = bunstore.Users[Account](store)
	check(err)
	check(store.Migrate(context.Background()))
	return db, store, users, remove
}

func Example() {
	ctx := context.Background()
	db, remove := openExample() // bun.NewDB(sqldb, sqlitedialect.New())
	defer remove()

	store, err := bunstore.New(db, bunstore.Options{})
	check(err)
	users, err := bunstore.Users[Account](store)
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
			row := map[string]any{"name": team, "owner": ada.ID}
			if _, err := store.DB(ctx).NewInsert().Model(&row).Table("teams").Exec(ctx); err != nil {
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
	db, _, users, remove := openAccounts()
	defer remove()

	err := db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		ctx = bunstore.WithTx(ctx, tx)
		if err := users.Create(ctx,
			&Account{User: core.User{Email: "ada@example.org", EmailKey: "ada@example.org"}}); err != nil {
			return err
		}
		return errors.New("the application changed its mind")
	})
	fmt.Println(err)
	_, err = users.Find(ctx, core.ByEmail("ada@example.org"))
	fmt.Println(err)
	// Output:
	// the application changed its mind
	// latchkey: not found
}

// The tables' SQL, for a migration tool of one's own.
func ExampleStore_Schema() {
	db, remove := openExample()
	defer remove()
	store, err := bunstore.New(db, bunstore.Options{Prefix: "auth_", IDs: bunstore.BigInt})
	check(err)
	_, err = bunstore.Users[Account](store)
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
	// 	`full_name` VARCHAR
	// );
	// CREATE UNIQUE INDEX `auth_users_email_key` ON `auth_users` (email_key);
}

// The users of a FastAPI Users service are adopted in place, while it runs.
func Example_fastAPIUsers() {
	ctx := context.Background()
	file, err := os.ReadFile("../testdata/fastapi-users.sqlite")
	check(err)
	dir, err := os.MkdirTemp("", "latchkey")
	check(err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "service.sqlite")
	check(os.WriteFile(path, file, 0o600))
	sqldb, err := sql.Open("sqlite", bunstore.SQLiteDSN(path))
	check(err)
	defer sqldb.Close()

	store, err := bunstore.New(bun.NewDB(sqldb, sqlitedialect.New()),
		bunstore.Options{FastAPIUsers: latchkey.CanonicalEmail})
	check(err)
	users, err := bunstore.Users[Account](store)
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

package gormstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/gormstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	_ "modernc.org/sqlite"
)

// Account is an application's user, with a column of its own.
type Account struct {
	core.User
	FullName string `json:"full_name" gorm:"column:full_name" auth:"register,update"`
}

// TableName is for the application's own queries.
func (Account) TableName() string { return "latchkey_users" }

// check ends an example that fails.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// openExample opens a database file in a folder that remove deletes.
func openExample() (db *gorm.DB, remove func()) {
	dir, err := os.MkdirTemp("", "latchkey")
	check(err)
	sqldb, err := sql.Open("sqlite", gormstore.SQLiteDSN(filepath.Join(dir, "latchkey.db")))
	check(err)
	db, err = gorm.Open(sqlite.New(sqlite.Config{Conn: sqldb}), &gorm.Config{})
	check(err)
	return db, func() { _, _ = sqldb.Close(), os.RemoveAll(dir) }
}

// openAccounts opens a new database with accounts in it.
func openAccounts() (db *gorm.DB, store *gormstore.Store, users *sqlstore.UserStore[Account], remove func()) {
	db, remove = openExample()
	store, err := gormstore.New(db, gormstore.Options{})
	check(err)
	users, err = gormstore.Users[Account](store)
	check(err)
	check(store.Migrate(context.Background()))
	return db, store, users, remove
}

func Example() {
	ctx := context.Background()
	db, remove := openExample() // gorm.Open(sqlite.New(sqlite.Config{Conn: sqldb}), &gorm.Config{})
	defer remove()

	store, err := gormstore.New(db, gormstore.Options{})
	check(err)
	users, err := gormstore.Users[Account](store)
	check(err)
	check(store.Migrate(ctx))

	ada := &Account{User: core.User{Email: "Ada@example.org", EmailKey: "ada@example.org"}, FullName: "Ada Lovelace"}
	check(users.Create(ctx, ada))
	found, err := users.Find(ctx, core.ByEmail("ada@example.org"))
	check(err)
	fmt.Println(found.FullName, len(found.ID))
	var own Account // the application's own query
	check(db.Where("full_name LIKE ?", "Ada%").Take(&own).Error)
	fmt.Println(own.ID == ada.ID)
	fmt.Println(users.Create(ctx, &Account{User: core.User{Email: "ADA@example.org", EmailKey: "ada@example.org"}}))
	// Output:
	// Ada Lovelace 36
	// true
	// latchkey: taken
}

// A new account and the application's own row are stored together, or neither
// is.
func Example_transact() {
	ctx := context.Background()
	db, store, users, remove := openAccounts()
	defer remove()
	check(db.Exec("CREATE TABLE teams (name TEXT, owner TEXT)").Error)

	found := func(team string) error {
		return store.Transact(ctx, func(ctx context.Context) error {
			ada := &Account{User: core.User{Email: "ada@example.org", EmailKey: "ada@example.org"}}
			if err := users.Create(ctx, ada); err != nil {
				return err
			}
			if err := store.DB(ctx).Table("teams").Create(map[string]any{"name": team, "owner": ada.ID}).Error; err != nil {
				return err
			}
			if team == "" {
				return errors.New("a team needs a name")
			}
			return nil
		})
	}
	fmt.Println(found(""))
	_, err := users.Find(ctx, core.ByEmail("ada@example.org"))
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

	err := db.Transaction(func(tx *gorm.DB) error {
		ctx := gormstore.WithTx(ctx, tx)
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

// Accounts at providers, sessions, one-time tokens and limits share the
// database.
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

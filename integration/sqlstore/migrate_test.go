package sqlstore_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

func TestMigrateTwice(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.new(t)
		store, us := users[late](t, db, sqlstore.Options{})
		u := &late{User: *ada()}
		if err := us.Create(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		before := schemaOf(t, db)
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, us = users[late](t, db, sqlstore.Options{}) // after a restart
		if after := schemaOf(t, db); after != before {
			t.Errorf("the schema was\n%s\nand became\n%s", before, after)
		}
		if _, err := us.Find(t.Context(), core.ByID(u.ID)); err != nil {
			t.Error(err)
		}
	})
}

// TestMigrateGoesOn: whatever is missing is made, be it that a release before
// had none, or that Migrate was interrupted where the database cannot undo
// definitions.
func TestMigrateGoesOn(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.new(t)
		users[early](t, db, sqlstore.Options{})
		want := schemaOf(t, db)
		for _, lost := range [][]string{
			{"DROP TABLE latchkey_oauth_accounts"}, {"DROP TABLE latchkey_credentials"}, {"DROP INDEX latchkey_credentials_handle"},
			{"DROP TABLE latchkey_tickets", "DROP TABLE latchkey_limits"},
			{"DROP INDEX latchkey_tickets_user", "DROP INDEX latchkey_sessions_expires"}, {"DROP INDEX latchkey_users_email_key"},
			{"ALTER TABLE latchkey_users DROP COLUMN full_name"},
		} {
			for _, statement := range lost {
				if strings.HasPrefix(statement, "DROP INDEX") && d.driver == "mysql" {
					statement += " ON " + strings.Join(strings.Split(statement[len("DROP INDEX "):], "_")[:2], "_")
				}
				run(t, db, statement)
			}
			if schemaOf(t, db) == want {
				t.Fatalf("%s changed nothing", lost)
			}
			users[early](t, db, sqlstore.Options{})
			if got := schemaOf(t, db); got != want {
				t.Errorf("after %s the schema is\n%s\nwant\n%s", lost, got, want)
			}
		}
	})
}

func TestMigrateByManyNodes(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		t.Run("F22 migration run by several nodes at once", func(t *testing.T) {
			address := d.address(t)
			stores := make([]*sqlstore.Store, 8)
			for i := range stores {
				stores[i] = newStore(t, d.open(t, address), sqlstore.Options{})
				if _, err := sqlstore.Users[storetest.Account](stores[i]); err != nil {
					t.Fatal(err)
				}
			}
			var nodes sync.WaitGroup
			for _, store := range stores {
				nodes.Go(func() {
					if err := store.Migrate(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			nodes.Wait()
			if err := stores[0].Sessions().Create(t.Context(), [32]byte{1}, core.Session{UserID: "ada"}); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestMigrateWithOneConnection: nothing in it waits for a second one, and it
// leaves no lock behind.
func TestMigrateWithOneConnection(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.new(t)
		db.SetMaxOpenConns(1)
		users[core.User](t, db, sqlstore.Options{})
		run(t, db, "DROP TABLE latchkey_limits")
		run(t, db, "CREATE VIEW latchkey_limits AS SELECT 1 AS digest") // no table can be made or changed under this name
		store := newStore(t, db, sqlstore.Options{})
		if err := store.Migrate(t.Context()); err == nil {
			t.Error("Migrate took a view for its table")
		}
		run(t, db, "DROP VIEW latchkey_limits")
		if err := store.Migrate(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestMisuseOfMigrate(t *testing.T) {
	ctx := t.Context()
	store := newStore(t, onSQLite.new(t), sqlstore.Options{})
	err := store.Transact(ctx, store.Migrate)
	if err == nil || !strings.Contains(err.Error(), "transaction") {
		t.Errorf("Migrate inside a transaction: got %v", err)
	}
	if err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlstore.Users[core.User](store); err == nil || !strings.Contains(err.Error(), "call it before") {
		t.Errorf("Users after Migrate: got %v", err)
	}
}

func TestMigrator(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		storetest.Migrator(t, func(t *testing.T) core.Migrator {
			store := newStore(t, d.new(t), sqlstore.Options{})
			us, err := sqlstore.Users[late](store)
			if err != nil {
				t.Fatal(err)
			}
			if us.Shared() == (d.dialect == sqlstore.SQLite) {
				t.Errorf("Shared is %v", us.Shared())
			}
			return us
		})
	})
}

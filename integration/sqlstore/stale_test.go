package sqlstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// growing has columns whose types the application changes.
type growing struct {
	core.User
	FullName string `json:"full_name" db:"full_name"`
	Logins   int32  `json:"logins" db:"logins"`
}

// alterations change the users' table under statements that are prepared.
var alterations = map[sqlstore.Dialect][]string{
	sqlstore.PostgreSQL: {
		"ALTER TABLE latchkey_users ALTER COLUMN full_name TYPE varchar(300)",
		"ALTER TABLE latchkey_users ALTER COLUMN logins TYPE bigint",
		"ALTER TABLE latchkey_users ADD COLUMN more text",
	},
	sqlstore.MariaDB: {
		"ALTER TABLE latchkey_users MODIFY full_name VARCHAR(300)",
		"ALTER TABLE latchkey_users MODIFY logins BIGINT",
		"ALTER TABLE latchkey_users ADD COLUMN more TEXT",
	},
	sqlstore.SQLite: {
		"ALTER TABLE latchkey_users ADD COLUMN more TEXT",
		"ALTER TABLE latchkey_users DROP COLUMN more",
		"CREATE INDEX names ON latchkey_users (full_name)",
	},
}

// TestSchemaChangesWhileRunning: each connection of the pool has prepared all
// statements before.
func TestSchemaChangesWhileRunning(t *testing.T) {
	t.Run("F30 statements prepared before (field F17)", func(t *testing.T) { everywhere(t, schemaChanges) })
	for _, mode := range []string{"cache_describe", "describe_exec", "exec", "simple_protocol"} {
		t.Run("F30 pgx in the mode "+mode, func(t *testing.T) {
			t.Parallel()
			schemaChanges(t, onPostgres.with("&default_query_exec_mode="+mode))
		})
	}
}

func schemaChanges(t *testing.T, d database) {
	ctx, db := t.Context(), d.new(t)
	store, us := users[growing](t, db, sqlstore.Options{})
	u := &growing{User: *ada(), FullName: "Ada", Logins: 1}
	session := core.Session{Expires: time.Now().Add(time.Hour)}
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	session.UserID = u.ID
	if err := store.Sessions().Create(ctx, [32]byte{1}, session); err != nil {
		t.Fatal(err)
	}
	grow := func(u *growing) error { u.Logins++; return nil }
	ask := func() error {
		_, err1 := us.Find(ctx, core.ByEmail("ada@example.org"))
		_, err2 := us.Sessions().Find(ctx, [32]byte{1})
		_, _, err3 := us.List(ctx, core.Query{Email: "ada", Limit: 10})
		_, err4 := us.Update(ctx, u.ID, grow)
		err5 := store.Transact(ctx, func(ctx context.Context) error {
			_, err1 := us.Find(ctx, core.ByID(u.ID))
			_, err2 := us.Lock(ctx, u.ID)
			_, err3 := us.Update(ctx, u.ID, grow)
			return errors.Join(err1, err2, err3)
		})
		return errors.Join(err1, err2, err3, err4, err5)
	}
	const times = 4
	for _, alteration := range append([]string{""}, alterations[db.kind]...) {
		if alteration != "" {
			run(t, db, alteration)
		}
		outcomes := make(chan error)
		for range connections {
			go func() {
				var all []error
				for range times {
					all = append(all, ask())
				}
				outcomes <- errors.Join(all...)
			}()
		}
		for range connections {
			if err := <-outcomes; err != nil {
				t.Errorf("after %q: %v", alteration, err)
			}
		}
	}
	found, err := us.Find(ctx, core.ByID(u.ID))
	want := int32(1 + 2*times*connections*(1+len(alterations[db.kind])))
	if err != nil || found.Logins != want || found.FullName != "Ada" {
		t.Errorf("the user is %+v, %v; want %d logins", found, err, want)
	}
}

package bunstore_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"github.com/uptrace/bun"
)

func TestMigrateTwice(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.new(t)
		store, us := users[late](t, db, bunstore.Options{})
		u := &late{User: *ada()}
		if err := us.Create(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		before := schemaOf(t, db)
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, us = users[late](t, db, bunstore.Options{}) // after a restart
		if after := schemaOf(t, db); after != before {
			t.Errorf("the schema was\n%s\nand became\n%s", before, after)
		}
		if _, err := us.Find(t.Context(), core.ByID(u.ID)); err != nil {
			t.Error(err)
		}
	})
}

// TestMigrateGoesOn: whatever is missing is created, whether an earlier release
// had none, or Migrate was interrupted on a database that cannot undo
// definitions.
func TestMigrateGoesOn(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		db := d.new(t)
		users[early](t, db, bunstore.Options{})
		want := schemaOf(t, db)
		for _, lost := range [][]string{
			{"DROP TABLE latchkey_oauth_accounts"}, {"DROP TABLE latchkey_tickets", "DROP TABLE latchkey_limits"},
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
			users[early](t, db, bunstore.Options{})
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
			stores := make([]*bunstore.Store, 8)
			for i := range stores {
				stores[i] = newStore(t, d.open(t, address), bunstore.Options{})
				if _, err := bunstore.Users[storetest.Account](stores[i]); err != nil {
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
		users[core.User](t, db, bunstore.Options{})
		run(t, db, "DROP TABLE latchkey_limits")
		run(t, db, "CREATE VIEW latchkey_limits AS SELECT 1 AS digest") // no table with this name can be created or changed
		store := newStore(t, db, bunstore.Options{})
		if err := store.Migrate(t.Context()); err == nil {
			t.Error("Migrate took a view for its table")
		}
		run(t, db, "DROP VIEW latchkey_limits")
		if err := store.Migrate(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// early and late are one application's user type before and after it grew.
type early struct {
	core.User
	FullName string
}

type late struct {
	core.User
	FullName string
	Plan     string            `bun:"plan,notnull,nullzero,default:'free? {users}'"`
	Credits  int               `bun:"coins"`
	Birthday *time.Time        `bun:"birthday"`
	Settings map[string]string `bun:"settings,type:json"`
	Tags     []string
	Avatar   []byte
	Order    bool   // an SQL keyword
	Ignored  func() `bun:"-"`
}

func TestOwnColumnsAreAdded(t *testing.T) {
	everywhere(t, ownColumns)
}

func ownColumns(t *testing.T, d database) {
	ctx, db := t.Context(), d.new(t)
	_, before := users[early](t, db, bunstore.Options{})
	old := &early{User: core.User{Email: "ada@example.org", EmailKey: "ada@example.org"}, FullName: "Ada Lovelace"}
	if err := before.Create(ctx, old); err != nil {
		t.Fatal(err)
	}

	_, after := users[late](t, db, bunstore.Options{})
	got, err := after.Find(ctx, core.ByID(old.ID))
	if err != nil {
		t.Fatal(err)
	}
	if got.FullName != "Ada Lovelace" || got.Plan != "free? {users}" || got.Credits != 0 || got.Birthday != nil ||
		got.Settings != nil || got.Order {
		t.Errorf("an old user reads as %+v", got)
	}

	birthday := time.Date(1906, 12, 9, 1, 2, 3, 4000, time.UTC)
	u := &late{
		User: core.User{Email: "grace@example.org", EmailKey: "grace@example.org"}, Credits: 7, Birthday: &birthday,
		Settings: map[string]string{"theme": "it's dark"}, Tags: []string{"navy"}, Avatar: []byte{0, 0xff}, Order: true,
	}
	if err := after.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	if u.Plan != "free? {users}" {
		t.Errorf("Create left Plan %q, want the column's default", u.Plan)
	}
	got, err = after.Find(ctx, core.ByID(u.ID))
	if err != nil {
		t.Fatal(err)
	}
	if got.Credits != 7 || got.Birthday == nil || !got.Birthday.Equal(birthday) || got.Settings["theme"] != "it's dark" ||
		len(got.Tags) != 1 ||
		got.Tags[0] != "navy" || string(got.Avatar) != "\x00\xff" || !got.Order {
		t.Errorf("a new user reads as %+v", got)
	}

	// The application goes back to the old release: nothing is dropped, and
	// both work on the same table.
	_, before = users[early](t, db, bunstore.Options{})
	if _, err := before.Update(ctx, u.ID, func(u *early) error { u.FullName = "Grace Hopper"; return nil }); err != nil {
		t.Fatal(err)
	}
	if got, err = after.Find(ctx, core.ByID(u.ID)); err != nil || got.FullName != "Grace Hopper" || got.Credits != 7 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestBunReadsTheSameRows: an application may query its users with bun itself.
func TestBunReadsTheSameRows(t *testing.T) {
	everywhere(t, bunReads)
}

func bunReads(t *testing.T, d database) {
	type account struct {
		bun.BaseModel `bun:"table:latchkey_users"`
		core.User
		Credits int
	}
	ctx, db := t.Context(), d.new(t)
	_, us := users[account](t, db, bunstore.Options{})
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	u := &account{User: core.User{Email: "ada@example.org", EmailKey: "ada@example.org", IsActive: true, CreatedAt: at,
		UpdatedAt: at}, Credits: 3}
	if err := us.Create(ctx, u); err != nil {
		t.Fatal(err)
	}
	var got account
	if err := db.NewSelect().Model(&got).Where("credits = ?", 3).Scan(ctx); err != nil {
		t.Fatal(err)
	}
	if !got.CreatedAt.Equal(at) || got.ID != u.ID || !got.IsActive {
		t.Errorf("bun reads %+v", got)
	}
	if _, err := db.NewUpdate().Model((*account)(nil)).Set("created_at = ?", at.Add(time.Hour)).Where("id = ?",
		u.ID).Exec(ctx); err != nil {
		t.Fatal(err)
	}
	if found, err := us.Find(ctx, core.ByID(u.ID)); err != nil || !found.CreatedAt.Equal(at.Add(time.Hour)) {
		t.Errorf("after bun wrote: %+v, %v", found, err)
	}
}

func TestMisuseOfMigrate(t *testing.T) {
	ctx := t.Context()
	store := newStore(t, onSQLite.new(t), bunstore.Options{})
	err := store.Transact(ctx, store.Migrate)
	if err == nil || !strings.Contains(err.Error(), "transaction") {
		t.Errorf("Migrate inside a transaction: got %v", err)
	}
	if err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := bunstore.Users[core.User](store); err == nil || !strings.Contains(err.Error(), "call it before") {
		t.Errorf("Users after Migrate: got %v", err)
	}
}

type (
	shadows struct {
		core.User
		Email string
	}
	hidden struct {
		core.User `bun:"-"`
	}
	pointer struct{ *core.User }
	channel struct {
		core.User
		C chan int
	}
	anything struct {
		core.User
		Any any
	}
	numbers struct {
		core.User
		C complex128
	}
	unique struct {
		core.User
		Nick string `bun:",unique"`
	}
	key struct {
		core.User
		Nick string `bun:",pk"`
	}
	soft struct {
		core.User
		DeletedAt time.Time `bun:",soft_delete"`
	}
	required struct {
		core.User
		Nick string `bun:",notnull"`
	}
	related struct {
		core.User
		Org *core.User `bun:"rel:no-such"`
	}
)

func TestUsersRefusesTypes(t *testing.T) {
	store := newStore(t, onSQLite.new(t), bunstore.Options{})
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a field that hides one of core.User": {refusal[shadows](store), "email"},
		"core.User without its columns":       {refusal[hidden](store), "without a tag"},
		"core.User by pointer":                {refusal[pointer](store), "by value"},
		"a channel":                           {refusal[channel](store), "C: there is no column type"},
		"an interface":                        {refusal[anything](store), "Any: there is no column type"},
		"a complex number":                    {refusal[numbers](store), "C: there is no column type"},
		"a unique column":                     {refusal[unique](store), "unique"},
		"another primary key":                 {refusal[key](store), "pk"},
		"soft deletion":                       {refusal[soft](store), "soft_delete"},
		"notnull without a default":           {refusal[required](store), "default"},
		"what bun panics over":                {refusal[related](store), "cannot be stored"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error about %q", name, c.err, c.want)
		}
	}
}

func refusal[U any, P core.Model[U]](store *bunstore.Store) error {
	_, err := bunstore.Users[U, P](store)
	return err
}

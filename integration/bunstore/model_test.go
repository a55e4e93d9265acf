package bunstore_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

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

// unknown is a dialect that bunstore does not support.
type unknown struct{ *sqlitedialect.Dialect }

func (unknown) Name() dialect.Name { return dialect.Oracle }

// silent does not ask the server for its version.
type silent struct{ *mysqldialect.Dialect }

func (silent) Init(*sql.DB) {}

func TestNewNamesEveryProblem(t *testing.T) {
	if _, err := bunstore.New(nil, bunstore.Options{}); err == nil {
		t.Error("New took a nil db")
	}
	db := bun.NewDB(new(sql.DB), unknown{sqlitedialect.New()})
	_, err := bunstore.New(db, bunstore.Options{Prefix: `x"; DROP TABLE y; --`, IDs: 7})
	for _, want := range []string{"oracle", "Prefix", "IDs"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New returned %v, want an error about %s", err, want)
		}
	}
}

// TestSchemaIsThatOfSqlstore checks that, own columns apart, both make the same
// tables, columns and indexes.
func TestSchemaIsThatOfSqlstore(t *testing.T) {
	dialects := map[sqlstore.Dialect]*bun.DB{
		sqlstore.SQLite:     bun.NewDB(new(sql.DB), sqlitedialect.New()),
		sqlstore.PostgreSQL: bun.NewDB(new(sql.DB), onPostgres.dialect()),
		sqlstore.MySQL:      bun.NewDB(new(sql.DB), silent{mysqldialect.New()}),
	}
	for d, db := range dialects {
		ours, err1 := bunstore.New(db, bunstore.Options{})
		theirs, err2 := sqlstore.New(db.DB, d, sqlstore.Options{})
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		_, err1 = bunstore.Users[core.User](ours)
		_, err2 = sqlstore.Users[core.User](theirs)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if got, want := ours.Schema(), theirs.Schema(); !slices.Equal(got, want) {
			t.Errorf("%s: the schema is\n%s\nwant\n%s", d, strings.Join(got, ";\n"), strings.Join(want, ";\n"))
		}
	}
}

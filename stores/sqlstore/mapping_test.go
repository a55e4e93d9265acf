package sqlstore_test

import (
	"database/sql"
	"database/sql/driver"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

func newStore(t *testing.T, d sqlstore.Dialect, o sqlstore.Options) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.New(new(sql.DB), d, o) // which is not used
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// schemaFor is Schema for users of a type.
func schemaFor[U any, P core.Model[U]](t *testing.T, d sqlstore.Dialect, o sqlstore.Options) string {
	t.Helper()
	store := newStore(t, d, o)
	if _, err := sqlstore.Users[U, P](store); err != nil {
		t.Fatal(err)
	}
	return strings.Join(store.Schema(), ";\n") + ";\n"
}

type (
	readOnly  struct{}
	writeOnly struct{}
	both      struct{}
	hidden    struct{ Nick string }
)

func (*readOnly) Scan(any) error               { return nil }
func (writeOnly) Value() (driver.Value, error) { return nil, nil }
func (*both) Scan(any) error                   { return nil }
func (both) Value() (driver.Value, error)      { return nil, nil }

// Address is embedded.
type Address struct {
	City  string
	State *string `db:"state_code,type:CHAR(2)"`
}

func TestColumnsAreNamedAndTyped(t *testing.T) {
	type account struct {
		core.User
		Address
		hidden
		FullName  string `json:"full_name" db:"name"`
		HTTPPort2 uint16
		PlanB     bool
		Balance   both `db:",type:NUMERIC(10,2) NOT NULL DEFAULT 0"`
		Own       *both
		Seen      time.Time
		Left      func() `db:"-"`
		private   func()
	}
	_ = account{}.private
	for d, want := range map[sqlstore.Dialect][]string{
		sqlstore.SQLite: {
			"`city` TEXT NOT NULL DEFAULT ''", "`state_code` CHAR(2)", "`nick` TEXT NOT NULL DEFAULT ''",
			"`name` TEXT NOT NULL DEFAULT ''", "`http_port2` INTEGER NOT NULL DEFAULT 0", "`plan_b` BOOLEAN NOT NULL DEFAULT FALSE",
			"`balance` NUMERIC(10,2) NOT NULL DEFAULT 0", "`own` TEXT", "`seen` TIMESTAMP",
		},
		sqlstore.PostgreSQL: {`"name" TEXT NOT NULL DEFAULT ''`, `"own" TEXT`, `"seen" TIMESTAMPTZ`},
		sqlstore.MySQL:      {"`name` TEXT NOT NULL DEFAULT ('')", "`own` TEXT", "`seen` DATETIME(6)"},
	} {
		got := schemaFor[account](t, d, sqlstore.Options{})
		for _, column := range want {
			if !strings.Contains(got, "\t"+column+",\n") && !strings.Contains(got, "\t"+column+"\n") {
				t.Errorf("%s: there is no %s in\n%s", d, column, got)
			}
		}
		if strings.Contains(got, "left") || strings.Contains(got, "private") {
			t.Errorf("%s: a field that has no column has one:\n%s", d, got)
		}
	}
}

func TestUsersReportsEveryProblem(t *testing.T) {
	type nested struct{ Deep chan int }
	type account struct {
		core.User
		nested
		*Address
		Email    string
		Map      map[string]string
		Any      any
		Complex  complex128
		Struct   Address
		Pointers **string
		IP       net.IP
		Reads    readOnly
		Writes   writeOnly
		Null     sql.Null[[]string]
		Unique   string `db:"unique_name,unique"`
		Typeless string `db:",type:"`
		Long     string `db:"c234567890123456789012345678901234567890123456789012345678901234"`
	}
	_, err := sqlstore.Users[account](newStore(t, sqlstore.SQLite, sqlstore.Options{}))
	if err == nil {
		t.Fatal("the type was taken")
	}
	problems := strings.Split(err.Error(), "\n")
	want := []string{
		"account.nested.Deep: no column holds values of chan int",
		"account.Address: embed the struct by value",
		"account.Email: the column email is that of User.Email already",
		"account.Map: no column holds values of map[string]string: use a type with the methods",
		"account.Any: no column holds values of interface {}",
		"account.Complex: no column holds values of complex128",
		"account.Struct: no column holds values of sqlstore_test.Address",
		"account.Pointers: no column holds values of **string",
		"account.IP: no column holds values of net.IP",
		"account.Reads: sqlstore_test.readOnly has Scan (sql.Scanner) without Value",
		"account.Writes: sqlstore_test.writeOnly has Value (driver.Valuer) without Scan",
		"account.Null: no column holds values of sql.Null[[]string]",
		`account.Unique: the option "unique" of the tag db is unknown`,
		`account.Typeless: the option "type:" of the tag db is unknown`,
		"account.Long: the name of its column is over 63 bytes long",
	}
	if len(problems) != len(want) {
		t.Errorf("%d problems, want %d", len(problems), len(want))
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("there is no %q in\n%v", text, err)
		}
	}
}

func TestUsersNeedsTheColumnsOfUser(t *testing.T) {
	type renamed struct {
		core.User `db:"-"`
	}
	type byPointer struct{ *core.User }
	store := newStore(t, sqlstore.SQLite, sqlstore.Options{})
	if _, err := sqlstore.Users[renamed](store); err == nil ||
		!strings.Contains(err.Error(), "embed core.User without a tag") {
		t.Errorf("core.User without its columns: got %v", err)
	}
	if _, err := sqlstore.Users[byPointer](store); err == nil || !strings.Contains(err.Error(), "by value") {
		t.Errorf("core.User by pointer: got %v", err)
	}
}

package usertype_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/gormstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// database is a kind of database, with the two libraries' dialects for it.
type database struct {
	driver  string
	address func(t testing.TB) string // of a new, empty one
	dialect sqlstore.Dialect
	bun     func() schema.Dialect
	gorm    func(db *sql.DB) gorm.Dialector
}

var databases = map[string]database{
	"SQLite": {"sqlite", newFile, sqlstore.SQLite, func() schema.Dialect { return sqlitedialect.New() },
		func(db *sql.DB) gorm.Dialector { return sqlite.New(sqlite.Config{Conn: db}) }},
	"PostgreSQL": {"pgx", server.Postgres, sqlstore.PostgreSQL, func() schema.Dialect { return pgdialect.New() },
		func(db *sql.DB) gorm.Dialector { return postgres.New(postgres.Config{Conn: db}) }},
	"MariaDB": {"mysql", server.MariaDB, sqlstore.MariaDB, func() schema.Dialect { return mysqldialect.New() },
		func(db *sql.DB) gorm.Dialector { return mysql.New(mysql.Config{Conn: db}) }},
}

func newFile(t testing.TB) string {
	return sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "app.db")) + "&_pragma=synchronous(OFF)"
}

// open opens a new, empty database.
func (d database) open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.driver, d.address(t))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// migrator is the part of a store that makes the tables.
type migrator interface{ Migrate(context.Context) error }

// users returns the store of a user type over a library, migrated.
func users[U any, P core.Model[U]](t testing.TB, library string, d database, db *sql.DB) *sqlstore.UserStore[U] {
	t.Helper()
	var (
		store    migrator
		us       *sqlstore.UserStore[U]
		err      error
		usersErr error
	)
	switch library {
	case "sqlstore":
		var s *sqlstore.Store
		s, err = sqlstore.New(db, d.dialect, sqlstore.Options{})
		fatal(t, err)
		us, usersErr = sqlstore.Users[U, P](s)
		store = s
	case "bunstore":
		var s *bunstore.Store
		s, err = bunstore.New(bun.NewDB(db, d.bun()), bunstore.Options{})
		fatal(t, err)
		us, usersErr = bunstore.Users[U, P](s)
		store = s
	case "gormstore":
		var over *gorm.DB
		over, err = gorm.Open(d.gorm(db), &gorm.Config{Logger: logger.Discard})
		fatal(t, err)
		var s *gormstore.Store
		s, err = gormstore.New(over, gormstore.Options{})
		fatal(t, err)
		us, usersErr = gormstore.Users[U, P](s)
		store = s
	}
	fatal(t, usersErr)
	fatal(t, store.Migrate(t.Context()))
	return us
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// everywhere runs a test on each library over each kind of database.
func everywhere(t *testing.T, test func(t *testing.T, library string, d database)) {
	t.Parallel()
	for _, library := range []string{"sqlstore", "bunstore", "gormstore"} {
		for name, d := range databases {
			t.Run(library+" on "+name, func(t *testing.T) {
				t.Parallel()
				test(t, library, d)
			})
		}
	}
}

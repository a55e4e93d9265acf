package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite", in pure Go

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// connections is how many a command has at most.
const connections = 4

func openSQLite(from string) (*database, error) {
	path, _, _ := strings.Cut(strings.TrimPrefix(from, "file:"), "?")
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	if err != nil {
		return nil, err
	}
	return inSQL(db, sqlstore.SQLite)
}

func openPostgres(from string) (*database, error) {
	db, err := sql.Open("pgx", from)
	if err != nil {
		return nil, err
	}
	return inSQL(db, sqlstore.PostgreSQL)
}

// openMySQL takes the URL apart: the driver has a form of its own.
func openMySQL(from string) (*database, error) {
	u, err := url.Parse(from)
	if err != nil {
		return nil, errors.New("DATABASE_URL is no URL")
	}
	c := mysql.NewConfig()
	c.Net, c.Addr, c.DBName, c.User = "tcp", u.Host, strings.TrimPrefix(u.Path, "/"), u.User.Username()
	if u.Port() == "" {
		c.Addr += ":3306"
	}
	c.Passwd, _ = u.User.Password()
	c.Params = map[string]string{"innodb_lock_wait_timeout": "2"} // as long as the store waits
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return inSQL(sql.OpenDB(connector), sqlstore.MySQL)
}

func inSQL(db *sql.DB, d sqlstore.Dialect) (*database, error) {
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	o, err := storeOptions()
	if err != nil {
		return nil, err
	}
	store, err := sqlstore.New(db, d, o)
	if err != nil {
		return nil, err
	}
	users, err := sqlstore.Users[latchkey.User](store)
	if err != nil {
		return nil, err
	}
	t := tables{db, d, cmp.Or(o.Prefix, "latchkey_"), o.UsersTable}
	return &database{
		users: users, sessions: users.Sessions(), tickets: store.Tickets(), credentials: store.Credentials(),
		limiter: store.Limiter(), store: core.Migrator(store), backends: t.backends, required: t.required, close: db.Close,
	}, nil
}

// storeOptions are the store's, by the environment.
func storeOptions() (o sqlstore.Options, err error) {
	o = sqlstore.Options{Prefix: os.Getenv("LATCHKEY_PREFIX"), UsersTable: os.Getenv("LATCHKEY_USERS_TABLE")}
	ids := map[string]sqlstore.IDType{
		"": sqlstore.UUID, "uuid": sqlstore.UUID, "text": sqlstore.Text, "bigint": sqlstore.BigInt,
	}
	kind, ok := ids[os.Getenv("LATCHKEY_IDS")]
	if !ok {
		return o, errors.New("LATCHKEY_IDS must be uuid, text or bigint")
	}
	o.IDs = kind
	return o, nil
}

// tables looks at an application's tables.
type tables struct {
	db     *sql.DB
	d      sqlstore.Dialect
	prefix string
	users  string
}

// backends are the names in the latest sessions that are cheap to find. Where
// there are none, or no table yet, it is "web".
func (t tables) backends(ctx context.Context) []string {
	names := []string{"web"}
	//nolint:gosec // the store has checked that the prefix is a plain name
	query := "SELECT DISTINCT backend FROM (SELECT backend FROM " + t.prefix + "sessions LIMIT 100000) AS some"
	rows, err := t.db.QueryContext(ctx, query)
	if err != nil {
		return names
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if rows.Scan(&name) == nil && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if rows.Err() != nil {
		return names[:1]
	}
	return names
}

// required are the columns of the users' table that a new user of Latchkey's
// own columns alone would leave without a value.
func (t tables) required(ctx context.Context) (names []string, err error) {
	users := cmp.Or(t.users, t.prefix+"users")
	query := map[sqlstore.Dialect]string{
		sqlstore.SQLite: `SELECT name FROM pragma_table_info(?) WHERE "notnull" = 1 AND dflt_value IS NULL AND pk = 0`,
		sqlstore.PostgreSQL: `SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
			AND attnotnull AND NOT atthasdef AND attidentity = ''`,
		sqlstore.MySQL: `SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?
			AND is_nullable = 'NO' AND column_default IS NULL AND extra NOT LIKE '%auto_increment%'`,
	}[t.d]
	if t.d == sqlstore.PostgreSQL {
		users = `"` + strings.ReplaceAll(users, `"`, `""`) + `"`
	}
	rows, err := t.db.QueryContext(ctx, query, users)
	if err != nil {
		return nil, fmt.Errorf("look at the users' table: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		if !slices.Contains(own, strings.ToLower(name)) {
			names = append(names, name)
		}
	}
	return names, rows.Err()
}

// own are Latchkey's columns of the users' table, which a new user fills.
var own = []string{
	"id", "email", "email_key", "hashed_password", "is_active", "is_superuser", "is_verified", "token_epoch", "created_at",
	"updated_at", "suspended_until", "suspended_for",
}

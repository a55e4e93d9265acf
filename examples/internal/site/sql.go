package site

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"
	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go

	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

func inSQLite(ctx context.Context, cfg Config, s *stores) error {
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(cfg.databasePath()))
	if err != nil {
		return err
	}
	err = s.inSQL(ctx, cfg, pooled(db, 8), sqlstore.SQLite) // one of them writes at a time
	s.limiter = nil                                         // there is one process: its memory counts
	return err
}

func inPostgres(ctx context.Context, cfg Config, s *stores) error {
	db, err := sql.Open("pgx", cfg.Database)
	if err != nil {
		return err
	}
	return s.inSQL(ctx, cfg, pooled(db, 16), sqlstore.PostgreSQL)
}

// pooled bounds the connections of a process, and keeps them open: by default
// database/sql opens any number and keeps two.
func pooled(db *sql.DB, connections int) *sql.DB {
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxLifetime(10 * time.Minute)
	return db
}

// inMySQL takes the URL apart: the driver has a form of its own.
func inMySQL(ctx context.Context, cfg Config, s *stores) error {
	u, err := url.Parse(cfg.Database)
	if err != nil {
		return errors.New("it is no URL")
	}
	c := mysql.NewConfig()
	c.Net, c.Addr, c.DBName, c.User = "tcp", u.Host, strings.TrimPrefix(u.Path, "/"), u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.Params = map[string]string{"innodb_lock_wait_timeout": "2"} // as long as the store waits
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return err
	}
	return s.inSQL(ctx, cfg, pooled(sql.OpenDB(connector), 16), sqlstore.MySQL)
}

// inSQL makes the tables by STORE. Both stores keep the same rows in them, so
// it may be another at the next start.
func (s *stores) inSQL(ctx context.Context, cfg Config, db *sql.DB, d sqlstore.Dialect) error {
	s.closers = append(s.closers, db.Close)
	if cfg.store == "sqlstore" {
		return s.inPlainSQL(ctx, db, d)
	}
	return s.inBun(ctx, bun.NewDB(db, bunDialects[d]()))
}

func (s *stores) inPlainSQL(ctx context.Context, db *sql.DB, d sqlstore.Dialect) error {
	store, err := sqlstore.New(db, d, sqlstore.Options{})
	if err != nil {
		return err
	}
	users, err := sqlstore.Users[Account](store)
	if err != nil {
		return err
	}
	s.users, s.accounts, s.sessions, s.tickets, s.limiter = users, store.OAuthAccounts(), users.Sessions(),
		store.Tickets(), store.Limiter()
	s.factors, s.audit = store.Credentials(), store.Audit()
	return store.Migrate(ctx)
}

var bunDialects = map[sqlstore.Dialect]func() schema.Dialect{
	sqlstore.SQLite:     func() schema.Dialect { return sqlitedialect.New() },
	sqlstore.PostgreSQL: func() schema.Dialect { return pgdialect.New() },
	sqlstore.MySQL:      func() schema.Dialect { return mysqldialect.New() },
}

func (s *stores) inBun(ctx context.Context, db *bun.DB) error {
	store, err := bunstore.New(db, bunstore.Options{})
	if err != nil {
		return err
	}
	users, err := bunstore.Users[Account](store)
	if err != nil {
		return err
	}
	s.users, s.accounts, s.sessions, s.tickets, s.limiter = users, store.OAuthAccounts(), users.Sessions(),
		store.Tickets(), store.Limiter()
	s.factors, s.audit = store.Credentials(), store.Audit()
	return store.Migrate(ctx)
}

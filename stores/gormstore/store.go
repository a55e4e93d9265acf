package gormstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"gorm.io/gorm"
)

// Options of New. The zero value is valid for a database of Latchkey's own.
type Options struct {
	// Prefix begins the names of Latchkey's own tables and indexes:
	// lower-case letters, digits, '_'. Default "latchkey_".
	Prefix string
	// UsersTable is the table of users. Default: Prefix + "users". What
	// GORM calls the user type's table does not matter.
	UsersTable string
	// OAuthAccountsTable is the table of users' accounts at OAuth
	// providers. Default: Prefix + "oauth_accounts".
	OAuthAccountsTable string
	// IDs is the type of the users' id column. Default UUID.
	IDs sqlstore.IDType
	// Patience is how long a call waits for the database, for a connection
	// and a commit too, before it fails (to a client: 503). In a
	// transaction, the application's own too, that is each statement.
	// Migrate does not go by it, and of Sweep each statement does. Default:
	// 2 seconds; negative: none, a call waits as long as its context lives.
	Patience time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Random makes new ids. Default crypto/rand.Reader.
	Random io.Reader
	// Log takes what the operator must know: a session that cannot be read,
	// and at Migrate a pool of connections without a bound, as it is until
	// SetMaxOpenConns is called. It never gets a secret. Default:
	// slog.Default().
	Log *slog.Logger
}

// Store is a database with Latchkey's tables. It is safe for concurrent use.
type Store struct {
	db  *gorm.DB
	sql *sqlstore.Store
}

// New prepares the statements' texts; it does not touch the database. The
// errors: a nil db, one that is not over a *sql.DB, a dialect without support,
// a Prefix that is not a plain name.
func New(db *gorm.DB, opts Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("gormstore: New needs a *gorm.DB")
	}
	// What the application has chained onto db, a condition say, is not for
	// statements of ours.
	db = db.Session(&gorm.Session{NewDB: true})
	sqldb, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("gormstore: the *gorm.DB has no *sql.DB: %w", err)
	}
	s, err := sqlstore.New(sqldb, sqlstore.Dialect(db.Name()), sqlstore.Options{
		Prefix: opts.Prefix, UsersTable: opts.UsersTable, OAuthAccountsTable: opts.OAuthAccountsTable, IDs: opts.IDs,
		Patience: opts.Patience, Log: opts.Log, Now: opts.Now, Random: opts.Random,
		Begin: begin(db),
	})
	if err != nil {
		return nil, err
	}
	return &Store{db: db, sql: s}, nil
}

// Users returns the store of the application's user type, which embeds
// core.User by value. Columns are GORM's: named as its tag says, else by its
// NamingStrategy. The type is checked: columns that hide core.User's, and what
// GORM would do and Latchkey's statements do not (see the README). Call it
// before Migrate, which makes the table.
func Users[U any, P core.Model[U]](s *Store) (*sqlstore.UserStore[U], error) {
	columns, err := columnsOf(s.db, new(U))
	if err != nil {
		return nil, err
	}
	return sqlstore.UsersWithColumns[U, P](s.sql, columns)
}

// Sessions keeps sessions in this database.
func (s *Store) Sessions() *sqlstore.Sessions { return s.sql.Sessions() }

// OAuthAccounts keeps the links of users to their accounts at OAuth providers
// in this database.
func (s *Store) OAuthAccounts() *sqlstore.OAuthAccounts { return s.sql.OAuthAccounts() }

// Credentials keeps what users prove with who they are in this database.
func (s *Store) Credentials() *sqlstore.Credentials { return s.sql.Credentials() }

// Audit keeps audit records in this database.
func (s *Store) Audit() *sqlstore.Audit { return s.sql.Audit() }

// Tickets keeps one-time tokens in this database.
func (s *Store) Tickets() *sqlstore.Tickets { return s.sql.Tickets() }

// Limiter counts events in this database, so that all nodes of an application
// share the limits.
func (s *Store) Limiter() *sqlstore.Limiter { return s.sql.Limiter() }

var _ core.Sweeper = (*Store)(nil)

// Sweep deletes expired sessions, tickets, limits and credentials, and returns
// their number.
func (s *Store) Sweep(ctx context.Context) (int, error) { return s.sql.Sweep(ctx) }

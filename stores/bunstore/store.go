package bunstore

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// Options of New. The zero value is valid for a database of Latchkey's own.
type Options struct {
	// Prefix begins the names of Latchkey's own tables and indexes:
	// lower-case letters, digits, '_'. Default "latchkey_".
	Prefix string
	// UsersTable is the table of users. Default: Prefix + "users", or
	// "user" with FastAPIUsers.
	UsersTable string
	// OAuthAccountsTable is the table of users' accounts at OAuth
	// providers. Default: Prefix + "oauth_accounts", or "oauth_account"
	// with FastAPIUsers.
	OAuthAccountsTable string
	// IDs is the type of the users' id column. Default UUID.
	IDs sqlstore.IDType
	// FastAPIUsers, if it is not nil, takes over the UsersTable and the
	// OAuthAccountsTable of a FastAPI Users service that may still be
	// running. It must be the Canonicalizer that the front door uses
	// (latchkey.CanonicalEmail unless configured otherwise). See the README
	// for what it does.
	FastAPIUsers core.Canonicalizer
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
	db  *bun.DB
	sql *sqlstore.Store
}

// New prepares the statements' texts; it does not touch the database. The
// errors: a nil db, a dialect without support, a Prefix that is not a plain
// name.
func New(db *bun.DB, opts Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("bunstore: New needs a *bun.DB")
	}
	d := sqlstore.Dialect(db.Dialect().Name().String())
	if db.Dialect().Name() == dialect.PG {
		d = sqlstore.PostgreSQL
	}
	s, err := sqlstore.New(db.DB, d, sqlstore.Options{
		Prefix: opts.Prefix, UsersTable: opts.UsersTable, OAuthAccountsTable: opts.OAuthAccountsTable, IDs: opts.IDs,
		FastAPIUsers: opts.FastAPIUsers, Patience: opts.Patience, Log: opts.Log, Now: opts.Now, Random: opts.Random,
		Begin: begin(db),
	})
	if err != nil {
		return nil, err
	}
	return &Store{db: db, sql: s}, nil
}

// Users returns the store of the application's user type, which embeds
// core.User by value. Columns are bun's: named as its tag says, else the
// field's name in snake case. The type is checked: columns that hide
// core.User's, types that no column can hold, options of bun's tag that would
// not be honoured. Call it before Migrate, which makes the table.
func Users[U any, P core.Model[U]](s *Store) (*sqlstore.UserStore[U], error) {
	columns, err := columnsOf(s.db, reflect.TypeFor[U]())
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

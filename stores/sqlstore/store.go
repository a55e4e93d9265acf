package sqlstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/floors"
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
	IDs IDType
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
	// Begin begins the transactions of this package. A store that stands on
	// this one sets it to those of its library. Default: db.BeginTx.
	Begin func(context.Context, *sql.TxOptions) (Tx, error)
}

// Store is a database with Latchkey's tables. It is safe for concurrent use.
type Store struct {
	engine
	floors floors.Life

	sessions    *Sessions
	tickets     *Tickets
	limiter     *Limiter
	accounts    *OAuthAccounts
	credentials *Credentials
	audit       *Audit
	adopted     *adoption // nil without Options.FastAPIUsers

	migration sync.Mutex // guards what follows
	models    []*model   // of the user types, as Users made them
	migrated  bool
}

// nameMax is PostgreSQL's limit, in bytes. (MySQL's is 64 characters.)
const nameMax = 63

var namePattern = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,39}$`)

// New returns the store of a database; it does not connect to it. The errors: a
// nil db, an unknown Dialect, a Prefix that is not a plain name, names that are
// too long, an unknown type of ids, FastAPIUsers on MySQL.
func New(db *sql.DB, d Dialect, opts Options) (*Store, error) {
	setDefaults(&opts, db)
	if err := check(db, d, opts); err != nil {
		return nil, err
	}
	s := &Store{engine: engine{db: db, dialect: dialects[d], opts: opts}}
	s.mutex = s.statement("wait for another transaction", s.dialect.mutex)
	s.sessions, s.tickets, s.limiter, s.accounts = newSessions(s, nil), newTickets(s), newLimiter(s), newOAuthAccounts(s)
	s.credentials, s.audit = newCredentials(s), newAudit(s)
	if opts.FastAPIUsers != nil {
		s.adopted = newAdoption(s)
	}
	return s, nil
}

// check joins all problems of New's arguments.
func check(db *sql.DB, name Dialect, opts Options) error {
	var errs []error
	report := func(format string, args ...any) { errs = append(errs, fmt.Errorf("sqlstore: "+format, args...)) }
	d, known := dialects[name]
	if db == nil {
		report("New needs a *sql.DB")
	}
	if !known {
		report("the dialect %s is not supported", name)
	}
	if known && opts.FastAPIUsers != nil && !d.fastAPI {
		report("Options.FastAPIUsers: tables of FastAPI Users cannot be taken over on %s", name)
	}
	if len(opts.UsersTable+"_lower_email") > nameMax || len(opts.OAuthAccountsTable+"_subject") > nameMax {
		report("Options.UsersTable may be 51 bytes long and OAuthAccountsTable 55, as indexes are named after them")
	}
	if !namePattern.MatchString(opts.Prefix) {
		report("Options.Prefix must be at most 40 lower-case letters, digits and underscores")
	}
	if opts.IDs < UUID || opts.IDs > BigInt {
		report("Options.IDs is none of UUID, Text, BigInt")
	}
	return errors.Join(errs...)
}

func setDefaults(o *Options, db *sql.DB) {
	if o.Prefix == "" {
		o.Prefix = "latchkey_"
	}
	users, accounts := o.Prefix+"users", o.Prefix+"oauth_accounts"
	if o.FastAPIUsers != nil {
		users, accounts = "user", "oauth_account"
	}
	o.UsersTable, o.OAuthAccountsTable = cmp.Or(o.UsersTable, users), cmp.Or(o.OAuthAccountsTable, accounts)
	o.Patience = cmp.Or(o.Patience, defaultPatience)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Begin == nil {
		o.Begin = beginPlain(db)
	}
	o.Log = cmp.Or(o.Log, slog.Default())
}

// Sessions keeps sessions in this database.
func (s *Store) Sessions() *Sessions { return s.sessions }

// OAuthAccounts keeps the links of users to their accounts at OAuth providers
// in this database.
func (s *Store) OAuthAccounts() *OAuthAccounts { return s.accounts }

// Credentials keeps what users prove with who they are in this database.
func (s *Store) Credentials() *Credentials { return s.credentials }

// Audit keeps audit records in this database.
func (s *Store) Audit() *Audit { return s.audit }

// Tickets keeps one-time tokens in this database.
func (s *Store) Tickets() *Tickets { return s.tickets }

// Limiter counts events in this database, so that all nodes of an application
// share the limits.
func (s *Store) Limiter() *Limiter { return s.limiter }

var _ core.Sweeper = (*Store)(nil)

// Sweep deletes expired sessions, tickets, limits and credentials, and returns
// their number.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	total := 0
	for _, table := range []core.Sweeper{s.sessions, s.tickets, s.limiter, s.credentials} {
		n, err := table.Sweep(ctx)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

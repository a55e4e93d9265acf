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

// Options of New; bunstore's and gormstore's say more.
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
}

// Store is a database with Latchkey's tables. It is safe for concurrent use.
type Store struct {
	db      *sql.DB
	begin   func(context.Context, *sql.TxOptions) (Tx, error)
	dialect dialect
	opts    Options
	mutex   statement
	// prepared holds a *sql.Stmt for each text that get ran; closing the
	// database closes them.
	prepared sync.Map
	floors   floors.Life

	sessions *Sessions
	tickets  *Tickets
	limiter  *Limiter
	accounts *OAuthAccounts
	adopted  *adoption // nil without Options.FastAPIUsers

	migration sync.Mutex // guards what follows
	models    []*model   // of the user types, as Users made them
	migrated  bool
}

// nameMax is PostgreSQL's limit, in bytes. (MySQL's is 64 characters.)
const nameMax = 63

var namePattern = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,39}$`)

// Database is the application's. Statements outside transactions go to DB;
// Begin begins a transaction of the application's library in it.
type Database struct {
	*sql.DB
	Begin func(context.Context, *sql.TxOptions) (Tx, error)
	// Dialect is "sqlite", "postgres" or "mysql".
	Dialect string
}

// New prepares the statements' texts; it does not touch the database. The
// errors: a dialect without support, a Prefix that is not a plain name, names
// that are too long, an unknown type of ids.
func New(db Database, opts Options) (*Store, error) {
	setDefaults(&opts)
	d, known := dialects[db.Dialect]
	var errs []error
	if !known {
		errs = append(errs, fmt.Errorf("sqlstore: the dialect %s is not supported", db.Dialect))
	}
	if known && opts.FastAPIUsers != nil && !d.fastAPI {
		errs = append(errs, fmt.Errorf("sqlstore: Options.FastAPIUsers: tables of FastAPI Users cannot be taken over on %s",
			db.Dialect))
	}
	if len(opts.UsersTable+"_lower_email") > nameMax || len(opts.OAuthAccountsTable+"_subject") > nameMax {
		errs = append(errs, errors.New("sqlstore: Options.UsersTable may be 51 bytes long and OAuthAccountsTable 55, as indexes are named after them"))
	}
	if !namePattern.MatchString(opts.Prefix) {
		errs = append(errs, errors.New("sqlstore: Options.Prefix must be at most 40 lower-case letters, digits and underscores"))
	}
	if _, known := d.ids[opts.IDs]; known != (len(d.ids) > 0) {
		errs = append(errs, errors.New("sqlstore: Options.IDs is none of UUID, Text, BigInt"))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	s := &Store{db: db.DB, begin: db.Begin, dialect: d, opts: opts}
	s.mutex = s.statement("wait for another transaction", d.mutex)
	s.sessions, s.tickets, s.limiter, s.accounts = newSessions(s, nil), newTickets(s), newLimiter(s), newOAuthAccounts(s)
	if opts.FastAPIUsers != nil {
		s.adopted = newAdoption(s)
	}
	return s, nil
}

func setDefaults(o *Options) {
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
	o.Log = cmp.Or(o.Log, slog.Default())
}

// Sessions keeps sessions in this database.
func (s *Store) Sessions() *Sessions { return s.sessions }

// OAuthAccounts keeps the links of users to their accounts at OAuth providers
// in this database.
func (s *Store) OAuthAccounts() *OAuthAccounts { return s.accounts }

// Tickets keeps one-time tokens in this database.
func (s *Store) Tickets() *Tickets { return s.tickets }

// Limiter counts events in this database, so that all nodes of an application
// share the limits.
func (s *Store) Limiter() *Limiter { return s.limiter }

var _ core.Sweeper = (*Store)(nil)

// Sweep deletes expired sessions, tickets and limits, and gives their number.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	total := 0
	for _, table := range []core.Sweeper{s.sessions, s.tickets, s.limiter} {
		n, err := table.Sweep(ctx)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// now is the current time as the database stores it.
func (s *Store) now() int64 { return micros(s.opts.Now()) }

// micros is how the tables of this package keep a time: microseconds since 1970
// UTC, which every database compares alike; 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

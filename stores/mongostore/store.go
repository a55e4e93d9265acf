package mongostore

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// Options configures a Store. The zero value suits a replica set or a sharded
// cluster.
type Options struct {
	// Prefix begins the names of Latchkey's own collections: lower-case
	// letters, digits, '_'. Default: "latchkey_".
	Prefix string
	// UsersCollection is the collection of users. Default: Prefix +
	// "users".
	UsersCollection string
	// OAuthAccountsCollection is the collection of users' accounts at OAuth
	// providers. Default: Prefix + "oauth_accounts".
	OAuthAccountsCollection string
	// IDs is the type of the users' _id. Default: ObjectID.
	IDs IDType
	// Standalone means that the server has no transactions: it is a single
	// one without a replica set, or FerretDB. Operations of several steps
	// then run in an order in which a crash in between leaves nothing that
	// could be abused. Default: transactions are used, and Migrate refuses
	// a server without them.
	Standalone bool
	// Patience is how long a command waits for the server, including a
	// connection and a commit, before it fails (to a client: 503). It does
	// not apply to Migrate and Sweep. Negative: no limit but the context's
	// and the client's own. Default: 2 seconds.
	Patience time.Duration
	// Now returns the current time. Default: time.Now.
	Now func() time.Time
	// Random is the source of new IDs of the types UUID and Text; the
	// driver makes ObjectIDs. Default: crypto/rand.Reader.
	Random io.Reader
	// Log receives messages for operators: sessions that cannot be read.
	// They contain no secrets. Default: slog.Default().
	Log *slog.Logger
}

// Store is a database with Latchkey's collections. It is safe for concurrent
// use.
type Store struct {
	opts  Options
	users collection
	// setup guards what Users and Migrate know of each other: whether a
	// type has core.Named, and whether the indexes were made.
	setup           sync.Mutex
	named, migrated bool
	// owners has a document for each user of whom more than their own
	// document is kept: see owners.go.
	owners collection

	accounts    *OAuthAccounts
	credentials *Credentials
	audit       *Audit
	sessions    *Sessions
	tickets     *Tickets
	limiter     *Limiter
}

var (
	prefixPattern     = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,39}$`)
	collectionPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,99}$`)
)

// New returns a store without contacting the server. It returns an error for a
// nil db, names that are not plain, and an unknown type of IDs.
func New(db *mongo.Database, opts Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("mongostore: New needs a *mongo.Database")
	}
	setDefaults(&opts)
	var errs []error
	if !prefixPattern.MatchString(opts.Prefix) {
		errs = append(errs, errors.New("mongostore: Options.Prefix must be at most 40 lower-case letters, digits and underscores"))
	}
	if !collectionPattern.MatchString(opts.UsersCollection) ||
		!collectionPattern.MatchString(opts.OAuthAccountsCollection) {
		errs = append(errs, errors.New("mongostore: Options.UsersCollection and OAuthAccountsCollection must be plain names"))
	}
	if opts.IDs < ObjectID || opts.IDs > Text {
		errs = append(errs, errors.New("mongostore: Options.IDs is none of ObjectID, UUID, Text"))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	open := func(name string) collection { return open(db, name, opts.Patience) }
	s := &Store{opts: opts, users: open(opts.UsersCollection), owners: open(opts.Prefix + "owners")}
	s.users.keys = map[string]string{"_id_": "_id", opts.Prefix + "email_key": "email_key"}
	s.accounts = &OAuthAccounts{s, open(opts.OAuthAccountsCollection)}
	s.credentials = &Credentials{s, open(opts.Prefix + "credentials")}
	s.audit = &Audit{open(opts.Prefix + "audit")}
	s.sessions = &Sessions{s, open(opts.Prefix + "sessions")}
	s.tickets = &Tickets{s, open(opts.Prefix + "tickets")}
	s.limiter = &Limiter{s, open(opts.Prefix + "limits")}
	return s, nil
}

// keepNames makes Migrate make the index of names.
func (s *Store) keepNames() error {
	s.setup.Lock()
	defer s.setup.Unlock()
	if s.named {
		return nil
	}
	if s.migrated {
		return errors.New("mongostore: Users was called after Migrate for a type with core.Named: call it before, so that Migrate makes its index")
	}
	s.named = true
	s.users.keys[s.opts.Prefix+usernameKey] = usernameKey
	return nil
}

func setDefaults(o *Options) {
	o.Prefix = cmp.Or(o.Prefix, "latchkey_")
	o.UsersCollection = cmp.Or(o.UsersCollection, o.Prefix+"users")
	o.OAuthAccountsCollection = cmp.Or(o.OAuthAccountsCollection, o.Prefix+"oauth_accounts")
	o.Patience = cmp.Or(o.Patience, defaultPatience)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	o.Log = cmp.Or(o.Log, slog.Default())
}

// OAuthAccounts returns the store of users' accounts at OAuth providers in this
// database.
func (s *Store) OAuthAccounts() *OAuthAccounts { return s.accounts }

// Credentials keeps what users prove with who they are in this database.
func (s *Store) Credentials() *Credentials { return s.credentials }

// Audit keeps audit records in this database.
func (s *Store) Audit() *Audit { return s.audit }

// Sessions keeps sessions in this database.
func (s *Store) Sessions() *Sessions { return s.sessions }

// Tickets returns the store of one-time tokens in this database.
func (s *Store) Tickets() *Tickets { return s.tickets }

// Limiter returns the limiter in this database; all nodes of an application
// share its limits.
func (s *Store) Limiter() *Limiter { return s.limiter }

var _ core.Sweeper = (*Store)(nil)

// Sweep deletes expired sessions, tickets, limits and credentials, and returns
// their number.
// MongoDB does the same by itself, an hour after they expired; a server without
// TTL indexes (FerretDB 1) does not.
func (s *Store) Sweep(ctx context.Context) (int, error) {
	ctx, total := patient(ctx), 0
	for _, part := range []core.Sweeper{s.sessions, s.tickets, s.limiter, s.credentials} {
		n, err := part.Sweep(ctx)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// now returns the current time as this package compares it.
func (s *Store) now() int64 { return micros(s.opts.Now()) }

// micros returns a time as this package stores its own: microseconds since 1970
// UTC, 0 for the zero time. A BSON date has milliseconds only; there is a
// second field with one where the server must know when a document expires.
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

package benchmarks

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// BenchmarkPostgres is the lookup of a session with its user, beside the same
// statement, prepared, through database/sql alone.
func BenchmarkPostgres(b *testing.B) {
	// As that of a request, which a client may end.
	ctx, end := context.WithCancel(context.Background())
	b.Cleanup(end)
	counted := &counter{driver: stdlib.GetDefaultDriver(), address: server.Postgres(b)}
	pool := sql.OpenDB(counted)
	b.Cleanup(func() { _ = pool.Close() })
	store := must[*bunstore.Store](b)(bunstore.New(bun.NewDB(pool, pgdialect.New()), bunstore.Options{}))
	users := must[*sqlstore.UserStore[latchkey.User]](b)(bunstore.Users[latchkey.User](store))
	check(b, store.Migrate(ctx))
	now := time.Now()
	ada := &latchkey.User{Email: "ada@example.org", EmailKey: "ada@example.org", HashedPassword: "hash", IsActive: true,
		CreatedAt: now, UpdatedAt: now}
	check(b, users.Create(ctx, ada))
	d := digest(0)
	check(b, users.Sessions().Create(ctx, d, core.Session{
		ID: "id", UserID: ada.ID, Backend: "web", Label: browser, Proofs: []core.Proof{{Method: "password", At: now}},
		Created: now, LastSeen: now, Expires: now.Add(time.Hour),
	}))
	find := func() error {
		found, err := users.Sessions().Find(ctx, d)
		if err == nil {
			err = right(found.User != nil)
		}
		return err
	}
	check(b, find())
	counted.note.Store(true)
	check(b, find())
	counted.note.Store(false)
	text, _ := counted.text.Load().(string)
	queries := counted.queries.Load()
	prepared := must[*sql.Stmt](b)(pool.PrepareContext(ctx, text))
	rounds(b,
		candidate{"latchkey", func(b *testing.B) {
			for b.Loop() {
				check(b, find())
			}
			b.ReportMetric(float64(queries), "queries")
		}},
		each("database-sql", func() error { return scanned(prepared.QueryRowContext(ctx, d[:], time.Now().UnixMicro())) }),
	)
}

// scanned reads a session with its user, as a program does whose columns are
// fixed.
func scanned(row *sql.Row) error {
	var s core.Session
	var u latchkey.User
	var ip string
	var proofs, marks []byte
	var present bool
	var created, seen, expires int64
	var id, email, key, hash, suspendedFor sql.NullString
	var made, changed, suspendedUntil sql.NullTime
	return row.Scan(&s.ID, &s.UserID, &s.Backend, &s.Label, &ip, &s.Epoch, &proofs, &created, &seen, &expires, &marks,
		&present, &id, &email, &key, &hash, &u.IsActive, &u.IsSuperuser, &u.IsVerified, &u.TokenEpoch, &made, &changed,
		&suspendedUntil, &suspendedFor)
}

// counter is a driver that counts the queries, and keeps the text of the last
// one, while note is set.
type counter struct {
	driver  driver.Driver
	address string
	note    atomic.Bool
	queries atomic.Int64
	text    atomic.Value
}

func (c *counter) Driver() driver.Driver { return c.driver }

func (c *counter) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.address)
	if err != nil {
		return nil, err
	}
	return &countedConn{conn.(fullConn), c}, nil
}

// fullConn is what a connection of pgx can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.NamedValueChecker
}

type countedConn struct {
	fullConn
	*counter
}

func (c *countedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.note.Load() {
		c.queries.Add(1)
		c.text.Store(query)
	}
	return c.fullConn.QueryContext(ctx, query, args)
}

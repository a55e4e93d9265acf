package timing_test

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// databases maps kinds to functions that open a new, empty database, with a
// pool as the operations guide recommends.
var databases = map[string]func(b *testing.B) *bun.DB{
	"SQLite": func(b *testing.B) *bun.DB {
		file := bunstore.SQLiteDSN(filepath.Join(b.TempDir(), "timing.db"))
		return bun.NewDB(pool(b, "sqlite", file), sqlitedialect.New())
	},
	"PostgreSQL": func(b *testing.B) *bun.DB {
		return bun.NewDB(pool(b, "pgx", server.Postgres(b)), pgdialect.New())
	},
	"MariaDB": func(b *testing.B) *bun.DB {
		return bun.NewDB(pool(b, "mysql", server.MariaDB(b)), mysqldialect.New())
	},
}

func pool(b *testing.B, driver, address string) *sql.DB {
	b.Helper()
	db, err := sql.Open(driver, address)
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	b.Cleanup(func() { _ = db.Close() })
	return db
}

// sink discards mail at no cost.
type sink struct{}

func (sink) Send(context.Context, core.Mail) error { return nil }

// application is a server on the loopback interface.
type application struct {
	auth  *latchkey.Auth[latchkey.User]
	users core.UserStore[latchkey.User]
	url   string
	// changes counts the PATCHes that have arrived.
	changes atomic.Int64
}

// newApplication uses the defaults except for the limits that change sets.
func newApplication(b *testing.B, db *bun.DB, change func(*latchkey.Options[latchkey.User])) *application {
	b.Helper()
	store, err1 := bunstore.New(db, bunstore.Options{})
	users, err2 := bunstore.Users[latchkey.User](store)
	sessions, err3 := session.New(store.Sessions(), session.Options{})
	for _, err := range []error{err1, err2, err3, store.Migrate(b.Context())} {
		if err != nil {
			b.Fatal(err)
		}
	}
	o := latchkey.Options[latchkey.User]{
		Backends: []latchkey.Backend{{Name: "web", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Tickets:  store.Tickets(), Sender: sink{}, BaseURL: "https://app.example.org",
		Flows: []latchkey.Flow{verify.Flow{}, reset.Flow{}}, Log: slog.New(slog.DiscardHandler),
	}
	change(&o)
	auth, err := latchkey.New(users, o)
	if err != nil {
		b.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth/web", auth.Login("web"))
	httpauth.Mount(mux, "/auth", auth.Register(), auth.Reset(), auth.Verify())
	httpauth.Mount(mux, "/users", auth.Users())
	a := &application{auth: auth, users: users}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			a.changes.Add(1)
		}
		mux.ServeHTTP(w, r)
	}))
	a.url = s.URL
	b.Cleanup(func() {
		s.Close()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(b.Context()), time.Minute)
		defer cancel()
		if err := auth.Close(ctx); err != nil {
			b.Error(err)
		}
	})
	return a
}

// client is a client at an address of the loopback network, with one
// connection.
func client(address string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport := &http.Transport{DialContext: dialer.DialContext, MaxConnsPerHost: 1}
	return &http.Client{Timeout: 2 * time.Minute, Transport: transport}
}

// send sends a request and returns how long it took, its status and its body.
func (a *application) send(
	b *testing.B, c *http.Client, method, path, token, body string,
) (took time.Duration, status int, answer string) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return 0, 0, ""
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	start := time.Now()
	resp, err := c.Do(r)
	if err != nil {
		b.Error(err)
		return 0, 0, ""
	}
	text, err := io.ReadAll(resp.Body)
	took = time.Since(start)
	if err != nil {
		b.Error(err)
	}
	_ = resp.Body.Close()
	return took, resp.StatusCode, string(text)
}

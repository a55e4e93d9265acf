package command_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/command"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/apikey"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// account is the application's user type.
type account struct {
	latchkey.User
	FullName string `json:"full_name" db:"full_name" auth:"register,update"`
}

// fast is a hasher that costs nothing.
type fast struct{}

func (fast) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash("fast$" + password), nil
}
func (fast) Knows(h core.PasswordHash) bool  { return strings.HasPrefix(string(h), "fast$") }
func (fast) Outdated(core.PasswordHash) bool { return false }
func (fast) Verify(h core.PasswordHash, password string) (bool, error) {
	return string(h) == "fast$"+password, nil
}

// shop is an application whose database, clock and randomness outlive each
// command.
type shop struct {
	t       *testing.T
	driver  string
	dialect sqlstore.Dialect
	address string
	now     func() time.Time // nil: the real clock
	random  *rand.ChaCha8
	slow    bool // passwords are hashed as in production
}

// The databases, by the names of their golden files.
var databases = map[string]func(t *testing.T) *shop{
	"sqlite": func(t *testing.T) *shop {
		return &shop{t: t, driver: "sqlite", dialect: sqlstore.SQLite,
			address: sqlstore.SQLiteDSN(filepath.Join(t.TempDir(), "shop.db")) + "&_pragma=synchronous(OFF)"}
	},
	"postgresql": func(t *testing.T) *shop {
		return &shop{t: t, driver: "pgx", dialect: sqlstore.PostgreSQL, address: server.Postgres(t)}
	},
}

// newRandom is the same for each test.
func newRandom() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{}) }

// everywhere runs a test on each database.
func everywhere(t *testing.T, test func(t *testing.T, name string, s *shop)) {
	t.Parallel()
	for name, make := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := make(t)
			s.random = newRandom()
			test(t, name, s)
		})
	}
}

func (s *shop) open(context.Context) (*command.Opened[account], error) {
	db, err := sql.Open(s.driver, s.address)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	log := slog.New(slog.DiscardHandler)
	store, err1 := sqlstore.New(db, s.dialect, sqlstore.Options{Now: s.now, Random: s.random, Log: log})
	users, err2 := sqlstore.Users[account](store)
	sessions, err3 := session.New(store.Sessions(), session.Options{Now: s.now, Random: s.random})
	old, err4 := bcrypt.New(bcrypt.Options{Cost: 10})
	box, err5 := outbox.New(outbox.Options{})
	keys, err6 := apikey.New(store.Credentials(), apikey.Options{
		Backend: "keys", Prefix: "shop", Scopes: []string{"read", "write"}, PerUser: 2, Now: s.now, Random: s.random,
	})
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return nil, err
	}
	hashers := []core.Hasher{fast{}, old}
	if s.slow {
		hashers = hashers[1:]
	}
	auth, err := latchkey.New(users, latchkey.Options[account]{
		Backends: []latchkey.Backend{
			{Name: "web", Transport: bearer.New(bearer.Options{}), Strategy: sessions},
			{Name: "keys", Transport: bearer.New(bearer.Options{}), Strategy: keys},
		},
		Flows:   []latchkey.Flow{reset.Flow{}, audit.Flow{Store: store.Audit()}, keys.Flow()},
		Tickets: store.Tickets(), Limiter: store.Limiter(), Credentials: store.Credentials(),
		Sender: box, BaseURL: "http://localhost:8080", Hashers: hashers, Log: log, Now: s.now, Random: s.random,
	})
	return &command.Opened[account]{Auth: auth, Close: db.Close}, err
}

// run runs a command and returns what it printed.
func (s *shop) run(ctx context.Context, stdin string, args ...string) (code int, out, errs string) {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	root := command.New(command.App[account]{Name: "shop", Open: s.open})
	root.SetArgs(args)
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	err := root.ExecuteContext(ctx)
	if err != nil {
		stderr.WriteString(err.Error() + "\n")
	}
	return command.Code(err), stdout.String(), stderr.String()
}

// want runs a command and checks its exit code and that it prints each part.
func (s *shop) want(code int, args string, parts ...string) string {
	s.t.Helper()
	got, out, errs := s.run(s.t.Context(), "", strings.Fields(args)...)
	if got != code {
		s.t.Errorf("%s: exit code %d, want %d: %s%s", args, got, code, out, errs)
	}
	for _, part := range parts {
		if !strings.Contains(out+errs, part) {
			s.t.Errorf("%s: no %q in:\n%s%s", args, part, out, errs)
		}
	}
	return out
}

// login logs a user in by the application.
func (s *shop) login(email, label string) {
	s.t.Helper()
	app, err := s.open(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = app.Close() }()
	people := app.Auth.Manager()
	u, err := people.FindByEmail(s.t.Context(), email)
	if err != nil {
		s.t.Fatal(err)
	}
	r := &core.Request{Head: labelled(label)}
	if _, err := people.Login(s.t.Context(), u.ID, "web", r, core.Proof{Method: "password"}); err != nil {
		s.t.Fatal(err)
	}
}

// labelled is the head of a request with a User-Agent.
type labelled string

func (labelled) Method() string { return "POST" }
func (labelled) Host() string   { return "localhost:8080" }
func (l labelled) Lines(name string) []string {
	if name == "User-Agent" {
		return []string{string(l)}
	}
	return nil
}

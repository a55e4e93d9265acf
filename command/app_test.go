package command_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/command"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
	"github.com/latchkey-go/latchkey/senders/outbox"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// account is the application's user type.
type account struct {
	latchkey.User
	FullName string     `json:"full_name" auth:"register,update"`
	Age      *int       `json:"age" auth:"update"`
	Tags     []string   `json:"tags"`
	Born     *time.Time `json:"born"`
	Pin      string     `json:"-"`
}

const password = "analytical engine"

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

// shop is an application over memory that outlives each command.
type shop struct {
	t       *testing.T
	users   *memstore.Users[account]
	kept    core.UserStore[account] // what the application uses
	tickets core.TicketStore
	limiter core.Limiter // nil: the default
	flows   []latchkey.Flow
	hooks   latchkey.Hooks[account]
	auth    *latchkey.Auth[account]
	session *memstore.Sessions
	factors *memstore.Credentials
	vault   []core.VaultKey
	// backends are others than "api"; credentials, if not nil, are in place
	// of factors.
	backends    []latchkey.Backend
	credentials core.CredentialStore
	box         *outbox.Outbox // of the application that was opened last

	opened, closed int
	openErr        error
	stores         []core.Migrator
}

// elsewhere hides that tickets are kept in memory.
type elsewhere struct{ core.TicketStore }

func newShop(t *testing.T) *shop {
	s := &shop{t: t, users: memstore.NewUsers[account](), tickets: elsewhere{memstore.NewTickets(nil)},
		flows: []latchkey.Flow{reset.Flow{}}, session: memstore.NewSessions(nil), factors: memstore.NewCredentials(nil),
		vault: []core.VaultKey{{ID: "old", Secret: []byte("Zr8wQm3tLk6yXv1pNb5hJc9sDf2gTa7e")}}}
	s.kept = s.users
	return s
}

func (s *shop) open(context.Context) (*command.Opened[account], error) {
	s.opened++
	if s.openErr != nil {
		return nil, s.openErr
	}
	old, err1 := bcrypt.New(bcrypt.Options{Cost: 10})
	sessions, err2 := session.New(s.session, session.Options{})
	box, err3 := outbox.New(outbox.Options{})
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	auth, err := latchkey.New(s.kept, latchkey.Options[account]{
		Backends: append(s.backends, latchkey.Backend{
			Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions,
		}),
		Flows: s.flows, Tickets: s.tickets, Sender: box, BaseURL: "https://shop.example.org", Hooks: s.hooks,
		Credentials: cmp.Or[core.CredentialStore](s.credentials, s.factors),
		Vault:       s.vault, Hashers: []core.Hasher{fast{}, old}, Log: slog.New(slog.DiscardHandler),
		Limiter: s.limiter,
	})
	s.auth, s.box = auth, box
	return &command.Opened[account]{Auth: auth, Stores: s.stores, Close: func() error { s.closed++; return nil }}, err
}

// result is what a command left behind.
type result struct {
	t        *testing.T
	args     string
	code     int
	out, err string
}

func (s *shop) run(args ...string) result { return s.runWith("", args...) }

func (s *shop) runWith(stdin string, args ...string) result {
	s.t.Helper()
	return execute(s.t, s.t.Context(), command.App[account]{Name: "shop", Open: s.open}, stdin, args...)
}

func execute(t *testing.T, ctx context.Context, app command.App[account], stdin string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	root := command.New(app)
	root.SetArgs(args)
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(&errs)
	err := root.ExecuteContext(ctx)
	if err != nil {
		errs.WriteString(err.Error() + "\n")
	}
	return result{t, strings.Join(args, " "), command.Code(err), out.String(), errs.String()}
}

// want checks the exit code, and that the output has each part.
func (r result) want(code int, parts ...string) result {
	r.t.Helper()
	if r.code != code {
		r.t.Errorf("%s: exit code %d, want %d: %s%s", r.args, r.code, code, r.out, r.err)
	}
	for _, part := range parts {
		if !strings.Contains(r.out+r.err, part) {
			r.t.Errorf("%s: no %q in:\n%s%s", r.args, part, r.out, r.err)
		}
	}
	return r
}

// object decodes the one object that was printed.
func (r result) object() map[string]any {
	r.t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(r.out), &o); err != nil {
		r.t.Fatalf("%s: %v in %q", r.args, err, r.out)
	}
	return o
}

// add creates a user by a command.
func (s *shop) add(email string, flags ...string) map[string]any {
	s.t.Helper()
	args := append([]string{"users", "create", email, "--password-stdin", "--json"}, flags...)
	return s.runWith(password, args...).want(0).object()
}

// get returns the user of an address.
func (s *shop) get(email string) *account {
	s.t.Helper()
	u, err := s.users.Find(s.t.Context(), core.ByEmail(email))
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

// login logs a user in and returns the session.
func (s *shop) login(email string) *core.Session {
	s.t.Helper()
	if s.auth == nil {
		if _, err := s.open(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
	u := s.get(email)
	if _, err := s.auth.Manager().Login(s.t.Context(), u.ID, "api", nil, core.Proof{Method: "password"}); err != nil {
		s.t.Fatal(err)
	}
	living, err := s.auth.Manager().Sessions(s.t.Context(), u.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return living[0]
}

package command_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey/command"
	"github.com/latchkey-go/latchkey/core"
)

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for args, part := range map[string]string{
		"user":                        "did you mean users?",
		"users creat ada@example.org": "did you mean create or create-service?",
		"users frobnicate":            `shop users has no command "frobnicate"`,
		"users show":                  "EMAIL|ID is missing: shop users show EMAIL|ID",
		"users show a b":              `"b" is too much`,
		"users list --nope":           "shop users list --help",
		"sweep now":                   "too much",
		"key new rsa":                 "hs256, ed25519, es256 or secret",
	} {
		r := s.run(strings.Fields(args)...).want(2, part)
		if r.out != "" {
			t.Errorf("%s: the standard output has %q", args, r.out)
		}
	}
	if s.opened > 0 {
		t.Errorf("the application was opened %d times", s.opened)
	}
}

func TestHelpOpensNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run().want(0, "users", "sessions", "factors", "keys", "audit", "migrate", "sweep", "key", "import", "doctor")
	s.run("users").want(0, "set-password")
	s.run("users", "create", "--help").want(0, "--password-stdin", "--link")
	if s.opened > 0 {
		t.Errorf("the application was opened %d times", s.opened)
	}
}

// down is a user store that cannot be reached.
type down struct {
	core.UserStore[account]
	err error
}

func (d down) Find(context.Context, core.Key) (*account, error) { return nil, d.err }
func (d down) Create(context.Context, *account) error           { return d.err }
func (d down) List(context.Context, core.Query) ([]*account, string, error) {
	return nil, "", d.err
}

func TestAStoreThatIsDown(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.kept = down{s.users, errors.New("dial tcp 127.0.0.1:5432: connection refused")}
	for _, args := range []string{
		"users list", "users show ada@example.org", "users create ada@example.org --no-password", "sessions list ada@example.org",
		"sessions revoke ada@example.org --all", "users delete ada@example.org --yes", "users superuser ada@example.org",
	} {
		s.run(strings.Fields(args)...).want(5, "connection refused", "Is the server running")
	}
	s.stores = []core.Migrator{&tables{plan: []string{"CREATE TABLE users (id TEXT)"}}}
	s.run("users", "list").want(5, "migrate up makes them")
}

func TestAnApplicationThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.openErr = errors.New("SECRET must be set")
	s.run("users", "list").want(1, "cannot be opened: SECRET must be set")
	s.openErr = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	s.run("users", "list").want(5, "connection refused", "Is the server running")
	r := execute(t, t.Context(), command.App[account]{Name: "shop"}, "", "users", "list")
	r.want(1, "App.Open is nil")
}

func TestErrorsAsJSON(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.add("ada@example.org")
	for args, want := range map[string]string{
		"users show nobody@example.org":              `3 `,
		"users create ada@example.org --no-password": `4 REGISTER_USER_ALREADY_EXISTS`,
		"users show":        `2 `,
		"users list --nope": `2 `,
	} {
		r := s.run(append(strings.Fields(args), "--json")...)
		var o struct {
			Error, Code string
			Exit        int
		}
		if err := json.Unmarshal([]byte(r.err), &o); err != nil && args != "users list --nope" {
			t.Errorf("%s: %v in %q", args, err, r.err)
		}
		if got := string(rune('0'+r.code)) + " " + o.Code; got != want || o.Exit != r.code && args != "users list --nope" {
			t.Errorf("%s: got %q (%+v), want %q", args, got, o, want)
		}
	}
}

// What users have typed must not drive the operator's terminal.
func TestControlCharactersAreEscaped(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const hostile = "\x1b[2Jrm\u009b31m\u202eevil\x07\r\n\u2028tail\u200d"
	s.add("ada@example.org", "--set", "full_name="+hostile)
	u := s.get("ada@example.org")
	if u.FullName != hostile {
		t.Fatalf("stored %q", u.FullName)
	}
	u.Email = "ada\x1b]0;title\x07@example.org"
	if _, err := s.users.Update(t.Context(), u.ID, func(a *account) error { a.Email = u.Email; return nil }); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"users", "list"}, {"users", "show", u.ID}, {"users", "verify", u.ID}, {"users", "list", "--json"},
		{"users", "show", u.ID, "--json"}, {"users", "show", "\x1b[31mnobody"}, {"users", "\x1b[31mnothing"}, {"users", "list", "--\x1b[31m"},
		{"users", "show", "\x1b[31mnobody", "--json"},
	} {
		r := s.run(args...)
		for _, risk := range []string{"\x1b", "\u009b", "\u202e", "\x07", "\r", "\u2028", "\u200d"} {
			if strings.Contains(r.out+r.err, risk) {
				t.Errorf("%q prints %q: %q", args, risk, r.out+r.err)
			}
		}
	}
	if name := s.run("users", "show", u.ID, "--json").object()["full_name"]; name != hostile {
		t.Errorf("JSON has another name: %q", name)
	}
	twin := s.add("bob@example.org", "--set", "full_name=Zoë 東京 \U0001F600")
	s.run("users", "show", twin["id"].(string)).want(0, "Zoë 東京 \U0001F600")
}

func TestEmbedding(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var out strings.Builder
	root := &cobra.Command{Use: "big"}
	root.AddCommand(command.New(command.App[account]{Name: "auth", Open: s.open}))
	root.SetOut(&out)
	root.SetErr(&out)
	for args, code := range map[string]int{
		"auth users create ada@example.org --no-password": 0, "auth users show nobody@example.org": 3, "auth users show": 2,
		"auth users lits": 2,
	} {
		out.Reset()
		root.SetArgs(strings.Fields(args))
		if err := root.ExecuteContext(t.Context()); command.Code(err) != code {
			t.Errorf("%s: %v, code %d, want %d", args, err, command.Code(err), code)
		}
		if strings.Contains(out.String(), "Usage:") {
			t.Errorf("%s prints the usage: %s", args, out.String())
		}
	}
	if s.get("ada@example.org").Email == "" {
		t.Error("no user was created")
	}
}

func TestMain_ReturnsTheCode(t *testing.T) {
	s := newShop(t)
	app := command.App[account]{Name: "shop", Open: s.open}
	if code := command.Main(t.Context(), app, []string{"users", "show", "nobody@example.org"}); code != 3 {
		t.Errorf("got %d, want 3", code)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if code := command.Main(ended, app, []string{"sweep"}); code != 1 {
		t.Errorf("after an interrupt: got %d, want 1", code)
	}
}

package command_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/command"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

type handled struct {
	latchkey.User
	latchkey.Named
	Nick string `json:"nick"`
}

func TestUsersWithNames(t *testing.T) {
	t.Parallel()
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	users := memstore.NewUsers[handled]()
	auth, err := latchkey.New(users, latchkey.Options[handled]{
		Backends: []latchkey.Backend{{Name: "api", Transport: bearer.New(bearer.Options{}), Strategy: sessions}},
		Hashers:  []core.Hasher{fast{}}, Log: slog.New(slog.DiscardHandler), EmailOptional: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	run := func(code int, parts []string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		root := command.New(command.App[handled]{Name: "shop", Open: func(context.Context) (*command.Opened[handled], error) {
			return &command.Opened[handled]{Auth: auth, Close: func() error { return nil }}, nil
		}})
		root.SetArgs(args)
		root.SetOut(&out)
		root.SetErr(&out)
		root.SetIn(strings.NewReader(password + "\n"))
		err := root.ExecuteContext(t.Context())
		text := out.String()
		if err != nil {
			text += err.Error()
		}
		for _, part := range parts {
			if command.Code(err) != code || !strings.Contains(text, part) {
				t.Errorf("%v: exit %d\n%s\nwant %d and %q", args, command.Code(err), text, code, part)
			}
		}
	}
	run(0, []string{"Ada (", "is created"}, "users", "create", "--username", "Ada", "--password-stdin", "--set", "nick=n")
	run(0, []string{"grace@example.org"}, "users", "create", "grace@example.org", "--username", "grace", "--no-password")
	run(2, []string{"EMAIL, --username or both"}, "users", "create", "--no-password")
	run(4, []string{core.CodeRegisterNameExists}, "users", "create", "--username", "ADA", "--no-password")
	run(2, []string{"username"}, "users", "update", "ada", "--set", "username=eve")
	run(0, []string{"username", "Ada", "nick"}, "users", "show", "ADA")
	run(0, []string{`"username":"Ada"`, `"email":null`}, "users", "show", "ada", "--json")
	run(0, []string{"NAME", "grace@example.org", "Ada"}, "users", "list")
	run(0, []string{"is changed"}, "users", "update", "ada", "--username", "Countess")
	run(0, []string{"Countess ("}, "users", "deactivate", "countess")
	run(0, []string{"Countess is not logged in"}, "sessions", "list", "countess")
	if u, err := users.Find(t.Context(), core.ByUsername("countess")); err != nil || u.IsActive || u.Nick != "n" {
		t.Errorf("the user is %+v, %v", u, err)
	}
}

package command_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// tables is a store that lacks something until it is migrated.
type tables struct {
	plan []string
	err  error
}

func (s *tables) Plan(context.Context) ([]string, error) { return s.plan, s.err }
func (s *tables) Migrate(context.Context) error {
	s.plan = nil
	return s.err
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run("migrate", "status").want(1, "no store with tables")
	lacking := &tables{plan: []string{"CREATE TABLE a (x TEXT)", "CREATE INDEX b ON a (x);"}}
	s.stores = []core.Migrator{lacking, &tables{}}
	s.run("migrate", "status").want(0, "command_test: 2 statements are pending", "command_test: nothing is pending")
	s.run("migrate", "status", "--check").want(1, "run migrate up")
	if out := s.run("migrate", "print").want(0).out; out != "CREATE TABLE a (x TEXT);\nCREATE INDEX b ON a (x);\n" {
		t.Errorf("got %q", out)
	}
	if out := s.run("migrate", "status", "--json").want(0).out; !strings.HasPrefix(out,
		`{"store":"command_test","pending":2,"statements":["CREATE TABLE a (x TEXT)",`) || !strings.HasSuffix(out, `"statements":[]}`+"\n") {
		t.Errorf("got %s", out)
	}
	s.run("migrate", "up").want(0, "2 statements were run", "it was up to date")
	s.run("migrate", "up").want(0, "it was up to date")
	s.run("migrate", "status", "--check").want(0)
	lacking.err = errors.New("no route to host")
	for _, name := range []string{"status", "up", "print"} {
		s.run("migrate", name).want(5, "no route to host")
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run("sweep").want(0, "Nothing has expired")
	if o := s.run("sweep", "--json").want(0).object(); o["deleted"] != 0.0 {
		t.Errorf("got %v", o)
	}
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	r := s.run("doctor").want(1, "OUTBOX", "MEMORY_USERS", "NO_SUPERUSER", "1 error, ")
	if first, _, _ := strings.Cut(r.out, "\n"); !strings.HasPrefix(first, "error  ") {
		t.Errorf("the first is %q, want an error", first)
	}
	if strings.Contains(s.run("doctor", "--quiet").want(1).out, "NO_SUPERUSER") {
		t.Error("--quiet shows notes")
	}
	for line := range strings.Lines(s.run("doctor", "--json").want(1).out) {
		if !strings.HasPrefix(line, `{"code":"`) {
			t.Errorf("got %q", line)
		}
	}
}

package command_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
)

// hashOf is the hash of a password by another system's bcrypt.
func hashOf(t *testing.T, word string) string {
	t.Helper()
	hasher, err := bcrypt.New(bcrypt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hasher.Hash(word)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

// fileOf writes a file of JSON Lines.
func fileOf(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestImport(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.add("bob@example.org")
	path := fileOf(t,
		fmt.Sprintf(`{"email": "ada@example.org", "full_name": "Ada", "hashed_password": %q}`, hashOf(t, password)),
		`{"email": "bob@example.org"}`,
		`{"email": "no address"}`,
		`{"email": "carol@example.org", "shoe_size": 7}`)
	s.run("import", "jsonl", path).want(2, "--dry-run", "--yes")
	dry := s.run("import", "jsonl", path, "--dry-run", "--json").want(0).object()
	for name, want := range map[string]any{"dry_run": true, "imported": 2.0, "taken": 1.0, "refused": 1.0, "total": 4.0} {
		if dry[name] != want {
			t.Errorf("%s is %v, want %v", name, dry[name], want)
		}
	}
	s.run("users", "show", "ada@example.org").want(3)

	problems := filepath.Join(t.TempDir(), "problems.jsonl")
	s.run("import", "jsonl", path, "--yes", "--problems", problems).want(0, "2 imported", "shoe_size")
	if _, err := s.auth.Manager().Authenticate(t.Context(), "ada@example.org", password); err != nil {
		t.Errorf("the old password does not let in: %v", err)
	}
	written, err := os.ReadFile(problems)
	if err != nil || strings.Count(string(written), "\n") != 2 || strings.Contains(string(written), "bob@") {
		t.Errorf("the problems are %q, %v", written, err)
	}
	again := s.run("import", "jsonl", path, "--yes", "--json").want(0).object()
	if again["imported"] != 0.0 || again["same"] != 2.0 {
		t.Errorf("the second time: %v", again)
	}
	s.run("import", "jsonl", path, "--yes", "--problems", problems).want(1)
}

func TestImportFromStandardInput(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.runWith(`{"email": "ada@example.org"}`+"\n", "import", "jsonl", "-", "--yes").want(0, "1 imported")
	s.run("users", "show", "ada@example.org").want(0)
}

func TestImportWritesLines(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	path := fileOf(t, `{"email": "ada@example.org", "full_name": "Ada"}`, `no object`)
	out := filepath.Join(t.TempDir(), "out.jsonl")
	s.run("import", "jsonl", path, "--write", out).want(0, "1 record was left out")
	if s.opened > 0 {
		t.Error("the application was opened")
	}
	written, err := os.ReadFile(out)
	var o map[string]any
	if err != nil || json.Unmarshal(written, &o) != nil || o["email"] != "ada@example.org" || o["full_name"] != "Ada" {
		t.Errorf("got %q, %v", written, err)
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
}

func TestImportsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	path := fileOf(t, `{"email": "ada@example.org"}`)
	for args, c := range map[string]struct {
		code int
		part string
	}{
		"":                                   {2, "SOURCE is missing"},
		"dogs " + path:                       {2, "jsonl, table, auth-js, better-auth, devise, django, fastapi-users, supabase"},
		"jsonl":                              {2, "FROM is missing"},
		"jsonl " + path + ".none --yes":      {1, "no such file"},
		"supabase --yes":                     {2, "IMPORT_FROM"},
		"supabase oracle:x --yes":            {2, "file:, postgres: or mysql:"},
		"supabase postgres://h/db --yes":     {1, "no driver for postgres"},
		"jsonl " + path + " --ids numbers":   {2, "uuid, kept or objectid"},
		"jsonl " + path + " --rename x":      {2, "NAME=VALUE"},
		"jsonl " + path + " --dry-run --yes": {2, "dry-run"},
		"table file:x --column mail=email":   {2, "there is no such part"},
	} {
		s.run(append([]string{"import"}, strings.Fields(args)...)...).want(c.code, c.part)
	}
}

// failing is a user store that fails after some users.
type failing struct {
	core.UserStore[account]
	left *int
}

func (f failing) Create(ctx context.Context, u *account) error {
	if *f.left--; *f.left < 0 {
		return fmt.Errorf("dial tcp: connection refused")
	}
	return f.UserStore.Create(ctx, u)
}

func TestAnImportThatGoesOn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var lines []string
	for i := range 20 {
		lines = append(lines, fmt.Sprintf(`{"email": "user%d@example.org"}`, i))
	}
	path := fileOf(t, lines...)
	left := 7
	s.kept = failing{s.users, &left}
	r := s.run("import", "jsonl", path, "--yes").want(5, "connection refused", "Go on with --after 7", "7 imported")
	if !strings.Contains(r.out, "7 imported") {
		t.Error("the report of what was done is missing")
	}
	s.kept = s.users
	s.run("import", "jsonl", path, "--yes", "--after", "7").want(0, "13 imported")
}

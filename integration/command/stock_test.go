package command_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// stock is the program latchkey over a database.
type stock struct {
	t       *testing.T
	program string
	env     []string
}

// run runs it, and checks its exit code and that it prints each part.
func (s stock) run(code int, args string, parts ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.program, strings.Fields(args)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.t.TempDir()}, s.env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		s.t.Errorf("%s: exit code %d, want %d: %s", args, got, code, &out)
	}
	for _, part := range parts {
		if !strings.Contains(out.String(), part) {
			s.t.Errorf("%s: no %q in:\n%s", args, part, &out)
		}
	}
	return out.String()
}

// member is a user of an application whose own column must have a value; the
// tables are Latchkey's.
type member struct {
	core.User
	Plan string `json:"plan" db:"plan,type:VARCHAR(20) NOT NULL DEFAULT 'free'"`
}

// TestStock runs the program latchkey over databases of applications.
func TestStock(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "latchkey")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir, build.Env = "../../cmd/latchkey", append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file := filepath.Join(t.TempDir(), "app.db")
	for name, c := range map[string]struct {
		driver, dsn, url string
		dialect          sqlstore.Dialect
	}{
		"SQLite":     {"sqlite", sqlstore.SQLiteDSN(file), "file:" + file, sqlstore.SQLite},
		"PostgreSQL": {"pgx", "", server.Postgres(t), sqlstore.PostgreSQL},
		"MariaDB":    {"mysql", server.MariaDB(t), "", sqlstore.MariaDB},
	} {
		t.Run(name, func(t *testing.T) {
			if c.dsn == "" {
				c.dsn = c.url
			}
			if c.url == "" {
				c.url = mysqlURL(t, c.dsn)
			}
			db, err := sql.Open(c.driver, c.dsn)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			s := stock{t, program, []string{"DATABASE_URL=" + c.url}}
			s.run(5, "users list", "migrate up makes them")
			s.run(0, "migrate up", "statements were run")
			s.run(0, "users create ada@example.org --superuser --no-password")
			s.run(2, "users set-password ada@example.org --link", "BASE_URL")
			s.env = append(s.env, "BASE_URL=https://app.example.org", "RESET_LINK=/new-password?token={token}")
			s.run(0, "users set-password ada@example.org --link", "https://app.example.org/new-password?token=")

			store, err := sqlstore.New(db, c.dialect, sqlstore.Options{}) // the application, with a column of its own
			if err == nil {
				_, err = sqlstore.Users[member](store)
			}
			if err == nil {
				err = store.Migrate(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			s.run(0, "users create bob@example.org --no-password") // it has a default
			do := func(statement string) {
				t.Helper()
				if _, err := db.ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			if c.dialect == sqlstore.SQLite { // which adds no such column
				var table string
				do("ALTER TABLE latchkey_users RENAME TO former")
				err := db.QueryRowContext(t.Context(), "SELECT sql FROM sqlite_master WHERE name = 'former'").Scan(&table)
				if err != nil {
					t.Fatal(err)
				}
				end := strings.LastIndex(table, ")")
				do(strings.Replace(table[:end]+", shoe_size INTEGER NOT NULL)", `"former"`, "latchkey_users", 1))
			} else {
				do("ALTER TABLE latchkey_users ADD COLUMN shoe_size INTEGER NOT NULL DEFAULT 7")
				do("ALTER TABLE latchkey_users ALTER COLUMN shoe_size DROP DEFAULT")
			}
			s.run(4, "users create carol@example.org --no-password", "OWN_COLUMNS", "shoe_size")
			s.run(3, "users show carol@example.org")
		})
	}
}

// mysqlURL is the URL of a DSN.
func mysqlURL(t *testing.T, dsn string) string {
	t.Helper()
	user, rest, ok := strings.Cut(dsn, "@tcp(")
	host, name, ok2 := strings.Cut(rest, ")/")
	if !ok || !ok2 {
		t.Fatalf("the DSN is %q", dsn)
	}
	return "mysql://" + user + "@" + host + "/" + name
}

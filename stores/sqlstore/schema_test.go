package sqlstore_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// TestSchemaFiles checks that the files are what Schema returns for the zero
// Options and core.User. Write what it prints into a file to change it.
func TestSchemaFiles(t *testing.T) {
	for name, d := range map[string]sqlstore.Dialect{
		"sqlite": sqlstore.SQLite, "postgresql": sqlstore.PostgreSQL, "mysql": sqlstore.MySQL,
	} {
		file := filepath.Join("schema", name+".sql")
		want, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		if got := schemaFor[core.User](t, d, sqlstore.Options{}); got != string(want) {
			t.Errorf("%s is not\n%s", file, got)
		}
	}
}

func plainKey(email string) (string, error) { return strings.ToLower(email), nil }

func TestSchemaOfATakeover(t *testing.T) {
	type account struct {
		core.User
		FullName string
	}
	got := schemaFor[account](t, sqlstore.PostgreSQL, sqlstore.Options{FastAPIUsers: plainKey})
	for _, want := range []string{`ALTER TABLE "user" ADD COLUMN "email_key"`, `ALTER TABLE "user" ADD COLUMN "full_name"`,
		`ALTER TABLE "oauth_account" ADD COLUMN "arrival"`} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, `CREATE TABLE "user"`) || strings.Contains(got, `"hashed_password"`) {
		t.Errorf("it makes what the service has:\n%s", got)
	}
}

func TestNewReportsEveryProblem(t *testing.T) {
	_, err := sqlstore.New(nil, "oracle", sqlstore.Options{
		Prefix: `x"; DROP TABLE y; --`, IDs: 7, UsersTable: strings.Repeat("u", 52),
	})
	for _, want := range []string{"*sql.DB", "oracle", "Prefix", "IDs", "UsersTable"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New returned %v, want an error about %s", err, want)
		}
	}
	for _, d := range []sqlstore.Dialect{sqlstore.MySQL, sqlstore.MariaDB} {
		_, err := sqlstore.New(new(sql.DB), d, sqlstore.Options{FastAPIUsers: plainKey})
		if err == nil || !strings.Contains(err.Error(), "FastAPIUsers") {
			t.Errorf("New returned %v, want an error about FastAPIUsers", err)
		}
	}
}

package importers_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/importers"
)

// fastAPIUsers opens a copy of the database that a FastAPI Users service has
// written; its README is in this repository's testdata.
func fastAPIUsers(t *testing.T) importers.Source {
	return importers.FastAPIUsers(copied(t, filepath.Join("..", "testdata", "fastapi-users.sqlite")),
		importers.TableOptions{})
}

// wantFastAPIUsers checks that the people of the service can log in, or some of
// them: its hashes are slow.
func wantFastAPIUsers(a *app, all bool) {
	a.Helper()
	for address, password := range map[string]string{
		"Ada.Lovelace@example.org": "analytical engine 1843",
		"grace@example.org":        "nanoseconds & compilers",
		"edsger@example.org":       "goto considered harmful",
		"barbara@example.org":      "substitution principle",
		"alan@example.org":         "on computable numbers",
	} {
		if all || strings.HasPrefix(address, "a") {
			a.wantLogin(address, password)
		}
	}
	if status := a.login("inactive@example.org", "nobody home today"); status != 400 {
		a.Errorf("an inactive user logs in: %d", status)
	}
	a.linked("gal@camelot.bt", "fake/id-gal")
	a.linked("barbara@example.org", "fake/id-liskov")
	a.linked("alan@example.org")
	if u := a.user("edsger@example.org"); !u.IsSuperuser || u.IsVerified {
		a.Errorf("%+v", u)
	}
	if u := a.user("barbara@example.org"); u.IsSuperuser || !u.IsVerified {
		a.Errorf("%+v", u)
	}
}

func TestFastAPIUsers(t *testing.T) {
	t.Parallel()
	for name, d := range databases {
		t.Run("to "+name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, d, "")
			a.wantReport(a.run(fastAPIUsers(t), importers.Options{}), importers.Report{Imported: 7, Superusers: 1, Links: 2})
			wantFastAPIUsers(a, name == "SQLite")
		})
	}
}

// TestByWayOfJSONLines: what another system has can be written, looked at, and
// come from the file.
func TestByWayOfJSONLines(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	if err := importers.WriteJSONLines(t.Context(), &file, fastAPIUsers(t), nil); err != nil {
		t.Fatal(err)
	}
	a := newApp(t, onSQLite, "")
	a.wantReport(a.run(importers.JSONLines(bytes.NewReader(file.Bytes())), importers.Options{}),
		importers.Report{Imported: 7, Superusers: 1, Links: 2})
	wantFastAPIUsers(a, false)
	again := a.once(fastAPIUsers(t), importers.Options{})
	if again.Same != 7 {
		t.Errorf("from the database itself come others:\n%s", again)
	}
}

package upgrade_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/uptrace/bun"
)

// fastAPIUsers opens a copy of the database of a FastAPI Users service.
func fastAPIUsers(t *testing.T) *bun.DB {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("..", "testdata", "fastapi-users.sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "service.sqlite")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return kinds["sqlite"].open(t, bunstore.SQLiteDSN(path)+"&_pragma=synchronous(OFF)")
}

// TestFastAPIUsersUpgrade adopts the database of the service, and one that the
// previous release has adopted, while the service keeps running.
func TestFastAPIUsersUpgrade(t *testing.T) {
	k := kinds["sqlite"]
	origins := map[string]func(t *testing.T) *bun.DB{"the service's": fastAPIUsers}
	for _, release := range releases {
		origins["taken over by "+release] = func(t *testing.T) *bun.DB {
			db := k.open(t, k.address(t))
			_, statements := fixture(t, release, "fastapi-users.sql")
			run(t, db, statements...)
			return db
		}
	}
	for name, open := range origins {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			columns := k.columnsOf(t, db)
			rows := k.rowsOf(t, db, columns)
			var p parts
			for range 2 {
				_, p = migrated(t, db, bunstore.Options{FastAPIUsers: latchkey.CanonicalEmail, Now: clock})
				k.wantUnchanged(t, db, columns, rows)
			}
			// What the service's registration does.
			run(t, db, `INSERT INTO "user" (email, hashed_password, is_active, is_superuser, is_verified, id)
				SELECT 'mary@example.org', hashed_password, true, false, false, '7a1d3c1e-0b1f-4a51-9d3e-5f0c8f3b2a10'
				FROM "user" WHERE email LIKE 'edsger@%'`)
			a := newApplication(t, p, now)
			for email, password := range map[string]string{
				"Ada.Lovelace@example.org": adasPassword, "edsger@example.org": "goto considered harmful",
				"mary@example.org": "goto considered harmful",
			} {
				for _, backend := range []string{"web", "api"} {
					token := a.login(t, backend, email, password)
					if me := a.send(t, "GET /users/me", http.StatusOK, token, ""); me["email"] != email {
						t.Errorf("%s is %v", email, me)
					}
				}
			}
			wantAudit(t, p, "mary@example.org", "")
			wantCredentials(t, p, "mary@example.org")
		})
	}
}

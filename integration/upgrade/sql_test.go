package upgrade_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/uptrace/bun"
)

// now is a minute after the fixtures were made.
var now = recorded.Add(time.Minute)

func clock() time.Time { return now }

// wantUnchanged checks that a database has every column that it had, and in
// these every value.
func (k kind) wantUnchanged(t *testing.T, db *bun.DB, columns []column, rows []string) {
	t.Helper()
	after := k.columnsOf(t, db)
	for _, c := range columns {
		if !slices.Contains(after, c) {
			t.Errorf("the column %+v is gone or has changed", c)
		}
	}
	got := k.rowsOf(t, db, columns)
	for _, row := range rows {
		if !slices.Contains(got, row) {
			t.Errorf("this row is gone or has changed: %s", row)
		}
	}
	if len(got) != len(rows) {
		t.Errorf("%d rows became %d", len(rows), len(got))
	}
}

// TestSQLUpgrade migrates the database of the previous release, twice, while
// that release keeps running.
func TestSQLUpgrade(t *testing.T) {
	for _, release := range append(releases, "d354dce to sqlstore") {
		for name, k := range kinds {
			t.Run(release+" "+name, func(t *testing.T) {
				release, _, plain := strings.Cut(release, " ")
				t.Parallel()
				db := k.open(t, k.address(t))
				tokens, statements := fixture(t, release, name+".sql")
				run(t, db, statements...)
				columns := k.columnsOf(t, db)
				rows := k.rowsOf(t, db, columns)
				var p parts
				for range 2 {
					if plain {
						p = k.migratedPlain(t, db.DB, clock)
					} else {
						_, p = migrated(t, db, bunstore.Options{Now: clock})
					}
					k.wantUnchanged(t, db, columns, rows)
				}
				a := newApplication(t, p, now)
				_, still := fixture(t, release, name+"-statements.sql")
				k.wantPreviousRelease(t, a, db, still, rows)
				wantRotations(t, p, tokens["session"])
				wantRenewals(t, a, tokens)
				wantKeys(t, a, tokens)
				wantPeople(t, a, tokens)
				wantMarks(t, p, strings.ToLower(ada))
				wantAudit(t, p, grace, tokens["records"])
				wantCredentials(t, p, grace)
			})
		}
	}
}

// wantPreviousRelease checks that the earlier release, whose statements these
// are, can go on, and that what it writes counts.
func (k kind) wantPreviousRelease(t *testing.T, a *application, db *bun.DB, statements, rows []string) {
	t.Helper()
	for _, statement := range statements {
		prepared, err := db.DB.PrepareContext(t.Context(), statement)
		if err != nil {
			t.Errorf("the release before cannot %s: %v", statement, err)
			continue
		}
		_ = prepared.Close()
	}
	const mary, marysID = "mary@example.org", "7a1d3c1e-0b1f-4a51-9d3e-5f0c8f3b2a10"
	adasID := k.texts(t, db, 1, "SELECT id FROM latchkey_users WHERE email = '"+ada+"'")[0][0]
	token, digest, err := core.NewSecret(strings.NewReader(strings.Repeat("mary", 8)))
	if err != nil {
		t.Fatal(err)
	}
	user := one(t, rows, "latchkey_users", ada)
	session := one(t, rows, "latchkey_sessions", adasID, "'web'")
	digests := "SELECT " + k.literal("digest", "binary(32)") + " FROM latchkey_sessions WHERE user_id = '" + adasID +
		"' AND backend = 'web'"
	old := k.texts(t, db, 1, digests)[0][0]
	run(t, db, replaced(user, ada, mary, strings.ToLower(ada), mary, adasID, marysID),
		replaced(strings.Replace(session, old, k.binary(digest), 1), adasID, marysID))
	for _, u := range []map[string]any{
		a.send(t, "GET /users/me", http.StatusOK, token, ""),
		a.send(t, "GET /users/me", http.StatusOK, a.login(t, "web", mary, adasPassword), ""),
	} {
		if u["id"] != marysID || u["email"] != mary {
			t.Errorf("the user that the release before has made is %v", u)
		}
	}
}

// binary returns a digest as SQL has it.
func (k kind) binary(digest [32]byte) string {
	if k.driver == "pgx" {
		return fmt.Sprintf(`'\x%x'`, digest)
	}
	return fmt.Sprintf("X'%X'", digest)
}

// wantPeople checks that everybody is who they were, and can do what they
// could.
func wantPeople(t *testing.T, a *application, tokens map[string]string) {
	t.Helper()
	for _, name := range []string{"session", "jwt"} {
		me := a.send(t, "GET /users/me", http.StatusOK, tokens[name], "")
		if me["email"] != ada || me["full_name"] != `O'Brien \ 日本` {
			t.Errorf("the %s is of %v", name, me)
		}
		a.send(t, "GET /users/me", http.StatusUnauthorized, tokens["ended-"+name], "")
		a.send(t, "GET /users/me", http.StatusUnauthorized, tokens["deleted-"+name], "")
	}
	for _, backend := range []string{"web", "api"} {
		a.login(t, backend, ada, adasPassword)
		token := a.login(t, backend, grace, gracesPassword)
		if me := a.send(t, "GET /users/me", http.StatusOK, token, ""); me["is_superuser"] != true {
			t.Errorf("grace is %v", me)
		}
	}
	alans := "username=" + alan + "&password=" + strings.ReplaceAll(alansPassword, " ", "+")
	a.send(t, "POST /auth/web/login", http.StatusBadRequest, "", alans)
	a.send(t, "POST /auth/web/login", http.StatusTooManyRequests, "", "username="+eve+"&password=guess")
	const next = "the countess of lovelace"
	proof := fmt.Sprintf(`{"token": %q, "password": %q}`, tokens["reset"], next)
	a.send(t, "POST /auth/reset-password", http.StatusOK, "", proof)
	for _, name := range []string{"session", "jwt"} {
		a.send(t, "GET /users/me", http.StatusUnauthorized, tokens[name], "")
	}
	a.login(t, "web", ada, next)
}

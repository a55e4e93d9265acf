package importers_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/importers"
	"github.com/latchkey-go/latchkey/integration/long"
)

// members is the table of an application that has its own.
var members = importers.TableOptions{
	Users: "members",
	Columns: importers.Columns{
		ID: "pid", Email: "email", Hash: "password", Verified: "confirmed", Active: "enabled", Created: "joined",
		SuspendedUntil: "blocked_until", SuspendedFor: "blocked_for", Deleted: "removed",
	},
}

func TestTable(t *testing.T) {
	t.Parallel()
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := d.open(t, d.address(t))
			run(t, db, `CREATE TABLE members (pid varchar(40) PRIMARY KEY, email varchar(80), password varchar(80), confirmed int, enabled int,
				joined bigint, blocked_until varchar(40), blocked_for varchar(40), removed int, full_name varchar(40), api_token varchar(40), plan varchar(40))`)
			run(t, db, `INSERT INTO members VALUES
				('a', 'ada@example.org', '`+supabaseHash+`', 1, 1, 1588327200, NULL, NULL, 0, 'Ada', 'secret', 'gold'),
				('b', 'bob@example.org', '`+supabaseHash+`', 0, 1, 1588327200000, '2999-01-01', 'spam', 0, NULL, 'secret', NULL),
				('c', 'carla@example.org', NULL, 0, 0, NULL, '0000-00-00 00:00:00', '', NULL, NULL, NULL, NULL),
				('d', 'dora@example.org', NULL, 0, 1, NULL, NULL, NULL, 1, NULL, NULL, NULL),
				('e', '', NULL, 0, 1, NULL, NULL, NULL, 0, NULL, NULL, NULL)`)
			a := newApp(t, onSQLite, "")
			a.wantReport(a.run(importers.Table(db, members), importers.Options{}),
				importers.Report{Imported: 3, Skipped: 2, WithoutPassword: 1})
			a.wantLogin("ada@example.org", "correct horse")
			ada, bob := a.user("ada@example.org"), a.user("bob@example.org")
			if !ada.IsVerified || ada.FullName != "Ada" || ada.Plan != "gold" ||
				!ada.CreatedAt.Equal(bob.CreatedAt) || ada.CreatedAt.Year() != 2020 {
				t.Errorf("%+v", ada)
			}
			if bob.SuspendedFor != "spam" || bob.SuspendedUntil.Year() != 2999 || a.user("carla@example.org").IsActive {
				t.Errorf("%+v", bob)
			}
		})
	}
}

// TestTablesThatDoNotFit: an error says what is not there, before anything is
// imported.
func TestTablesThatDoNotFit(t *testing.T) {
	t.Parallel()
	down, a := onPostgres.open(t, "postgres://nobody@127.0.0.1:1/x?sslmode=disable&connect_timeout=1"), newApp(t, onSQLite, "")
	for _, d := range databases {
		db := d.open(t, d.address(t))
		run(t, db, `CREATE TABLE people (id int, mail varchar(80))`)
		run(t, db, `CREATE TABLE users (id varchar(9), email varchar(80), emailVerified varchar(9))`)
		run(t, db, `CREATE TABLE accounts (id varchar(9))`)
		for _, c := range []struct {
			from   importers.Source
			reason string
		}{
			{importers.Table(nil, members), "no database"},
			{importers.Table(down, members), "127.0.0.1"},
			{importers.Table(db, members), "no table members"},
			{importers.Table(db, importers.TableOptions{Users: "people"}), `no column "" of IDs`},
			{importers.Table(db, importers.TableOptions{Users: "people", Columns: importers.Columns{ID: "id", Email: "email"}}), `no column "email"`},
			{importers.Table(db, importers.TableOptions{Users: "users", Columns: importers.Columns{ID: "id", Email: "email", Hash: "hash"}}), `no column "hash"`},
			{importers.AuthJS(db, importers.TableOptions{}), `no column "userId"`},
			{importers.FastAPIUsers(db, importers.TableOptions{Accounts: "links"}), "no table links"},
			{importers.Supabase(db, importers.TableOptions{}), "no table auth.users"},
			{importers.Table(db, importers.TableOptions{Users: `x" ; DROP TABLE people; --`}), "no table"},
		} {
			_, err := importers.Run(t.Context(), a.Manager(), c.from, importers.Options{})
			if err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("%s: %v, want something with %q", d.driver, err, c.reason)
			}
		}
		run(t, db, "INSERT INTO people VALUES (1, 'x')") // it is still there
		name := `"user"`
		if d.driver == "mysql" {
			name = "`user`"
		}
		run(t, db, `CREATE TABLE `+name+` (id int, email varchar(80))`)
		_, err := importers.Run(t.Context(), a.Manager(),
			importers.BetterAuth(db, importers.BetterAuthOptions{}), importers.Options{})
		if err == nil || !strings.Contains(err.Error(), "tables user and users") {
			t.Errorf("%s: two tables of users: %v", d.driver, err)
		}
	}
}

// TestRowsWithoutAnID: no page would have them.
func TestRowsWithoutAnID(t *testing.T) {
	t.Parallel()
	db, a := onSQLite.open(t, onSQLite.address(t)), newApp(t, onSQLite, "")
	run(t, db, `CREATE TABLE members (pid TEXT PRIMARY KEY, email TEXT)`)
	run(t, db, `INSERT INTO members VALUES (NULL, 'a@example.org'), ('b', 'b@example.org')`)
	o := importers.TableOptions{Users: "members", Columns: importers.Columns{ID: "pid", Email: "email"}}
	if _, err := importers.Run(t.Context(), a.Manager(), importers.Table(db, o), importers.Options{}); err == nil ||
		!strings.Contains(err.Error(), "1 rows") {
		t.Errorf("%v", err)
	}
}

// TestHostileRows: a database may hold what no program of its system would
// write. Each such row is reported, and the others come.
func TestHostileRows(t *testing.T) {
	t.Parallel()
	db, a := onSQLite.open(t, onSQLite.address(t)), newApp(t, onPostgres, "")
	run(t, db, `CREATE TABLE user (id TEXT PRIMARY KEY, email TEXT, hashed_password TEXT, is_active, is_superuser, is_verified, created_at, full_name TEXT)`)
	good := func(id string, column string, value any) {
		t.Helper()
		run(t, db, `INSERT INTO user VALUES ($1, $1 || '@example.org', $2, 1, 0, 1, '2024-05-01', 'X')`, id, supabaseHash)
		if column != "" {
			run(t, db, `UPDATE user SET `+column+` = $1 WHERE id = $2`, value, id)
		}
	}
	bad := map[string]struct {
		column string
		value  any
	}{
		"02-nul":         {"email", "nul\x00@example.org"},
		"03-utf8":        {"email", []byte("\xff\xfe@example.org")},
		"04-break":       {"email", "a@example.org\r\nBcc: b@example.org"},
		"05-hash":        {"hashed_password", strings.Repeat("A", 10<<20)},
		"06-bomb":        {"hashed_password", "$argon2id$v=19$m=4194304,t=9,p=1$8BHF94dnJfBlHfd0Z6CElw$BukZaTcoSYH371ppsk4k0Q"},
		"07-cost":        {"hashed_password", "$2b$31$" + supabaseHash[7:]},
		"08-blob":        {"hashed_password", []byte{0xff, 0, 1}},
		"09-iterations":  {"hashed_password", "pbkdf2_sha256$2000000000$seasalt$Toj2II2rBvFiGQcPmUml1Nlni2UtvyRWwz/jz4q6q/4="},
		"10-scrypt":      {"hashed_password", "$scrypt$ln=40,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"},
		"11-early":       {"created_at", "0044-03-15"},
		"12-late":        {"created_at", int64(1) << 61},
		"13-date":        {"created_at", "the day before yesterday"},
		"14-flag":        {"is_active", "perhaps"},
		"15-name":        {"full_name", "a\x00b"},
		"16-bytes":       {"full_name", []byte("\xff")},
		"17-nan":         {"created_at", "NaN"},
		"18-id\x00":      {"", nil},
		"19-number":      {"email", 42},
		"20-long":        {"email", strings.Repeat("a", 10<<20) + "@example.org"},
		"21-superuser":   {"is_superuser", []byte{0xff}},
		"22-placeholder": {"email", "$1@'; DROP TABLE user; --"},
	}
	good("01-first", "", nil)
	for id, c := range bad {
		good(id, c.column, c.value)
	}
	good("99-last", "", nil)
	report := a.run(importers.FastAPIUsers(db, importers.TableOptions{}), importers.Options{})
	expected := len(bad) - 1 // the bytes are base64, as encoding/json has them, and a text like any other
	if report.Refused != expected || report.Imported != 3 || report.Total != len(bad)+2 {
		t.Errorf("of %d bad rows:\n%s", len(bad), report)
	}
	if len(report.String()) > 8000 {
		t.Errorf("the report has %d bytes", len(report.String()))
	}
	a.wantLogin("01-first@example.org", "correct horse")
	a.wantLogin("99-last@example.org", "correct horse")
}

// TestARunIsResumed: the context ends between two pages of rows; nobody comes
// twice, and nobody is lost.
func TestARunIsResumed(t *testing.T) {
	t.Parallel()
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n = 1700
			db, a := many(t, d, n), newApp(t, onSQLite, "")
			source := importers.FastAPIUsers(db, importers.TableOptions{Users: "members", Accounts: importers.None})
			seen, after, runs := map[string]int{}, "", 0
			for imported := 0; imported < n; runs++ {
				if runs > 10 {
					t.Fatalf("%d of %d are imported after %d runs", imported, n, runs)
				}
				ctx, cancel := context.WithCancel(t.Context())
				report, err := importers.Run(ctx, a.Manager(), source, importers.Options{
					After: after,
					Each:  func(r importers.Result) { seen[r.Key]++ },
					Progress: func(r importers.Report) {
						if r.Done() == 600 {
							cancel()
						}
					},
				})
				cancel()
				if !errors.Is(err, context.Canceled) && err != nil {
					t.Fatal(err)
				}
				if report.Same+report.Refused+report.Taken+report.Doubled > 0 {
					t.Errorf("run %d: %s", runs, report)
				}
				imported, after = imported+report.Imported, report.After
			}
			for key, times := range seen {
				if times != 1 {
					t.Errorf("record %s is settled %d times", key, times)
				}
			}
			if len(seen) != n || runs != 3 {
				t.Errorf("%d records are settled in %d runs", len(seen), runs)
			}
		})
	}
}

// many is a table of n users.
func many(t testing.TB, d database, n int) *sql.DB {
	t.Helper()
	db := d.open(t, d.address(t))
	run(t, db, `CREATE TABLE members (id int PRIMARY KEY, email varchar(80) NOT NULL, hashed_password varchar(80), is_active int, is_superuser int,
		is_verified int, full_name varchar(40))`)
	for first := 0; first < n; first += 500 {
		var rows []string
		for i := first; i < min(first+500, n); i++ {
			rows = append(rows, fmt.Sprintf("(%d, 'user%d@example.org', '%s', 1, 0, 1, 'User %d')", i, i, supabaseHash, i))
		}
		run(t, db, "INSERT INTO members VALUES "+strings.Join(rows, ", "))
	}
	return db
}

// TestManyUsers: the memory does not grow with the rows, but for eight bytes
// and what a map needs for each address while they are compared.
func TestManyUsers(t *testing.T) {
	n := long.Count(10_000, 100_000)
	db, a := many(t, onSQLite, n), newApp(t, onSQLite, "")
	var most, before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin := time.Now()
	report, err := importers.Run(t.Context(), a.Manager(),
		importers.FastAPIUsers(db, importers.TableOptions{Users: "members", Accounts: importers.None}),
		importers.Options{Progress: func(r importers.Report) {
			if max(r.Done(), 1)%(n/10) == 0 || r.Done() == 0 && r.Total%(n/10) == 0 { // in both passes
				var now runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&now)
				if now.HeapAlloc > most.HeapAlloc {
					most = now
				}
			}
		}})
	took := time.Since(begin)
	if err != nil || report.Imported != n {
		t.Fatalf("%v\n%s", err, report)
	}
	grown := int64(most.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d users in %v, %.0f a second; the heap grew by %d KiB at most", n, took.Round(time.Millisecond), float64(n)/took.Seconds(), grown>>10)
	if limit := int64(8<<20 + 64*n); grown > limit {
		t.Errorf("the heap grew by %d bytes, want %d at most", grown, limit)
	}
}

package growth_test

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	_ "modernc.org/sqlite"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

type database struct {
	name, driver string
	dialect      sqlstore.Dialect
	address      func(b testing.TB) string
}

var databases = []database{
	{"SQLite", "sqlite", sqlstore.SQLite, func(b testing.TB) string {
		return sqlstore.SQLiteDSN(filepath.Join(b.TempDir(), "growth.db"))
	}},
	{"PostgreSQL", "pgx", sqlstore.PostgreSQL, server.Postgres},
	{"MariaDB", "mysql", sqlstore.MariaDB, server.MariaDB},
}

// installation is a database with n users, each with a session, every tenth
// with a linked account.
type installation struct {
	db    *sql.DB
	kind  sqlstore.Dialect
	store *sqlstore.Store
	users *sqlstore.UserStore[core.User]
	n     int
	begun time.Time
}

func (d database) open(b *testing.B, n int) *installation {
	b.Helper()
	db, err := sql.Open(d.driver, d.address(b))
	check(b, err)
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	b.Cleanup(func() { _ = db.Close() })
	store, err := sqlstore.New(db, d.dialect, sqlstore.Options{})
	check(b, err)
	users, err := sqlstore.Users[core.User](store)
	check(b, err)
	check(b, store.Migrate(b.Context()))
	in := &installation{db, d.dialect, store, users, n, time.Now().Add(-time.Hour)}
	if d.dialect == sqlstore.MariaDB { // by default it has 128 MiB for all tables
		in.run(b, "SET GLOBAL innodb_buffer_pool_size = 2147483648")
	}
	in.populate(b)
	if d.dialect == sqlstore.MariaDB {
		in.run(b, "ANALYZE TABLE latchkey_users, latchkey_sessions, latchkey_oauth_accounts")
	} else {
		in.run(b, "ANALYZE")
	}
	return in
}

// names of the user i: the address has nothing to do with the ID.
func userID(i int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "id %d", i))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func email(i int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "email %d", i))
	return fmt.Sprintf("%x@example.org", sum[:8])
}

func digest(kind string, i int) [32]byte { return sha256.Sum256(fmt.Appendf(nil, "%s %d", kind, i)) }

// Of a million users ten are superusers, and of a thousand one.
func isSuperuser(i int) bool { return i%100_000 == 0 }

// linked are those with a linked account.
const linked = 10

func (in *installation) populate(b *testing.B) {
	b.Helper()
	in.inBatches(b, in.n, in.rows)
}

// inBatches runs the statements that insert the rows up to n.
func (in *installation) inBatches(b *testing.B, n int, rows func(begin, end int) []string) {
	b.Helper()
	const batch, together = 500, 40 // rows of a statement, statements of a transaction
	for first := 0; first < n; first += batch * together {
		tx, err := in.db.BeginTx(b.Context(), nil)
		check(b, err)
		for begin := first; begin < min(first+batch*together, n); begin += batch {
			for _, text := range rows(begin, min(begin+batch, n)) {
				_, err := tx.ExecContext(b.Context(), text)
				check(b, err)
			}
		}
		check(b, tx.Commit())
	}
}

// rows are the statements that insert the users from begin to end, end
// excluded, and what belongs to them.
func (in *installation) rows(begin, end int) []string {
	var users, sessions, accounts []string
	expires := in.begun.AddDate(0, 0, 7)
	for i := begin; i < end; i++ {
		id := userID(i)
		created := in.begun.Add(-time.Duration(i) * time.Second).UTC()
		users = append(users, fmt.Sprintf("('%s', '%s', '%s', '', %t, %t, %t, %s)", id, email(i), email(i), i%1000 != 1,
			isSuperuser(i), i%4 != 0, in.timestamp(created)))
		sessions = append(sessions, in.session(digest("session", i), id, created, in.begun, expires))
		if i%linked == 0 {
			accounts = append(accounts, fmt.Sprintf("('%s', '%s', 'acme', '%d', '%s', '')", userID(-1-i), id, i, email(i)))
		}
	}
	// Every statement has rows: begin is a multiple of linked.
	return []string{
		`INSERT INTO latchkey_users (id, email, email_key, hashed_password, is_active, is_superuser, is_verified, created_at)
			VALUES ` + strings.Join(users, ", "),
		insertSessions + strings.Join(sessions, ", "),
		`INSERT INTO latchkey_oauth_accounts (id, user_id, oauth_name, account_id, account_email, access_token)
			VALUES ` + strings.Join(accounts, ", "),
	}
}

const insertSessions = `INSERT INTO latchkey_sessions
	(digest, id, user_id, backend, label, ip, epoch, proofs, created, last_seen, expires) VALUES `

func (in *installation) session(d [32]byte, userID string, created, seen, expires time.Time) string {
	return fmt.Sprintf("(%s, 'id', '%s', 'web', '', '', 0, '[]', %d, %d, %d)", in.bytes(d), userID,
		created.UnixMicro(), seen.UnixMicro(), expires.UnixMicro())
}

func (in *installation) timestamp(t time.Time) string {
	if in.kind == sqlstore.SQLite {
		return fmt.Sprintf("'%s'", t.Format("2006-01-02 15:04:05.000000-07:00"))
	}
	return fmt.Sprintf("'%s'", t.Format("2006-01-02 15:04:05.000000"))
}

func (in *installation) bytes(d [32]byte) string {
	if in.kind == sqlstore.PostgreSQL {
		return fmt.Sprintf(`'\x%x'`, d)
	}
	return fmt.Sprintf("x'%x'", d)
}

func (in *installation) run(b *testing.B, text string) {
	b.Helper()
	_, err := in.db.ExecContext(b.Context(), text)
	check(b, err)
}

func check(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

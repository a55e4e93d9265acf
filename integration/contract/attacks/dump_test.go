package attacks_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/stores/bunstore"
)

// dump is every value of a database, and the bytes of its files.
func dump(t *testing.T, file string) (values [][]byte, files string) {
	t.Helper()
	for _, name := range []string{file, file + "-wal"} {
		b, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		files += string(b)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, table := range rows(t, db, "SELECT name FROM sqlite_master WHERE type = 'table'") {
		values = append(values, rows(t, db, `SELECT * FROM "`+string(table)+`"`)...)
	}
	return values, files
}

// rows returns all values of a query.
func rows(t *testing.T, db *sql.DB, query string) (values [][]byte) {
	t.Helper()
	result, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = result.Close() }()
	columns, err := result.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for result.Next() {
		row, into := make([][]byte, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := result.Scan(into...); err != nil {
			t.Fatal(err)
		}
		values = append(values, row...)
	}
	if err := result.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}

func TestAttackL04DatabaseDump(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "dumped.sqlite")
	a := harness.NewApp(t, harness.OnChi, func(t *testing.T, now func() time.Time) harness.Stores {
		return harness.OpenSQLite(t, file, bunstore.Options{Now: now})
	}, func(a *harness.App, o *harness.Options) {
		harness.WithSecondFactor(a, o)
		o.InsecureNoLimits, o.Hashers = true, realHashers()
	})
	secrets := secretsOf(t, a, a.NewUser(t))
	values, files := dump(t, file)
	t.Run("L04 no raw secret in a dump of the database", func(t *testing.T) {
		secrets.WantNone(t, "the database", files)
		for _, v := range values {
			secrets.WantNone(t, "a column", string(v))
		}
		for _, backend := range []string{"cookie", "session"} {
			digest := sha256.Sum256([]byte(secrets[backend+" token"]))
			if !slices.ContainsFunc(values, func(v []byte) bool { return string(v) == string(digest[:]) }) {
				t.Errorf("twin: the digest of the %s token is not there", backend)
			}
		}
	})
	t.Run("S14 nothing of the dump is a credential", func(t *testing.T) {
		for _, v := range values {
			if len(v) < 16 || len(v) > 200 {
				continue
			}
			for _, token := range []string{url.QueryEscape(string(v)), hex.EncodeToString(v),
				base64.RawURLEncoding.EncodeToString(v)} {
				a.Want(t, "GET /users/me 401", harness.Credential("cookie", token))
				a.Want(t, "GET /users/me 401", harness.Bearer(token))
				a.Want(t, badVerify, harness.VerifyBody(token))
				a.Want(t, badReset, harness.ResetBody(token))
			}
		}
	})
	for _, backend := range harness.Backends {
		a.Want(t, "GET /users/me 200 (twin)", harness.Credential(backend, secrets[backend+" token"]))
	}
	a.Want(t, harness.ResetRoute+"200 (twin)", harness.ResetBody(secrets["reset token"]))
}

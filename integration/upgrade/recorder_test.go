//go:build record

package upgrade_test

import (
	"database/sql"
	"testing"

	"github.com/latchkey-go/latchkey/integration/recorder"
	"github.com/uptrace/bun"
)

// recorded opens a database that records all statements.
func (k kind) recorded(t testing.TB, address string) (*bun.DB, *recorder.Recorder) {
	t.Helper()
	r := recorder.New(k.open(t, address).Driver(), address)
	db := bun.NewDB(sql.OpenDB(r), k.dialect())
	t.Cleanup(func() { _ = db.Close() })
	return db, r
}

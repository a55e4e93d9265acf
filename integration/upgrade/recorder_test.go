//go:build record

package upgrade_test

import (
	"database/sql"
	"testing"

	"github.com/latchkey-go/latchkey/integration/recorder"
	"github.com/uptrace/bun"
)

// recorded is open, with all statements noted.
func (k kind) recorded(t testing.TB, address string) (*bun.DB, *recorder.Recorder) {
	t.Helper()
	r := recorder.New(k.open(t, address).Driver(), address)
	db := bun.NewDB(sql.OpenDB(r), k.dialect())
	t.Cleanup(func() { _ = db.Close() })
	return db, r
}

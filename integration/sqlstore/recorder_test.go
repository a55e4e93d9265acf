package sqlstore_test

import (
	"database/sql"
	"testing"

	"github.com/latchkey-go/latchkey/integration/recorder"
)

// recorded is open, with all statements noted.
func (d database) recorded(t testing.TB, address string) (*handle, *recorder.Recorder) {
	t.Helper()
	r := recorder.New(d.open(t, address).Driver(), address)
	db := sql.OpenDB(r)
	t.Cleanup(func() { _ = db.Close() })
	return &handle{db, d.dialect}, r
}

package sqlstore_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// TestMigrateWarnsOfAPoolWithoutBound: it warns once, however often it runs.
func TestMigrateWarnsOfAPoolWithoutBound(t *testing.T) {
	for most, want := range map[int]int{0: 1, connections: 0} {
		var log bytes.Buffer
		db := onSQLite.new(t)
		db.SetMaxOpenConns(most)
		store, _ := users[core.User](t, db, sqlstore.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(log.String(), "SetMaxOpenConns"); got != want {
			t.Errorf("with a maximum of %d it warned %d times, want %d: %s", most, got, want, &log)
		}
	}
}

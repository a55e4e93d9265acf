package bunstore_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// TestMigrator runs on SQLite alone: sqlstore's own tests have the others.
func TestMigrator(t *testing.T) {
	t.Parallel()
	storetest.Migrator(t, func(t *testing.T) core.Migrator {
		store, err := bunstore.New(onSQLite.new(t), bunstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bunstore.Users[core.User](store); err != nil {
			t.Fatal(err)
		}
		return store
	})
}

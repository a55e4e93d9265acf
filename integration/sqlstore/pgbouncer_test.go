package sqlstore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// behindPgBouncer is PostgreSQL behind a pooler, with a mode of pgx.
func behindPgBouncer(mode string) database {
	return database{"pgx", sqlstore.PostgreSQL, func(t testing.TB) string {
		return server.PgBouncer(t, server.Postgres(t)) + mode
	}}
}

// TestFieldM10PgBouncer: in transaction mode each transaction may have another
// connection, where other statements are prepared.
func TestFieldM10PgBouncer(t *testing.T) {
	t.Parallel()
	told := func(t *testing.T, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "default_query_exec_mode=exec") {
			t.Errorf("got %v, want an error that says what to set", err)
		}
	}
	t.Run("Migrate says what to set", func(t *testing.T) {
		d := behindPgBouncer("")
		address := d.address(t)
		_, _ = users[core.User](t, d.open(t, address), sqlstore.Options{})
		again := newStore(t, d.open(t, address), sqlstore.Options{})
		told(t, again.Migrate(t.Context()))
	})
	t.Run("so does the first use", func(t *testing.T) {
		d := behindPgBouncer("")
		address := d.address(t)
		_, one := users[core.User](t, d.open(t, address), sqlstore.Options{})
		other, err := sqlstore.Users[core.User](newStore(t, d.open(t, address), sqlstore.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := one.Find(t.Context(), core.ByEmail("ada@example.org")); !errors.Is(err, core.ErrNotFound) {
			t.Fatal(err)
		}
		_, err = other.Find(t.Context(), core.ByEmail("ada@example.org"))
		told(t, err)
	})
	t.Run("twin: with it, everything works", func(t *testing.T) {
		d := behindPgBouncer("&default_query_exec_mode=exec")
		t.Run("Migrate twice", func(t *testing.T) {
			address := d.address(t)
			for range 2 {
				_, _ = users[core.User](t, d.open(t, address), sqlstore.Options{})
			}
		})
		t.Run("sessions", func(t *testing.T) { sessionsKit(t, d) })
		t.Run("limits", func(t *testing.T) { limiterKit(t, d) })
	})
}

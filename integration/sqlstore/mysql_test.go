package sqlstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// TestMySQLSettings: settings of the driver and of the server that would change
// stored values are refused, and all others do no harm.
func TestMySQLSettings(t *testing.T) {
	address := onMariaDB.address(t)
	for settings, want := range map[string]string{
		"?sql_mode=''":                        "STRICT_TRANS_TABLES",
		"?sql_mode='STRICT_ALL_TABLES'":       "",
		"?sql_mode='ANSI,TRADITIONAL'":        "",
		"?charset=latin1":                     "utf8mb4",
		"?parseTime=true&loc=Europe%2FBerlin": "UTC",
		"?loc=Europe%2FBerlin":                "", // without parseTime it has no effect on text
		"?parseTime=true":                     "",
		"?parseTime=true&time_zone='%2B05%3A00'&clientFoundRows=true&interpolateParams=true": "",
	} {
		t.Run(settings, func(t *testing.T) {
			store := newStore(t, onMariaDB.open(t, address+settings), sqlstore.Options{})
			us, err := sqlstore.Users[storetest.Account](store)
			if err != nil {
				t.Fatal(err)
			}
			err = store.Migrate(t.Context())
			if want != "" {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("Migrate returned %v, want an error about %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			at := time.Date(2024, 3, 31, 2, 30, 0, 123456000, time.UTC) // an hour that Berlin does not have
			u := &storetest.Account{User: core.User{CreatedAt: at}, Seen: at}
			if err := us.Create(t.Context(), u); err != nil {
				t.Fatal(err)
			}
			found, err := us.Find(t.Context(), core.ByID(u.ID))
			if err != nil || !found.CreatedAt.Equal(at) || !found.Seen.Equal(at) {
				t.Errorf("Find returned %+v, %v; want the time %v", found, err, at)
			}
		})
	}
}

// TestMySQLKit: it makes no difference whether the driver counts the rows found
// or the rows changed.
func TestMySQLKit(t *testing.T) {
	t.Parallel()
	d := onMariaDB.with("?clientFoundRows=true")
	t.Run("sessions", func(t *testing.T) { sessionsKit(t, d) })
	t.Run("tickets", func(t *testing.T) { ticketsKit(t, d) })
	t.Run("limiter", func(t *testing.T) { limiterKit(t, d) })
}

// TestMySQLWithoutADatabase: there is nothing to name a lock after.
func TestMySQLWithoutADatabase(t *testing.T) {
	address := onMariaDB.address(t)
	db := onMariaDB.open(t, address[:strings.LastIndex(address, "/")+1])
	if err := newStore(t, db, sqlstore.Options{}).Migrate(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "database") {
		t.Errorf("Migrate returned %v", err)
	}
}

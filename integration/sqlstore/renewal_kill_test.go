package sqlstore_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/integration/renewals"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
)

// TestAttackT04KilledProcess kills processes that renew logins: a client that
// sends its token again is logged in.
func TestAttackT04KilledProcess(t *testing.T) {
	if name := os.Getenv(victimName); name != "" {
		clock := &renewals.Clock{}
		store, us := users[core.User](t, databases[name].open(t, os.Getenv(victimAddress)), sqlstore.Options{Now: clock.Now})
		renewals.Serve(us, store.Sessions(), clock)
	}
	t.Parallel()
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := d.address(t)
			renewals.Survive(t, long.Count(5, 200), renewals.NewProcess(t, func() *exec.Cmd {
				victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAttackT04KilledProcess$")
				victim.Env = append(os.Environ(), victimName+"="+name, victimAddress+"="+address)
				return victim
			}))
		})
	}
}

// TestAttackT13KilledServer does the same to a database's server, whose
// connections break at any point of a renewal.
func TestAttackT13KilledServer(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *server.Process{
		"PostgreSQL": server.StartPostgres, "MariaDB": server.StartMariaDB,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, clock := start(t), &renewals.Clock{}
			store, us := users[core.User](t, databases[name].open(t, p.URL()), sqlstore.Options{Now: clock.Now})
			handler, err := renewals.Handler(t.Context(), us, store.Sessions(), clock)
			if err != nil {
				t.Fatal(err)
			}
			renewals.Survive(t, long.Count(2, 50), renewals.NewDatabase(t, handler, p))
		})
	}
}

package redisstore_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/integration/renewals"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/redisstore"
)

// victimAddress is the variable of a process to be killed: the address of its
// Redis.
const victimAddress = "LATCHKEY_TEST_VICTIM_ADDRESS"

// TestAttackT04KilledProcess kills processes that renew logins: a client that
// sends its token again is logged in.
func TestAttackT04KilledProcess(t *testing.T) {
	if addr := os.Getenv(victimAddress); addr != "" {
		clock := &renewals.Clock{}
		sessions := open(t, addr, redisstore.Options{Now: clock.Now}).Sessions()
		renewals.Serve(memstore.NewUsers[core.User](), sessions, clock)
	}
	addr := server.Redis(t)
	renewals.Survive(t, long.Count(5, 200), renewals.NewProcess(t, func() *exec.Cmd {
		victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAttackT04KilledProcess$")
		victim.Env = append(os.Environ(), victimAddress+"="+addr)
		return victim
	}))
}

// TestAttackT13KilledServer does the same to a Redis that writes everything to
// its disk.
func TestAttackT13KilledServer(t *testing.T) {
	t.Parallel()
	redis, clock := server.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always"), &renewals.Clock{}
	sessions := open(t, redis.URL(), redisstore.Options{Now: clock.Now}).Sessions()
	handler, err := renewals.Handler(t.Context(), memstore.NewUsers[core.User](), sessions, clock)
	if err != nil {
		t.Fatal(err)
	}
	renewals.Survive(t, long.Count(5, 50), renewals.NewDatabase(t, handler, redis))
}

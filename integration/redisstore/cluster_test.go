package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
	"github.com/redis/rueidis"
)

// cluster starts a Redis Cluster of one node, which has all slots, and refuses
// scripts over several of them as any cluster does.
func cluster(t *testing.T) (addr string) {
	t.Helper()
	addr = server.StartRedis(t, "--cluster-enabled", "yes").URL()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, ForceSingleClient: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	do := func(words ...string) (string, error) {
		return client.Do(context.Background(), client.B().Arbitrary(words...).Build()).ToString()
	}
	if _, err := do("CLUSTER", "ADDSLOTSRANGE", "0", "16383"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the cluster is complete", func() bool {
		info, err := do("CLUSTER", "INFO")
		return err == nil && strings.Contains(info, "cluster_state:ok")
	})
	_, err = do("EVAL", "return 1", "2", "a", "b")
	if err == nil || !strings.Contains(err.Error(), "CROSSSLOT") {
		t.Fatalf("a script over two slots: got %v, want that it is refused", err)
	}
	return addr
}

func TestCluster(t *testing.T) {
	addr, cases := cluster(t), 0
	store := func(t *testing.T, now func() time.Time) *redisstore.Store {
		cases++
		return open(t, addr, redisstore.Options{Prefix: fmt.Sprint(cases, ":"), Now: now})
	}
	t.Run("Sessions", func(t *testing.T) {
		storetest.Sessions(t, func(t *testing.T, now func() time.Time) core.SessionStore { return store(t, now).Sessions() })
	})
	t.Run("Tickets", func(t *testing.T) {
		storetest.Tickets(t, func(t *testing.T, now func() time.Time) core.TicketStore { return store(t, now).Tickets() })
	})
	t.Run("Limiter", func(t *testing.T) {
		storetest.Limiter(t, func(t *testing.T, now func() time.Time) core.Limiter { return store(t, now).Limiter() })
	})
}

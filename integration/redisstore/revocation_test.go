package redisstore_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
)

// TestRevocation logs in and out, and measures how long the other node goes on accepting each session.
func TestRevocation(t *testing.T) {
	const logins, atOnce = 10_000, 8
	addr := server.Redis(t)
	one, other := open(t, addr, redisstore.Options{}).Sessions(), open(t, addr, redisstore.Options{}).Sessions()
	var accepted atomic.Int64
	delays := make([]time.Duration, logins)
	var all sync.WaitGroup
	for worker := range atOnce {
		all.Go(func() {
			for i := worker; i < logins; i += atOnce {
				name := fmt.Sprint(i)
				d, mine := core.Digest(name), adas(name)
				mine.UserID = name
				if err := one.Create(t.Context(), d, mine); err != nil {
					t.Error(err)
					return
				}
				if !alive(t, one, d) || !alive(t, other, d) {
					t.Error("a session that was just made is not found")
				}
				if err := one.Delete(t.Context(), d); err != nil {
					t.Error(err)
				}
				ended := time.Now()
				if alive(t, one, d) {
					accepted.Add(1)
				}
				for alive(t, other, d) {
					delays[i] = time.Since(ended)
				}
			}
		})
	}
	all.Wait()
	if n := accepted.Load(); n > 0 {
		t.Errorf("%d of %d sessions were accepted on the node that had ended them", n, logins)
	}
	slices.Sort(delays)
	median, p99, most := delays[logins/2], delays[logins*99/100], delays[logins-1]
	t.Logf("after a logout the other node accepts the session for: median %v, p99 %v, max %v", median, p99, most)
	if most >= 5*time.Second {
		t.Error("the other node heard nothing")
	}
}

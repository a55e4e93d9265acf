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

// TestRevocation logs in and out, and measures how long the other node keeps
// accepting each session. The node that has changed a session must know at
// once, before Redis notifies it.
func TestRevocation(t *testing.T) {
	const logins, atOnce = 10_000, 8
	addr := server.Redis(t)
	one, other := open(t, addr, redisstore.Options{}).Sessions(), open(t, addr, redisstore.Options{}).Sessions()
	var accepted, untouched atomic.Int64
	delays := make([]time.Duration, logins)
	once := func(i int) error {
		name := fmt.Sprint(i)
		d, mine := core.Digest(name), adas(name)
		mine.UserID = name
		if err := one.Create(t.Context(), d, mine); err != nil {
			return err
		}
		if !alive(t, one, d) || !alive(t, other, d) {
			return fmt.Errorf("session %d, which was just made, is not found", i)
		}
		if i%8 == 0 {
			seen := mine.LastSeen.Add(time.Minute)
			if err := one.Touch(t.Context(), d, seen, mine.Expires); err != nil {
				return err
			}
			if found, err := one.Find(t.Context(), d); err != nil || !found.LastSeen.Equal(seen) {
				untouched.Add(1)
			}
		}
		if err := end(t, one, d, i); err != nil {
			return err
		}
		ended := time.Now()
		if i%16 < 9 && alive(t, one, d) { // the others go first to the other node
			accepted.Add(1)
		}
		for alive(t, other, d) {
			delays[i] = time.Since(ended)
		}
		if alive(t, one, d) {
			accepted.Add(1)
		}
		return nil
	}
	var all sync.WaitGroup
	for worker := range atOnce {
		all.Go(func() {
			for i := worker; i < logins; i += atOnce {
				if err := once(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if a, u := accepted.Load(), untouched.Load(); a > 0 || u > 0 {
		t.Errorf("of %d sessions %d were accepted on the node that had ended them, %d were old on the one that had touched them", logins, a, u)
	}
	slices.Sort(delays)
	median, p99, most := delays[logins/2], delays[logins*99/100], delays[logins-1]
	t.Logf("after a logout the other node accepts the session for: median %v, p99 %v, max %v", median, p99, most)
	if most >= 5*time.Second {
		t.Error("the other node heard nothing")
	}
}

// end revokes a session, whose user has its number as ID, in one of two ways.
func end(t *testing.T, s *redisstore.Sessions, d [32]byte, i int) error {
	if i%8 != 0 {
		return s.Delete(t.Context(), d)
	}
	return s.DeleteAll(t.Context(), fmt.Sprint(i), 2, [32]byte{})
}

package benchmarks

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/argon2id"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// BenchmarkLogins is 64 people's logins at once with the governor's default,
// with a core left over, and without one, each hashing as it comes: how many a
// second, the most memory that the heap took beyond what it held before,
// garbage included, and how long another request waited for a core.
func BenchmarkLogins(b *testing.B) {
	ours := must[*argon2id.Hasher](b)(argon2id.New(argon2id.Options{}))
	rounds(b,
		candidate{"governed", func(b *testing.B) { logins(b, ours, 0) }},
		candidate{"a core left over", func(b *testing.B) { logins(b, ours, max(1, runtime.NumCPU()-1)) }},
		candidate{"ungoverned", func(b *testing.B) { logins(b, ours, 64) }},
	)
}

func logins(b *testing.B, hasher core.Hasher, atOnce int) {
	const many = 64
	users := memstore.NewUsers[latchkey.User]()
	auth, err := latchkey.New(users, latchkey.Options[latchkey.User]{
		Backends: []latchkey.Backend{{
			Name: "one", Transport: bearer.New(bearer.Options{}), Strategy: newSessions(b, memstore.NewSessions(nil)),
		}},
		Hashers: []core.Hasher{hasher}, HashConcurrency: atOnce, InsecureNoLimits: true, Log: quiet(),
	})
	check(b, err)
	people := make([]string, many)
	hash := must[core.PasswordHash](b)(hasher.Hash(password))
	for i := range people {
		people[i] = fmt.Sprintf("ada%d@example.org", i)
		check(b, users.Create(b.Context(), &latchkey.User{
			Email: people[i], EmailKey: people[i], HashedPassword: hash, IsActive: true,
		}))
	}
	debug.FreeOSMemory() // nobody finds the pages that another one left
	var all watched
	took, n := time.Duration(0), 0
	for b.Loop() {
		end := watch()
		start := time.Now()
		var callers sync.WaitGroup
		for _, email := range people {
			callers.Go(func() {
				if _, err := auth.Manager().Authenticate(b.Context(), email, password); err != nil {
					b.Error(err)
				}
			})
		}
		callers.Wait()
		took += time.Since(start)
		seen := end()
		all.peak, all.delays = max(all.peak, seen.peak), append(all.delays, seen.delays...)
		n += many
	}
	b.ReportMetric(float64(n)/took.Seconds(), "logins/s")
	b.ReportMetric(float64(all.peak)/(1<<20), "peak-MiB")
	slices.Sort(all.delays)
	b.ReportMetric(float64(all.delays[len(all.delays)*99/100].Microseconds())/1000, "p99-delay-ms")
}

// watched is what was noticed while others worked.
type watched struct {
	peak uint64 // bytes that the heap held at the most, beyond what it held before
	// how much later than its time a goroutine ran that wanted to run every
	// 2 ms: another request's wait for a core
	delays []time.Duration
}

// watch looks every 2 ms until the function that it returns is called.
func watch() (end func() watched) {
	runtime.GC()
	before := heapNow()
	stop, seen := make(chan struct{}), make(chan watched)
	go func() {
		var w watched
		for {
			due := time.Now().Add(2 * time.Millisecond)
			select {
			case <-stop:
				seen <- w
				return
			case <-time.After(time.Until(due)):
				w.delays = append(w.delays, time.Since(due))
				w.peak = max(w.peak, heapNow()-min(before, heapNow()))
			}
		}
	}()
	return func() watched {
		close(stop)
		return <-seen
	}
}

// heapNow is what the heap holds, in bytes, garbage included.
func heapNow() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

package benchmarks

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// BenchmarkLogins is 64 logins at once with the governor's default, and with as many hashes at once as there are logins: how many a second,
// the most memory that the heap took beyond what it held before, and how long another request waited for a core. A hash's memory is garbage
// when it is done; how much of that lies about is the garbage collector's choice, which GOGC settles. A memory limit near what is in use would
// settle it too, at a price: the runtime then gives memory back to the system after each hash, and the next pays for every page again.
func BenchmarkLogins(b *testing.B) {
	rounds(b,
		candidate{"governed", func(b *testing.B) { logins(b, 0) }},
		candidate{"governed, GOGC=50", func(b *testing.B) {
			defer debug.SetGCPercent(debug.SetGCPercent(50))
			logins(b, 0)
		}},
		candidate{"a core left over", func(b *testing.B) { logins(b, max(1, runtime.NumCPU()-1)) }},
		candidate{"ungoverned", func(b *testing.B) { logins(b, 64) }},
	)
}

func logins(b *testing.B, atOnce int) {
	const many = 64
	users := memstore.NewUsers[latchkey.User]()
	auth, err := latchkey.New(users, latchkey.Options[latchkey.User]{
		Backends: []latchkey.Backend{{
			Name: "one", Transport: bearer.New(bearer.Options{}), Strategy: newSessions(b, memstore.NewSessions(nil)),
		}},
		HashesAtOnce: atOnce, InsecureNoLimits: true, Log: quiet(),
	})
	check(b, err)
	check(b, auth.Manager().Create(b.Context(), &latchkey.User{Email: email, IsActive: true}, password))
	debug.FreeOSMemory() // what another left of the heap would spare this one its page faults
	var all watched
	took, n := time.Duration(0), 0
	for b.Loop() {
		end := watch()
		start := time.Now()
		var callers sync.WaitGroup
		for range many {
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
	peak   uint64          // bytes that the heap held at the most, beyond what it held before
	delays []time.Duration // how much later than its time a goroutine ran that wanted to run every 2 ms: another request's wait for a core
}

// watch looks every 2 ms until the function that it gives is called.
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

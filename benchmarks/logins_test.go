package benchmarks

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// BenchmarkLogins is 64 logins at once with the governor's default, and with as many hashes at once as there are logins: how many a second, and
// the most memory that the heap took beyond what it held before. A hash's memory is garbage when it is done; how much of that lies about is the
// garbage collector's choice, which GOMEMLIMIT settles.
func BenchmarkLogins(b *testing.B) {
	rounds(b,
		candidate{"governed", func(b *testing.B) { logins(b, 0) }},
		candidate{"governed, GOMEMLIMIT=64MiB", func(b *testing.B) {
			defer debug.SetMemoryLimit(debug.SetMemoryLimit(64 << 20))
			logins(b, 0)
		}},
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
	took, peak := time.Duration(0), uint64(0)
	n := 0
	for b.Loop() {
		watch := watchHeap()
		start := time.Now()
		var all sync.WaitGroup
		for range many {
			all.Go(func() {
				if _, err := auth.Manager().Authenticate(b.Context(), email, password); err != nil {
					b.Error(err)
				}
			})
		}
		all.Wait()
		took += time.Since(start)
		peak = max(peak, watch())
		n += many
	}
	b.ReportMetric(float64(n)/took.Seconds(), "logins/s")
	b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
}

// watchHeap gives a function that tells how much the heap held at the most since, beyond what it held then.
func watchHeap() (peak func() uint64) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	var most atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		var m runtime.MemStats
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				runtime.ReadMemStats(&m)
				most.Store(max(most.Load(), m.HeapAlloc))
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-done
		return max(most.Load(), before) - before
	}
}

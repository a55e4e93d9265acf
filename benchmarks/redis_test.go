package benchmarks

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
)

const browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"

func newRedis(b *testing.B, address string, o redisstore.Options) *redisstore.Store {
	b.Helper()
	store, err := redisstore.New(rueidis.ClientOption{InitAddress: []string{address}}, o)
	check(b, err)
	b.Cleanup(store.Close)
	return store
}

// digest is that of the i-th session.
func digest(i int) [32]byte { return core.Digest(fmt.Sprintf("%0*d", core.SecretLen, i)) }

// fill makes sessions like those of browsers.
func fill(b *testing.B, s core.SessionStore, n int) {
	b.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	for i := range n {
		d := digest(i)
		check(b, s.Create(b.Context(), d, core.Session{
			ID: fmt.Sprintf("%x", d), UserID: fmt.Sprintf("0190d5c4-7e6a-7000-8000-%012d", i), Backend: "web", Label: browser,
			Proofs: []core.Proof{{Method: "password", At: now}}, Created: now, LastSeen: now, Expires: now.Add(time.Hour),
		}))
	}
}

// key is the name of a session in Redis.
func key(b *testing.B, c rueidis.Client) string {
	b.Helper()
	names, err := c.Do(b.Context(), c.B().Keys().Pattern("latchkey:session:*").Build()).AsStrSlice()
	check(b, err)
	return names[0]
}

// BenchmarkLookup looks up a session that the process has cached, beside a hit
// of rueidis's own client-side cache, which returns the bytes.
func BenchmarkLookup(b *testing.B) {
	address, ctx := server.Redis(b), context.Background()
	store := newRedis(b, address, redisstore.Options{}).Sessions()
	fill(b, store, 1)
	plain := must[rueidis.Client](b)(rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address}}))
	b.Cleanup(plain.Close)
	name, d := key(b, plain), digest(0)
	rounds(b,
		each("latchkey", func() error { _, err := store.Find(ctx, d); return err }),
		each("rueidis DoCache", func() error {
			_, err := plain.DoCache(ctx, plain.B().Get().Key(name).Cache(), time.Minute).ToString()
			return err
		}),
	)
}

// BenchmarkMiss looks up a session in Redis, by one caller at a time and by
// many, beside a GET of the same bytes with the same bound. rueidis saves the
// goroutines of a connection that is used by one caller only; a client that
// receives changes reads all the time, which is the fair comparison.
func BenchmarkMiss(b *testing.B) {
	const many = 10_000
	address := server.Redis(b)
	store := newRedis(b, address, redisstore.Options{CacheSessions: 1000}).Sessions()
	fill(b, store, many)
	pipelining := must[rueidis.Client](b)(rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address},
		AlwaysPipelining: true, DisableCache: true}))
	lone := must[rueidis.Client](b)(rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address},
		DisableCache: true}))
	other := goredis.NewClient(&goredis.Options{Addr: address})
	b.Cleanup(pipelining.Close)
	b.Cleanup(lone.Close)
	b.Cleanup(func() { _ = other.Close() })
	names, err := lone.Do(b.Context(), lone.B().Keys().Pattern("latchkey:session:*").Build()).AsStrSlice()
	check(b, err)
	get := func(c rueidis.Client) func(int) error {
		return func(i int) error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			return c.Do(ctx, c.B().Get().Key(names[i]).Build()).Error()
		}
	}
	var candidates []candidate
	var asked atomic.Int64
	for _, way := range []struct {
		name string
		many int
	}{{"alone", 1}, {"32 at once", 32}} {
		for _, c := range []struct {
			name string
			ask  func(i int) error
		}{
			{"latchkey", func(i int) error { _, err := store.Find(context.Background(), digests[i]); return err }},
			{"rueidis GET", get(pipelining)},
			{"rueidis GET, not pipelining", get(lone)},
			{"go-redis GET", func(i int) error { return other.Get(context.Background(), names[i]).Err() }},
		} {
			ask := func() error { return c.ask(int(asked.Add(1) % many)) }
			candidates = append(candidates, candidate{way.name + "/" + c.name, func(b *testing.B) { asks(b, way.many, ask) }})
		}
	}
	rounds(b, candidates...)
}

// digests are those of the sessions of BenchmarkMiss, so that hashing them is
// not measured.
var digests = func() (all [10_000][32]byte) {
	for i := range all {
		all[i] = digest(i)
	}
	return all
}()

// asks lets so many callers ask for the sessions in turn. No two ask for the
// same: the second would find it in the process.
func asks(b *testing.B, callers int, ask func() error) {
	if callers == 1 {
		for b.Loop() {
			check(b, ask())
		}
		return
	}
	b.SetParallelism(callers / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := ask(); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkCommands counts what a request with a known session asks of Redis.
func BenchmarkCommands(b *testing.B) {
	address := server.Redis(b)
	a := newApp(b, newSessions(b, newRedis(b, address, redisstore.Options{}).Sessions()))
	counter := must[rueidis.Client](b)(rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address},
		DisableCache: true}))
	b.Cleanup(counter.Close)
	gets := func() (n int) {
		info, err := counter.Do(b.Context(), counter.B().Info().Section("commandstats").Build()).ToString()
		check(b, err)
		for line := range strings.Lines(info) {
			var calls int
			if name, numbers, found := strings.Cut(line, ":calls="); found && name != "cmdstat_info" {
				_, _ = fmt.Sscanf(numbers, "%d", &calls)
				n += calls
			}
		}
		return n
	}
	p := ours(a, latchkey.SessionOnly)
	r, request, w := p.router(), httptest.NewRequest(http.MethodGet, "/plan", nil), httptest.NewRecorder()
	p.authorize(request)
	rounds(b, candidate{"latchkey", func(b *testing.B) {
		const requests = 1000 // within the cache's 5 s
		for b.Loop() {
			r.ServeHTTP(w, request) // now the process knows the session
			before := gets()
			for range requests {
				r.ServeHTTP(w, request)
			}
			b.ReportMetric(float64(gets()-before)/requests, "commands/request")
		}
	}})
}

// BenchmarkMemory returns how much of the heap a known session takes.
func BenchmarkMemory(b *testing.B) {
	const many = 100_000
	address := server.Redis(b)
	fill(b, newRedis(b, address, redisstore.Options{CacheSessions: 1}).Sessions(), many)
	rounds(b, candidate{"latchkey", func(b *testing.B) {
		for b.Loop() {
			before := heap()
			store := newRedis(b, address, redisstore.Options{CacheSessions: many})
			for i := range many {
				if _, err := store.Sessions().Find(b.Context(), digest(i)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((heap()-before)/many, "B/session")
			runtime.KeepAlive(store)
			store.Close()
		}
	}})
}

// heap is what is in use after a collection, in bytes.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkRevocation is the time from the return of a logout on one node to
// the first refusal on another that knew the session.
func BenchmarkRevocation(b *testing.B) {
	address, ctx := server.Redis(b), context.Background()
	here, there := newRedis(b, address, redisstore.Options{}).Sessions(),
		newRedis(b, address, redisstore.Options{}).Sessions()
	client := must[rueidis.Client](b)(rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{address},
		DisableCache: true}))
	b.Cleanup(client.Close)
	next := 0
	rounds(b, candidate{"latchkey", func(b *testing.B) {
		var delays []time.Duration
		for b.Loop() {
			d, now := digest(next), time.Now()
			next++
			check(b, here.Create(ctx, d,
				core.Session{ID: "id", UserID: "ada", Created: now, LastSeen: now, Expires: now.Add(time.Hour)}))
			_, err := there.Find(ctx, d)
			check(b, err)
			check(b, here.Delete(ctx, d))
			ended := time.Now()
			for err == nil {
				// or this takes the core on which the other
				// node would hear
				check(b, client.Do(ctx, client.B().Ping().Build()).Error())
				_, err = there.Find(ctx, d)
			}
			delays = append(delays, time.Since(ended))
		}
		slices.Sort(delays)
		b.ReportMetric(float64(delays[len(delays)*99/100].Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(delays[len(delays)/2].Microseconds())/1000, "median-ms")
	}})
}

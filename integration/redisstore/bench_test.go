package redisstore_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
	"github.com/redis/rueidis"
)

const browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"

// token and realistic are a session as a browser has it.
func token(i int) string { return fmt.Sprintf("%0*d", core.SecretLen, i) }

func realistic(i int) ([32]byte, core.Session) {
	d := core.Digest(token(i))
	one := adas(hex.EncodeToString(d[:]))
	one.UserID, one.Label = fmt.Sprintf("0190d5c4-7e6a-7000-8000-%012d", i), browser
	return d, one
}

// BenchmarkWarm compares a lookup in the process' own memory with what it replaces, and with the least that it could be.
func BenchmarkWarm(b *testing.B) {
	addr, ctx := server.Redis(b), context.Background()
	sessions := open(b, addr, redisstore.Options{}).Sessions()
	d, one := realistic(0)
	if err := sessions.Create(ctx, d, one); err != nil {
		b.Fatal(err)
	}
	secret, plain := token(0), map[[32]byte]*core.Session{d: &one}
	b.Run("Find", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := sessions.Find(ctx, d); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("SHA-256 and Find", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := sessions.Find(ctx, core.Digest(secret)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("SHA-256 and a map", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if plain[sha256.Sum256([]byte(secret))] == nil {
				b.Fatal("not found")
			}
		}
	})
	b.Run("rueidis DoCache", func(b *testing.B) {
		client := raw(b, addr)
		key := keys(b, client, "latchkey:session:*")[0]
		b.ReportAllocs()
		for b.Loop() {
			if _, err := client.DoCache(ctx, client.B().Get().Key(key).Cache(), time.Minute).ToString(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCold compares a lookup that asks Redis with a GET of the same value. A client that is told of changes reads all the time, as
// one does that is used by many at once; rueidis saves the two goroutines of a connection where neither is the case.
func BenchmarkCold(b *testing.B) {
	const many = 10_000
	addr, ctx := server.Redis(b), context.Background()
	sessions := open(b, addr, redisstore.Options{CacheSessions: 1}).Sessions()
	digests := fill(b, sessions, many)
	names := keys(b, raw(b, addr), "latchkey:session:*")
	run := func(name string, ask func(i int) error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := ask(i % many); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+" by 32 at once", func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(32 / runtime.GOMAXPROCS(0))
			var next atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := ask(int(next.Add(1)) % many); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
	get := func(o rueidis.ClientOption) func(int) error {
		o.InitAddress = []string{addr}
		client, err := rueidis.NewClient(o)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(client.Close)
		return func(i int) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return client.Do(ctx, client.B().Get().Key(names[i]).Build()).Error()
		}
	}
	run("Find", func(i int) error {
		_, err := sessions.Find(ctx, digests[i])
		return err
	})
	run("GET", get(rueidis.ClientOption{}))
	run("GET of a client that reads all the time", get(rueidis.ClientOption{AlwaysPipelining: true}))
}

// BenchmarkMemory tells how many bytes of the heap a cached session takes, with its share of the cache itself.
func BenchmarkMemory(b *testing.B) {
	const many = 100_000
	addr := server.Redis(b)
	digests := fill(b, open(b, addr, redisstore.Options{}).Sessions(), many)
	for b.Loop() {
		small, before := open(b, addr, redisstore.Options{CacheSessions: 1}), heap()
		store := open(b, addr, redisstore.Options{CacheSessions: many})
		each(many, func(i int) {
			if _, err := store.Sessions().Find(context.Background(), digests[i]); err != nil {
				b.Error(err)
			}
		})
		b.ReportMetric(float64(heap()-before)/many, "B/session")
		runtime.KeepAlive(small)
		runtime.KeepAlive(store)
	}
}

// fill makes sessions.
func fill(b *testing.B, sessions *redisstore.Sessions, many int) [][32]byte {
	b.Helper()
	digests := make([][32]byte, many)
	each(many, func(i int) {
		d, one := realistic(i)
		digests[i] = d
		if err := sessions.Create(context.Background(), d, one); err != nil {
			b.Error(err)
		}
	})
	return digests
}

// each does something for 0 to n-1, by 32 at once.
func each(n int, do func(i int)) {
	var all sync.WaitGroup
	for first := range 32 {
		all.Go(func() {
			for i := first; i < n; i += 32 {
				do(i)
			}
		})
	}
	all.Wait()
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// keys are those that match a pattern.
func keys(t testing.TB, client rueidis.Client, pattern string) []string {
	t.Helper()
	names, err := client.Do(context.Background(), client.B().Keys().Pattern(pattern).Build()).AsStrSlice()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

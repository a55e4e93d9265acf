package growth_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"
)

// mostDelay is how much longer than without a sweep the slowest check may take.
const mostDelay = 100 * time.Millisecond

// BenchmarkSweep sweeps as many expired sessions as the large database has
// users, while four readers check living sessions and one begins and ends some.
func BenchmarkSweep(b *testing.B) {
	for _, d := range databases {
		b.Run(d.name, func(b *testing.B) {
			in := d.open(b, 10*few)
			in.expire(b, *most)
			for b.Loop() {
				quiet := in.watch(b, func() { time.Sleep(10 * time.Second) })
				var swept int
				start := time.Now()
				busy := in.watch(b, func() {
					var err error
					swept, err = in.store.Sweep(b.Context())
					check(b, err)
				})
				took := time.Since(start)
				b.Logf("%d rows swept in %v", swept, took.Round(time.Second))
				b.Logf("checks: median %v (quiet %v), longest %v (quiet %v)", busy.check, quiet.check, busy.longestCheck,
					quiet.longestCheck)
				b.Logf("sessions begun and ended: median %v (quiet %v), longest %v (quiet %v)", busy.login, quiet.login,
					busy.longestLogin, quiet.longestLogin)
				if swept != *most {
					b.Errorf("%d rows swept, must be %d", swept, *most)
				}
				if delay := busy.longestCheck - quiet.longestCheck; delay > mostDelay {
					b.Errorf("the longest check takes %v longer, must be %v", delay, mostDelay)
				}
			}
		})
	}
}

// expire adds sessions that expired an hour ago.
func (in *installation) expire(b *testing.B, n int) {
	b.Helper()
	ended := in.begun
	in.inBatches(b, n, func(begin, end int) []string {
		var rows []string
		for i := begin; i < end; i++ {
			rows = append(rows, in.session(digest("ended", i), userID(i%in.n), ended, ended, ended))
		}
		return []string{insertSessions + strings.Join(rows, ", ")}
	})
}

// seen are how long checks and logins took.
type seen struct{ check, longestCheck, login, longestLogin time.Duration }

// watch runs do while four readers and a writer are at work.
func (in *installation) watch(b *testing.B, do func()) seen {
	b.Helper()
	ctx, stop := context.WithCancel(b.Context())
	var mu sync.Mutex
	var checks, logins []time.Duration
	var workers sync.WaitGroup
	measure := func(all *[]time.Duration, pause time.Duration, op func(i int) error) {
		workers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				start := time.Now()
				if err := op(i % in.n); err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				*all = append(*all, time.Since(start))
				mu.Unlock()
				time.Sleep(pause)
			}
		})
	}
	for range 4 {
		measure(&checks, 2*time.Millisecond, func(i int) error {
			_, err := in.users.Sessions().Find(b.Context(), digest("session", i))
			return err
		})
	}
	measure(&logins, 20*time.Millisecond, func(i int) error {
		return beginAndEnd(b.Context(), in, i)
	})
	do()
	stop()
	workers.Wait()
	s := seen{check: median(checks), login: median(logins)} // sorted then
	s.longestCheck, s.longestLogin = checks[len(checks)-1], logins[len(logins)-1]
	return s
}

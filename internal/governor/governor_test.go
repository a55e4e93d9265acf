package governor_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/governor"
)

func TestFlood(t *testing.T) {
	for _, c := range []struct {
		name                            string
		concurrent, queue, callers      int
		wantWorking, wantDone, wantBusy int
	}{
		{"G07 500 at once", 2, 16, 500, 2, 18, 482},
		{"G07 twin: as many as fit", 2, 16, 18, 2, 18, 0},
		{"defaults", 0, 0, 65*runtime.GOMAXPROCS(0) + 3, runtime.GOMAXPROCS(0), 65 * runtime.GOMAXPROCS(0), 3},
		{"negative numbers are defaults", -1, -1, 65*runtime.GOMAXPROCS(0) + 3, runtime.GOMAXPROCS(0), 65 * runtime.GOMAXPROCS(0), 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := governor.New(c.concurrent, c.queue)
				var mu sync.Mutex
				var working, most, done, busy int
				count := func(n *int, by int) {
					mu.Lock()
					defer mu.Unlock()
					*n += by
					most = max(most, working)
				}
				var callers sync.WaitGroup
				for range c.callers {
					callers.Go(func() {
						err := g.Do(t.Context(), core.Asker{}, func() {
							count(&working, 1)
							time.Sleep(time.Second)
							count(&working, -1)
						})
						switch {
						case err == nil:
							count(&done, 1)
						case errors.Is(err, governor.ErrBusy):
							count(&busy, 1)
						}
					})
				}
				synctest.Wait()
				if busy != c.wantBusy {
					t.Errorf("%d refused at once, want %d", busy, c.wantBusy)
				}
				callers.Wait()
				if most != c.wantWorking || done != c.wantDone || busy != c.wantBusy {
					t.Errorf("at most %d at once, %d done, %d refused; want %d, %d, %d", most, done, busy, c.wantWorking, c.wantDone,
						c.wantBusy)
				}
			})
		})
	}
}

func TestTurnsInOrderOfArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governor.New(1, 20)
		var order []int
		var callers sync.WaitGroup
		for i := range 20 {
			callers.Go(func() {
				_ = g.Do(t.Context(), core.Asker{}, func() {
					time.Sleep(time.Second)
					order = append(order, i) // the governor lets one in at a time
				})
			})
			synctest.Wait()
		}
		callers.Wait()
		if len(order) != 20 || !slices.IsSorted(order) {
			t.Errorf("order %v", order)
		}
	})
}

func TestWaiterGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := governor.New(1, 1)
		go func() { _ = g.Do(t.Context(), core.Asker{}, func() { time.Sleep(time.Minute) }) }()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		if err := g.Do(ctx, core.Asker{}, func() { t.Error("called") }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
		if waited := time.Since(begin); waited != time.Second {
			t.Errorf("waited %v", waited)
		}
		called := false
		if err := g.Do(t.Context(), core.Asker{}, func() { called = true }); err != nil || !called {
			t.Errorf("the place in the queue is not free again: called %v, %v", called, err)
		}
	})
}

func TestEndedContextDoesNoWork(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g := governor.New(1, 1)
	for range 100 { // select decides by chance
		if err := g.Do(ctx, core.Asker{}, func() { t.Fatal("called") }); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v, want context.Canceled", err)
		}
	}
}

func TestPanicFreesTheSlot(t *testing.T) {
	g := governor.New(1, 1)
	for range 3 { // more than slot and queue together hold
		func() {
			defer func() {
				if recover() != "boom" {
					t.Error("the panic did not reach the caller")
				}
			}()
			_ = g.Do(t.Context(), core.Asker{}, func() { panic("boom") })
		}()
	}
	called := false
	if err := g.Do(t.Context(), core.Asker{}, func() { called = true }); err != nil || !called {
		t.Errorf("called %v, %v", called, err)
	}
}

func BenchmarkUncontended(b *testing.B) {
	g := governor.New(0, 0)
	b.ReportAllocs()
	for b.Loop() {
		_ = g.Do(b.Context(), core.Asker{}, func() {})
	}
}

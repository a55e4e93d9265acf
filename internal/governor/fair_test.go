package governor_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/governor"
)

func from(account string, network int) core.Asker {
	ip := netip.AddrFrom4([4]byte{192, 0, 2 + byte(network>>8), byte(network)})
	return core.Asker{Account: account, Network: netip.PrefixFrom(ip, 32)}
}

// hall is a governor of two slots and 64 places, whose works take a second.
type hall struct {
	*governor.Governor
	t          *testing.T
	callers    sync.WaitGroup
	mu         sync.Mutex
	done, busy int
}

func inHall(t *testing.T, test func(t *testing.T, h *hall)) {
	synctest.Test(t, func(t *testing.T) {
		h := &hall{Governor: governor.New(2, 64), t: t}
		test(t, h)
		h.callers.Wait()
	})
}

// send lets one more ask, and sees it in the queue.
func (h *hall) send(by core.Asker) {
	h.callers.Go(func() {
		err := h.Do(h.t.Context(), by, func() { time.Sleep(time.Second) })
		h.mu.Lock()
		defer h.mu.Unlock()
		switch {
		case err == nil:
			h.done++
		case errors.Is(err, governor.ErrBusy):
			h.busy++
		}
	})
	synctest.Wait()
}

// wait returns how long the asker waits for its turn.
func (h *hall) wait(by core.Asker) (waited time.Duration) {
	h.t.Helper()
	arrived := time.Now()
	if err := h.Do(h.t.Context(), by, func() { waited = time.Since(arrived) }); err != nil {
		h.t.Errorf("%v: %v", by, err)
	}
	return waited
}

func TestFair(t *testing.T) {
	for name, c := range map[string]struct {
		flood func(i int) core.Asker
		other core.Asker
		most  time.Duration // the works in two slots, and a few that come before
		slots int           // that the flood may hold
	}{
		"G22 160 works of one account": {
			func(int) core.Asker { return from("eve@example.org", 1) }, from("ada@example.org", 2), 0, 1,
		},
		"G22 160 works of one account, the other from the same network": {
			func(int) core.Asker { return from("eve@example.org", 1) }, from("ada@example.org", 1), 0, 1,
		},
		"G22 160 works of one account from as many networks": {
			func(i int) core.Asker { return from("eve@example.org", i) }, from("ada@example.org", 999), 0, 1,
		},
		"G22 one network with 160 accounts": {
			func(i int) core.Asker { return from(fmt.Sprint("eve", i), 1) }, from("ada@example.org", 2), 3 * time.Second, 2,
		},
		"G22 one network with 160 works of no account": {
			func(int) core.Asker { return from("", 1) }, from("ada@example.org", 2), 3 * time.Second, 2,
		},
		"G22 one network with 40 accounts that ask four times": {
			func(i int) core.Asker { return from(fmt.Sprint("eve", i%40), 1) }, from("ada@example.org", 2), 3 * time.Second, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inHall(t, func(t *testing.T, h *hall) {
				for i := range 160 {
					h.send(c.flood(i))
				}
				if want := 160 - 64 - c.slots; h.busy != want {
					t.Errorf("%d of 160 were refused, want %d: those beyond %d slots and 64 places", h.busy, want, c.slots)
				}
				if waited := h.wait(c.other); waited > c.most {
					t.Errorf("the other waited for %v, want %v at most", waited, c.most)
				}
				h.callers.Wait()
				if h.done != 65 || h.busy != 95 {
					t.Errorf("%d done, %d refused; want 65, and 95 with the one that may have lost its place", h.done, h.busy)
				}
				if waited := h.wait(c.flood(0)); waited != 0 {
					t.Errorf("afterwards the first waits for %v: its flood is held against it", waited)
				}
			})
		})
	}
	t.Run("twin: many people are served in the order of arrival", func(t *testing.T) {
		inHall(t, func(t *testing.T, h *hall) {
			for i := range 64 {
				h.send(from(fmt.Sprint(i), i))
			}
			if waited := h.wait(from("ada", 999)); waited != 32*time.Second {
				t.Errorf("the 65th waited for %v, want 32s", waited)
			}
			if h.busy != 0 {
				t.Errorf("%d refused", h.busy)
			}
		})
	})
	t.Run("twin: a class behind one address has the whole queue, while nobody else needs it", func(t *testing.T) {
		inHall(t, func(t *testing.T, h *hall) {
			for i := range 66 {
				h.send(from(fmt.Sprint(i), 1))
			}
			h.callers.Wait()
			if h.done != 66 {
				t.Errorf("%d of 66 were served", h.done)
			}
		})
	})
	t.Run("twin: one account has the free slots again, as soon as its own are done", func(t *testing.T) {
		inHall(t, func(t *testing.T, h *hall) {
			for range 3 {
				h.send(from("ada", 1))
			}
			h.send(from("bob", 2)) // has the second slot at once
			if waited := h.wait(from("ada", 1)); waited != 3*time.Second {
				t.Errorf("the fourth waited for %v, want 3s: one after the other", waited)
			}
		})
	})
	t.Run("one who leaves the queue is not held back by it", func(t *testing.T) {
		inHall(t, func(t *testing.T, h *hall) {
			h.send(from("a", 1))
			h.send(from("b", 2))
			ctx, cancel := context.WithCancel(t.Context())
			for range 50 {
				h.callers.Go(func() { _ = h.Do(ctx, from("ada", 3), func() { t.Error("called") }) })
			}
			synctest.Wait()
			cancel()
			synctest.Wait()
			h.send(from("c", 4))
			h.send(from("ada", 3))
			if waited := h.wait(from("d", 5)); waited != 2*time.Second {
				t.Errorf("waited for %v, want 2s: behind two who came before", waited)
			}
		})
	})
}

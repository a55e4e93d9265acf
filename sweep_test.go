package latchkey_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// swept notes when it was swept, and fails the first time.
type swept struct {
	core.TicketStore
	at []time.Time
}

func (s *swept) Sweep(context.Context) (int, error) {
	if s.at = append(s.at, time.Now()); len(s.at) == 1 {
		return 0, errors.New("out of reach")
	}
	return 1, nil
}

func TestSweepEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tickets := &swept{TicketStore: memstore.NewTickets(nil)}
		o := options[Member]()
		o.Tickets = tickets
		auth, err := latchkey.New(memstore.NewUsers[Member](), o)
		check(t, err, nil)
		defer func() { check(t, auth.Close(t.Context()), nil) }()
		ctx, cancel := context.WithCancel(t.Context())
		last := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			auth.SweepEvery(ctx, time.Hour)
		}()
		time.Sleep(100 * time.Hour)
		cancel()
		<-done
		pauses := map[time.Duration]bool{}
		for _, at := range tickets.at {
			pause := at.Sub(last)
			if pauses[pause] = true; pause < 45*time.Minute || pause > 75*time.Minute {
				t.Errorf("it paused for %v", pause)
			}
			last = at
		}
		if len(tickets.at) < 80 || len(pauses) < 50 {
			t.Errorf("%d sweeps in 100 hours, with %d different pauses", len(tickets.at), len(pauses))
		}
	})
}

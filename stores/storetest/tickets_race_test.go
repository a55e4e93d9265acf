package storetest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// Check-then-act, with everybody between the check and the act at once.
func TestRacingTickets(t *testing.T) {
	words := "R01 of any number"
	brokenTickets(t, rule(storetest.TicketCases(), words), func(s *ticketStore, _ func() time.Time) {
		together := newBarrier()
		s.consume = func(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
			t, err := s.Tickets.Find(ctx, purpose, d)
			together.wait()
			if err == nil {
				_, _ = s.Tickets.Consume(ctx, purpose, d)
			}
			return t, err
		}
	}, words)

	words = "O02 of any number"
	brokenTickets(t, rule(storetest.TicketCases(), words), func(s *ticketStore, _ func() time.Time) {
		together := newBarrier()
		s.burn = func(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
			if _, err := s.Tickets.Find(ctx, purpose, d); errors.Is(err, core.ErrUsed) {
				return err
			}
			together.wait()
			_ = s.Tickets.Burn(ctx, purpose, d, until)
			return nil
		}
	}, words)

	words = "Of any number of concurrent Puts with replace"
	brokenTickets(t, rule(storetest.TicketCases(), words), func(s *ticketStore, _ func() time.Time) {
		together := newBarrier()
		s.put = func(ctx context.Context, t core.Ticket, _ bool) error {
			together.wait() // the older ones were looked up
			return s.Tickets.Put(ctx, t, false)
		}
	}, words)

	words = "Of any number of concurrent Puts of one digest"
	brokenTickets(t, rule(storetest.TicketCases(), words), func(s *ticketStore, _ func() time.Time) {
		together := newBarrier()
		s.put = func(ctx context.Context, t core.Ticket, replace bool) error {
			together.wait() // the digest was free
			_ = s.Tickets.Put(ctx, t, replace)
			return nil
		}
	}, words)

	words = "Of a Consume and a Fail"
	brokenTickets(t, rule(storetest.TicketCases(), words), func(s *ticketStore, _ func() time.Time) {
		together := newBarrier()
		s.consume = func(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
			t, err := s.Tickets.Find(ctx, purpose, d)
			together.wait()
			if _, used := s.Tickets.Consume(ctx, purpose, d); errors.Is(used, core.ErrUsed) {
				err = used
			}
			return t, err
		}
		s.fail = func(ctx context.Context, purpose string, d [32]byte, max int) error {
			_, err := s.Tickets.Find(ctx, purpose, d)
			together.wait()
			if killed := s.Tickets.Fail(ctx, purpose, d, max); errors.Is(killed, core.ErrNotFound) {
				err = killed
			}
			return err
		}
	}, words)

	words = "O02 of any number of concurrent Burns, after"
	brokenTickets(t, rule(storetest.TicketCases(), words), func(s *ticketStore, now func() time.Time) {
		together, start := newBarrier(), now()
		s.burn = func(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
			if now().Equal(start) {
				return s.Tickets.Burn(ctx, purpose, d, until)
			}
			_, err := s.Tickets.Find(ctx, purpose, d)
			together.wait()
			_ = s.Tickets.Burn(ctx, purpose, d, until)
			if errors.Is(err, core.ErrNotFound) {
				err = nil
			}
			return err
		}
	}, words)
}

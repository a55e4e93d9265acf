package storetest_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// ticketStore is memstore's, except for what a test replaces.
type ticketStore struct {
	*memstore.Tickets
	put     func(ctx context.Context, t core.Ticket, replace bool) error
	find    func(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error)
	consume func(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error)
	fail    func(ctx context.Context, purpose string, d [32]byte, max int) error
	burn    func(ctx context.Context, purpose string, d [32]byte, until time.Time) error
	sweep   func(ctx context.Context) (int, error)
}

func newTicketStore(now func() time.Time) *ticketStore {
	m := memstore.NewTickets(now)
	return &ticketStore{m, m.Put, m.Find, m.Consume, m.Fail, m.Burn, m.Sweep}
}

func (s *ticketStore) Put(ctx context.Context, t core.Ticket, replace bool) error {
	return s.put(ctx, t, replace)
}
func (s *ticketStore) Sweep(ctx context.Context) (int, error) { return s.sweep(ctx) }
func (s *ticketStore) Find(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	return s.find(ctx, purpose, d)
}
func (s *ticketStore) Consume(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	return s.consume(ctx, purpose, d)
}
func (s *ticketStore) Fail(ctx context.Context, purpose string, d [32]byte, max int) error {
	return s.fail(ctx, purpose, d, max)
}
func (s *ticketStore) Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
	return s.burn(ctx, purpose, d, until)
}

func brokenTickets(
	t *testing.T, cases []storetest.Case[storetest.Clocked[core.TicketStore]], breaks func(*ticketStore, func() time.Time),
	rules ...string,
) {
	t.Helper()
	broken(t, cases, func() storetest.Clocked[core.TicketStore] {
		c := storetest.NewClock()
		s := newTicketStore(c.Now)
		breaks(s, c.Now)
		return storetest.Clocked[core.TicketStore]{Store: s, Clock: c}
	}, rules...)
}

func TestBrokenTickets(t *testing.T) {
	t.Parallel()
	for name, fake := range map[string]struct {
		breaks func(s *ticketStore, now func() time.Time)
		rules  []string
	}{
		"none": {func(*ticketStore, func() time.Time) {}, nil},
		"data as text": {func(s *ticketStore, _ func() time.Time) {
			s.put = func(ctx context.Context, t core.Ticket, replace bool) error {
				t.Data, _, _ = bytes.Cut(t.Data, []byte{0})
				return s.Tickets.Put(ctx, t, replace)
			}
		}, []string{"Find and Consume return", "G05"}},
		"another e-mail than it was frozen for": {func(s *ticketStore, _ func() time.Time) {
			s.find = func(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
				t, err := s.Tickets.Find(ctx, purpose, d)
				t.Email = string(bytes.TrimSpace([]byte(t.Email)))
				return t, err
			}
		}, []string{"Find and Consume return"}},
		"shared data": {func(s *ticketStore, _ func() time.Time) {
			var data []byte
			s.put = func(ctx context.Context, t core.Ticket, replace bool) error {
				if string(t.Data) == "data" {
					data = t.Data
				}
				return s.Tickets.Put(ctx, t, replace)
			}
			s.find = func(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
				t, err := s.Tickets.Find(ctx, purpose, d)
				if string(t.Data) == "data" {
					t.Data = data
				}
				return t, err
			}
		}, []string{"A ticket is frozen"}},
		"digests as text": {func(s *ticketStore, _ func() time.Time) {
			s.find = func(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
				return s.Tickets.Find(ctx, purpose, [32]byte(bytes.ToLower(d[:])))
			}
		}, []string{"An unknown ticket"}},
		"tickets that fit every purpose": {func(s *ticketStore, _ func() time.Time) {
			s.consume = func(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
				for _, p := range []string{purpose, "reset", "verify"} {
					if t, err := s.Tickets.Consume(ctx, p, d); !errors.Is(err, core.ErrNotFound) {
						return t, err
					}
				}
				return core.Ticket{}, core.ErrNotFound
			}
		}, []string{"J16"}},
		"an upsert": {func(s *ticketStore, now func() time.Time) {
			s.put = func(ctx context.Context, t core.Ticket, replace bool) error {
				if err := s.Tickets.Put(ctx, t, replace); !errors.Is(err, core.ErrTaken) {
					return err
				}
				return nil
			}
		}, []string{"Put is ErrTaken", "A burned digest is taken", "Of any number of concurrent Puts of one"}},
		"alive at Expires": {func(s *ticketStore, now func() time.Time) {
			*s = *newTicketStore(func() time.Time { return now().Add(-time.Microsecond) })
		}, []string{"A ticket lives until", "R01 a consumed", "O02", "Sweeper", "A ticket with a far end"}},
		"used tickets are deleted": {func(s *ticketStore, now func() time.Time) {
			s.consume = func(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
				t, err := s.Tickets.Find(ctx, purpose, d)
				if err == nil {
					err = s.Tickets.Fail(ctx, purpose, d, 1)
				}
				return t, err
			}
		}, []string{"R01 a consumed", "R01 of any number", "Put is ErrTaken", "Sweeper", "A ticket that failed less",
			"Tickets of different", "Put with replace leaves", "Of a Consume and a Fail"}},
		"ErrUsed without the ticket": {func(s *ticketStore, now func() time.Time) {
			s.consume = func(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
				t, err := s.Tickets.Consume(ctx, purpose, d)
				if err != nil {
					t = core.Ticket{}
				}
				return t, err
			}
		}, []string{"R01 a consumed", "R01 of any number"}},
		"Find uses up": {func(s *ticketStore, now func() time.Time) {
			s.find = func(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
				return s.Tickets.Consume(ctx, purpose, d)
			}
		}, []string{"Find does not use", "Find and Consume return", "A ticket is frozen", "R02", "Fail kills"}},
		"an outage means absence": {func(s *ticketStore, now func() time.Time) {
			s.find = func(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
				t, err := s.Tickets.Find(ctx, purpose, d)
				if err != nil && !errors.Is(err, core.ErrUsed) {
					err = core.ErrNotFound
				}
				return t, err
			}
		}, []string{"F01"}},
		"nothing is replaced": {func(s *ticketStore, now func() time.Time) {
			s.put = func(ctx context.Context, t core.Ticket, _ bool) error { return s.Tickets.Put(ctx, t, false) }
		}, []string{"R02", "Of any number of concurrent Puts"}},
		"everything is replaced": {func(s *ticketStore, now func() time.Time) {
			s.put = func(ctx context.Context, t core.Ticket, _ bool) error { return s.Tickets.Put(ctx, t, true) }
		}, []string{"A ticket lives", "Find does not use", "Fail kills", "R02", "Sweeper"}},
		"one failure more": {func(s *ticketStore, now func() time.Time) {
			s.fail = func(ctx context.Context, purpose string, d [32]byte, max int) error {
				return s.Tickets.Fail(ctx, purpose, d, max+1)
			}
		}, []string{"Fail kills", "Of any number of concurrent Fails", "?Of a Consume and a Fail"}},
		"the first failure kills": {func(s *ticketStore, now func() time.Time) {
			s.fail = func(ctx context.Context, purpose string, d [32]byte, _ int) error {
				return s.Tickets.Fail(ctx, purpose, d, 1)
			}
		}, []string{"Fail kills", "A ticket that failed less", "Of any number of concurrent Fails"}},
		"burned for ever": {func(s *ticketStore, now func() time.Time) {
			s.burn = func(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
				return s.Tickets.Burn(ctx, purpose, d, until.Add(time.Hour))
			}
		}, []string{"O02 a burned", "O02 of any number of concurrent Burns, after", "Sweeper"}},
		"burned under every purpose": {func(s *ticketStore, now func() time.Time) {
			s.burn = func(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
				err := s.Tickets.Burn(ctx, purpose, d, until)
				_ = s.Tickets.Burn(ctx, "reset", d, until)
				_ = s.Tickets.Burn(ctx, "oauth", d, until)
				return err
			}
		}, []string{"A burned digest", "Sweeper"}},
		"a sweep of nothing": {func(s *ticketStore, now func() time.Time) {
			s.sweep = func(ctx context.Context) (int, error) { return 0, nil }
		}, []string{"Sweeper"}},
	} {
		t.Run(name, func(t *testing.T) { brokenTickets(t, storetest.TicketCases(), fake.breaks, fake.rules...) })
	}
}

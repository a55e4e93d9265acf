package memstore

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Tickets is a core.TicketStore and a core.Sweeper. A ticket that was replaced,
// or that failed too often, is deleted at once.
type Tickets struct {
	clock   clock
	mu      sync.Mutex
	rows    map[ticketKey]*ticketRow
	byOwner index[ticketOwner, ticketKey]
}

type (
	ticketKey struct {
		purpose string
		digest  [32]byte
	}
	ticketOwner struct{ purpose, userID string }
	ticketRow   struct {
		core.Ticket
		used   bool
		failed int
	}
)

// NewTickets returns an empty store. If now is nil, it uses time.Now.
func NewTickets(now func() time.Time) *Tickets {
	return &Tickets{clock: newClock(now), rows: map[ticketKey]*ticketRow{}, byOwner: index[ticketOwner, ticketKey]{}}
}

// Put implements core.TicketStore.
func (s *Tickets) Put(ctx context.Context, t core.Ticket, replace bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := ticketKey{t.Purpose, t.Digest}
	if s.living(k) != nil {
		return core.ErrTaken
	}
	if replace {
		for older := range s.byOwner[ticketOwner{t.Purpose, t.UserID}] {
			if !s.rows[older].used {
				s.remove(older)
			}
		}
	}
	t.Data = bytes.Clone(t.Data)
	s.insert(k, &ticketRow{Ticket: t})
	return nil
}

// Find implements core.TicketStore.
func (s *Tickets) Find(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return core.Ticket{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(ticketKey{purpose, d})
}

// Consume implements core.TicketStore.
func (s *Tickets) Consume(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	if err := ctx.Err(); err != nil {
		return core.Ticket{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := ticketKey{purpose, d}
	t, err := s.find(k)
	if err == nil {
		s.rows[k].used = true
	}
	return t, err
}

// Fail implements core.TicketStore.
func (s *Tickets) Fail(ctx context.Context, purpose string, d [32]byte, max int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := ticketKey{purpose, d}
	if _, err := s.find(k); err != nil {
		return err
	}
	row := s.rows[k]
	row.failed++
	if row.failed >= max {
		s.remove(k)
	}
	return nil
}

// Burn implements core.TicketStore.
func (s *Tickets) Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := ticketKey{purpose, d}
	if s.living(k) != nil {
		return core.ErrUsed
	}
	s.insert(k, &ticketRow{Ticket: core.Ticket{Digest: d, Purpose: purpose, Expires: until}, used: true})
	return nil
}

// Sweep implements core.Sweeper.
func (s *Tickets) Sweep(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sweep(s.clock.now()), nil
}

func (s *Tickets) sweep(now time.Time) int {
	before := len(s.rows)
	for k, row := range s.rows {
		if !now.Before(row.Expires) {
			s.remove(k)
		}
	}
	return before - len(s.rows)
}

// find is Find with the lock held.
func (s *Tickets) find(k ticketKey) (core.Ticket, error) {
	row := s.living(k)
	if row == nil {
		return core.Ticket{}, core.ErrNotFound
	}
	t := row.Ticket
	t.Data = bytes.Clone(t.Data)
	if row.used {
		return t, core.ErrUsed
	}
	return t, nil
}

// living returns the row of k, used or not, or nil if there is none or it has
// expired.
func (s *Tickets) living(k ticketKey) *ticketRow {
	row := s.rows[k]
	if row == nil || !s.clock.now().Before(row.Expires) {
		return nil
	}
	return row
}

// insert stores the row in place of an expired one with its key.
func (s *Tickets) insert(k ticketKey, row *ticketRow) {
	if now := s.clock.now(); s.clock.due(now) {
		s.sweep(now)
	}
	s.remove(k)
	s.rows[k] = row
	s.byOwner.add(ticketOwner{row.Purpose, row.UserID}, k)
}

func (s *Tickets) remove(k ticketKey) {
	if row := s.rows[k]; row != nil {
		s.byOwner.remove(ticketOwner{row.Purpose, row.UserID}, k)
		delete(s.rows, k)
	}
}

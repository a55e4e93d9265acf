package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Tickets checks a store of one-time tokens. It must read the time from now.
func Tickets(t *testing.T, open func(t *testing.T, now func() time.Time) core.TicketStore, lacks ...Lack) {
	t.Helper()
	Run(t, clocked(open, lacks), TicketCases(), lacks...)
}

// TicketCases returns the obligations of a core.TicketStore.
func TicketCases() []Case[Clocked[core.TicketStore]] {
	return slices.Concat(ticketCases, ticketHardCases, replaceCases, consumeCases, failCases, burnCases, ticketRaceCases)
}

type (
	tickets    = Clocked[core.TicketStore]
	ticketCase = Case[Clocked[core.TicketStore]]
)

// ticket returns a ticket of ann for a password reset, which lives for an hour
// of the clock.
func ticket(s tickets, name string) core.Ticket {
	return core.Ticket{Digest: key(name), Purpose: "reset", UserID: "ann", Email: "ann@example.com", Epoch: 1,
		Expires: s.Now().Add(s.hour())}
}

// put stores such a ticket.
func put(ctx context.Context, s tickets, name string, replace bool) error {
	return is("Put of "+show(name), s.Store.Put(ctx, ticket(s, name), replace), nil)
}

// finds returns an error unless Find of the ticket returns want: nil,
// ErrNotFound or ErrUsed.
func finds(ctx context.Context, s tickets, name string, want error) error {
	return is("Find of "+show(name), second(s.Store.Find(ctx, "reset", key(name))), want)
}

// consumes returns an error unless Consume of the ticket returns want.
func consumes(ctx context.Context, s tickets, name string, want error) error {
	return is("Consume of "+show(name), second(s.Store.Consume(ctx, "reset", key(name))), want)
}

// fails returns an error unless Fail of the ticket, with a maximum of 3,
// returns want.
func fails(ctx context.Context, s tickets, name string, want error) error {
	return is("Fail of "+show(name), s.Store.Fail(ctx, "reset", key(name), 3), want)
}

// sameTicket returns an error unless got is want, whatever the error that came
// with it.
func sameTicket(step string, got, want core.Ticket) error {
	equal := bytes.Equal(got.Data, want.Data) // nil and empty are equal
	got.Data, want.Data = nil, nil
	return errors.Join(that(equal, "%s: Data differs", step),
		sameFields(step, reflect.ValueOf(got), reflect.ValueOf(want)))
}

var ticketCases = []ticketCase{
	{Rule: "Find and Consume return a ticket with every field that Put was given", Check: func(ctx context.Context, s tickets) error {
		var errs []error
		for i, data := range [][]byte{nil, {0}, []byte("{\"a\": 1}\n"), {0xff, 0, 0xfe},
			bytes.Repeat([]byte{0, 1, 0xff, '\''}, 2<<10)} {
			want := ticket(s, fmt.Sprintf("ticket %d", i))
			want.Email, want.Epoch, want.UserID, want.Data = "jörg%@example.com ", 1<<53+1, "Ann_1", data
			if err := s.Store.Put(ctx, want, false); err != nil {
				return is("Put", err, nil)
			}
			found, err := s.Store.Find(ctx, "reset", want.Digest)
			consumed, err2 := s.Store.Consume(ctx, "reset", want.Digest)
			errs = append(errs, is("Find", err, nil), is("Consume", err2, nil), sameTicket("Find", found, want),
				sameTicket("Consume", consumed, want))
		}
		return errors.Join(errs...)
	}},
	{Rule: "A ticket is frozen: what its maker or finder does to Data later changes nothing", Check: func(ctx context.Context, s tickets) error {
		one := ticket(s, "one")
		one.Data = []byte("data")
		err := is("Put", s.Store.Put(ctx, one, false), nil)
		one.Data[0] = 'X'
		found, err2 := s.Store.Find(ctx, "reset", one.Digest)
		if len(found.Data) > 0 {
			found.Data[0] = 'Y'
		}
		again, err3 := s.Store.Find(ctx, "reset", one.Digest)
		return errors.Join(err, err2, err3, that(string(again.Data) == "data", "Data became %q", again.Data))
	}},
	{Rule: "An unknown ticket is ErrNotFound, also by a digest that differs in one byte or in letter case (S13)", Check: func(ctx context.Context, s tickets) error {
		err := put(ctx, s, "abc", false)
		for _, name := range []string{"", "abd", "ABC", "abc ", "abc\x00x", "ab"} {
			err = errors.Join(err, finds(ctx, s, name, core.ErrNotFound), consumes(ctx, s, name, core.ErrNotFound),
				fails(ctx, s, name, core.ErrNotFound))
		}
		return errors.Join(err, consumes(ctx, s, "abc", nil))
	}},
	{Rule: "J16 a ticket of one purpose is unknown under every other", Check: func(ctx context.Context, s tickets) error {
		err := put(ctx, s, "one", false)
		for _, purpose := range []string{"verify", "pending", "", "RESET", "reset ", "rese", "%"} {
			err = errors.Join(err,
				is("Find as "+show(purpose), second(s.Store.Find(ctx, purpose, key("one"))), core.ErrNotFound),
				is("Consume as "+show(purpose), second(s.Store.Consume(ctx, purpose, key("one"))), core.ErrNotFound),
				is("Fail as "+show(purpose), s.Store.Fail(ctx, purpose, key("one"), 1), core.ErrNotFound))
		}
		return errors.Join(err, consumes(ctx, s, "one", nil),
			is("Find as verify, once it is used", second(s.Store.Find(ctx, "verify", key("one"))), core.ErrNotFound))
	}},
	{Rule: "Tickets of different purposes with one digest are different", Check: func(ctx context.Context, s tickets) error {
		verify := ticket(s, "one")
		verify.Purpose, verify.UserID = "verify", "bob"
		err := errors.Join(put(ctx, s, "one", false), is("Put for another purpose", s.Store.Put(ctx, verify, false), nil),
			consumes(ctx, s, "one", nil))
		found, err2 := s.Store.Consume(ctx, "verify", key("one"))
		return errors.Join(err, is("Consume of the other one", err2, nil),
			sameTicket("Consume of the other one", found, verify), consumes(ctx, s, "one", core.ErrUsed))
	}},
	{Rule: "Put is ErrTaken if the digest exists, used or not, and changes nothing", Check: func(ctx context.Context, s tickets) error {
		first, other, bobs := ticket(s, "one"), ticket(s, "one"), ticket(s, "bob's")
		other.UserID, bobs.UserID = "bob", "bob"
		err := errors.Join(is("Put", s.Store.Put(ctx, first, false), nil), is("Put", s.Store.Put(ctx, bobs, false), nil),
			is("Put of the same digest", s.Store.Put(ctx, other, false), core.ErrTaken),
			is("Put of the same digest, replacing", s.Store.Put(ctx, other, true), core.ErrTaken),
			finds(ctx, s, "bob's", nil))
		consumed, err2 := s.Store.Consume(ctx, "reset", key("one"))
		return errors.Join(err, is("Consume", err2, nil), sameTicket("Consume", consumed, first),
			is("Put of a used digest", s.Store.Put(ctx, other, false), core.ErrTaken), consumes(ctx, s, "one", core.ErrUsed))
	}},
	{Rule: "A ticket lives until Expires, and from that very moment it is ErrNotFound", Check: func(ctx context.Context, s tickets) error {
		end := s.Now().Add(s.waits())
		err := errors.Join(put(ctx, s, "one", false), put(ctx, s, "two", false))
		s.advanceUntilBefore(end)
		err = errors.Join(err, finds(ctx, s, "one", nil), consumes(ctx, s, "two", nil))
		s.advanceTo(end)
		return errors.Join(err, finds(ctx, s, "one", core.ErrNotFound), consumes(ctx, s, "one", core.ErrNotFound),
			fails(ctx, s, "one", core.ErrNotFound))
	}},
	{Rule: "F01 a cancelled context is an error that is none of core's sentinels", Check: func(ctx context.Context, s tickets) error {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		return errors.Join(put(ctx, s, "one", false),
			outage("Put", s.Store.Put(gone, ticket(s, "two"), true)),
			outage("Find", second(s.Store.Find(gone, "reset", key("one")))),
			outage("Consume", second(s.Store.Consume(gone, "reset", key("one")))),
			outage("Fail", s.Store.Fail(gone, "reset", key("one"), 1)),
			outage("Burn", s.Store.Burn(gone, "reset", key("three"), s.Now().Add(time.Hour))),
			finds(ctx, s, "two", core.ErrNotFound), finds(ctx, s, "three", core.ErrNotFound), consumes(ctx, s, "one", nil))
	}},
	{Rule: "Sweeper: Sweep deletes expired tickets, used or not, only those, and returns their number", Check: func(ctx context.Context, s tickets) error {
		sweeper, ok := core.As[core.Sweeper](s.Store)
		if !ok {
			return NotDeclaredError("core.Sweeper")
		}
		hour := s.waits()
		err := errors.Join(put(ctx, s, "old", false), put(ctx, s, "old and used", false),
			consumes(ctx, s, "old and used", nil),
			is("Burn", s.Store.Burn(ctx, "reset", key("old and burned"), s.Now().Add(hour)), nil),
			outage("Sweep under a cancelled context", second(sweeper.Sweep(cancelled(ctx)))))
		s.Advance(hour / 2)
		err = errors.Join(err, put(ctx, s, "young", false), put(ctx, s, "young and used", false),
			consumes(ctx, s, "young and used", nil))
		early, err2 := sweeper.Sweep(ctx)
		s.Advance(hour / 2)
		due, err3 := sweeper.Sweep(ctx)
		return errors.Join(err, is("Sweep", errors.Join(err2, err3), nil),
			that(early == 0 && due == 3, "Sweeps deleted %d and %d, want 0 and 3", early, due),
			finds(ctx, s, "young", nil), finds(ctx, s, "young and used", core.ErrUsed),
			finds(ctx, s, "old and used", core.ErrNotFound))
	}},
}

var replaceCases = []ticketCase{
	{Rule: "R02 Put with replace kills the older tickets of the same purpose and user", Check: func(ctx context.Context, s tickets) error {
		return errors.Join(put(ctx, s, "one", false), put(ctx, s, "two", false), finds(ctx, s, "one", nil),
			put(ctx, s, "three", true),
			finds(ctx, s, "one", core.ErrNotFound), consumes(ctx, s, "one", core.ErrNotFound),
			fails(ctx, s, "one", core.ErrNotFound),
			consumes(ctx, s, "two", core.ErrNotFound), consumes(ctx, s, "three", nil))
	}},
	{Rule: "Put with replace leaves what was used: a replay is distinguishable from a forgery", Check: func(ctx context.Context, s tickets) error {
		return errors.Join(put(ctx, s, "one", false), consumes(ctx, s, "one", nil), put(ctx, s, "two", true),
			finds(ctx, s, "one", core.ErrUsed), consumes(ctx, s, "one", core.ErrUsed), consumes(ctx, s, "two", nil))
	}},
	{Rule: "Put with replace kills no ticket of another purpose or user", Check: func(ctx context.Context, s tickets) error {
		bobs, verify := ticket(s, "bob's"), ticket(s, "verify")
		bobs.UserID, verify.Purpose = "ANN", "verify"
		return errors.Join(is("Put", s.Store.Put(ctx, bobs, true), nil), is("Put", s.Store.Put(ctx, verify, true), nil),
			put(ctx, s, "one", true),
			consumes(ctx, s, "bob's", nil),
			is("Consume of the other purpose", second(s.Store.Consume(ctx, "verify", key("verify"))), nil),
			consumes(ctx, s, "one", nil))
	}},
}

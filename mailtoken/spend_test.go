package mailtoken_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/mailtoken"
)

// accept is an effect that verifies the address that the ticket was sent to.
func accept(t core.Ticket, takesOver bool) mailtoken.Effect {
	return mailtoken.Effect{
		Holds:     func(u *core.User) bool { return u.EmailKey == t.Email },
		TakesOver: func(*core.User) bool { return takesOver },
		Change: func(u *core.User, removed int) {
			u.IsVerified = true
			u.TokenEpoch += int64(removed)
		},
	}
}

// found mails a token and returns its ticket.
func found(t *testing.T, s *servicetest.Services, u *servicetest.Account) core.Ticket {
	t.Helper()
	ticket, _, _, err := invite.Find(t.Context(), s.Services, send(t, s, u))
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func TestSpend(t *testing.T) {
	t.Parallel()
	for _, takesOver := range []bool{false, true} {
		s := servicetest.New(t)
		u := s.Add(ada, "secret")
		s.Removed = []int{2}
		ticket, e := found(t, s, u), &core.Event{Kind: "accepted", User: u}
		removed, err := mailtoken.Spend(t.Context(), s.Services, ticket, e, accept(ticket, takesOver))
		want := map[bool]int{true: 2}[takesOver]
		if err != nil || removed != want {
			t.Errorf("removed %d, %v; want %d", removed, err, want)
		}
		if got := s.Get(u.ID); !got.IsVerified || got.TokenEpoch != int64(want) {
			t.Errorf("verified %v, epoch %d; want epoch %d", got.IsVerified, got.TokenEpoch, want)
		}
		if !e.User.Base().IsVerified || e.Was.IsVerified {
			t.Errorf("the event is %+v, of a user who was verified: %v", e, e.Was.IsVerified)
		}
		happened := map[bool][]core.EventKind{false: {"accepted"}, true: {"accepted", core.EventFactorRemoved}}[takesOver]
		if kinds := s.Happened(); !slices.Equal(kinds, happened) {
			t.Errorf("%v has happened, want %v", kinds, happened)
		}
		if _, err := mailtoken.Spend(t.Context(), s.Services, ticket, e, accept(ticket, takesOver)); err != core.ErrUsed {
			t.Errorf("again: got %v, want core.ErrUsed", err)
		}
	}
}

// What another request does between the look-up and the write wins.
func TestSpendLosesARace(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]func(s *servicetest.Services, u *servicetest.Account, ticket core.Ticket){
		"the token is used": func(s *servicetest.Services, _ *servicetest.Account, ticket core.Ticket) {
			_, _ = s.Tickets.Consume(t.Context(), ticket.Purpose, ticket.Digest)
		},
		"the address is changed": func(s *servicetest.Services, u *servicetest.Account, _ core.Ticket) {
			s.Set(u.ID, func(a *servicetest.Account) { a.Email, a.EmailKey = "eve@example.org", "eve@example.org" })
		},
		"the user is deleted": func(s *servicetest.Services, u *servicetest.Account, _ core.Ticket) {
			_ = s.Store.Delete(t.Context(), u.ID)
		},
		"a newer token is mailed": func(s *servicetest.Services, u *servicetest.Account, _ core.Ticket) { send(t, s, u) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			u := s.Add(ada, "secret")
			ticket := found(t, s, u)
			s.Late = func() { late(s, u, ticket) }
			e := &core.Event{Kind: "accepted", User: u}
			if _, err := mailtoken.Spend(t.Context(), s.Services, ticket, e, accept(ticket, true)); err != core.ErrUsed {
				t.Errorf("got %v, want core.ErrUsed", err)
			}
			if got, err := s.Store.Users.Find(t.Context(), core.ByID(u.ID)); err == nil && got.IsVerified {
				t.Error("the user was changed")
			}
			if kinds := s.Happened(); len(kinds) != 0 {
				t.Errorf("%v has happened", kinds)
			}
		})
	}
}

// consuming is a TicketStore with a moment after each Consume.
type consuming struct {
	core.TicketStore
	then func()
}

func (c consuming) Consume(ctx context.Context, purpose string, d [32]byte) (core.Ticket, error) {
	defer c.then()
	return c.TicketStore.Consume(ctx, purpose, d)
}

// The address is looked at before the ticket is consumed, which stays then, and
// again where it is written.
func TestAnAddressThatChangesMeanwhile(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, "secret")
	ticket, e := found(t, s, u), &core.Event{Kind: "accepted", User: u}
	move := func(address string) func() {
		return func() { s.Set(u.ID, func(a *servicetest.Account) { a.Email, a.EmailKey = address, address }) }
	}
	s.Late = move("eve@example.org")
	if _, err := mailtoken.Spend(t.Context(), s.Services, ticket, e, accept(ticket, false)); err != core.ErrUsed {
		t.Errorf("before: got %v, want core.ErrUsed", err)
	}
	if _, err := s.Tickets.Find(t.Context(), ticket.Purpose, ticket.Digest); err != nil {
		t.Errorf("before: the ticket is gone: %v", err)
	}
	move(ada)()
	s.Tickets = consuming{s.Tickets, move("eve@example.org")}
	if _, err := mailtoken.Spend(t.Context(), s.Services, ticket, e, accept(ticket, false)); err != core.ErrUsed {
		t.Errorf("after: got %v, want core.ErrUsed", err)
	}
	if s.Get(u.ID).IsVerified {
		t.Error("an address was verified that the ticket was not sent to")
	}
}

func TestOneOfManySpends(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, "secret")
	ticket := found(t, s, u)
	var won, used atomic.Int64
	var all sync.WaitGroup
	begin := make(chan struct{})
	for range 64 {
		all.Go(func() {
			<-begin
			e := &core.Event{Kind: "accepted", User: u}
			_, err := mailtoken.Spend(t.Context(), s.Services, ticket, e, accept(ticket, false))
			switch {
			case err == nil:
				won.Add(1)
			case errors.Is(err, core.ErrUsed):
				used.Add(1)
			}
		})
	}
	close(begin)
	all.Wait()
	if won.Load() != 1 || used.Load() != 63 {
		t.Errorf("%d won and %d were too late, want 1 and 63", won.Load(), used.Load())
	}
}

func TestSpendIsRefused(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, "secret")
	raw := send(t, s, u)
	ticket, _, _, _ := invite.Find(t.Context(), s.Services, raw)
	s.Refuse = core.Refuse("NOT_NOW")
	_, err := mailtoken.Spend(t.Context(), s.Services, ticket, &core.Event{User: u}, accept(ticket, false))
	if !errors.Is(err, core.Refuse("NOT_NOW")) {
		t.Errorf("got %v, want the refusal", err)
	}
	if _, _, used, err := invite.Find(t.Context(), s.Services, raw); used || err != nil {
		t.Errorf("used %v, %v: the token must stay", used, err)
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	refusal := core.Refuse("NOT_NOW")
	if err := core.OrUnavailable(fmt.Errorf("hook: %w", refusal)); !errors.Is(err, refusal) {
		t.Errorf("got %v, want the answer", err)
	}
	if err := core.OrUnavailable(errors.New("down")); !errors.Is(err, core.Unavailable(nil)) {
		t.Errorf("got %v, want a 503", err)
	}
}

package session_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

// stuck is a store whose Touch blocks until its context is done.
type stuck struct {
	*memstore.Sessions
	touches chan struct{}
}

func (s stuck) Touch(ctx context.Context, _ [32]byte, _, _ time.Time) error {
	s.touches <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

func TestNoRequestWaitsForATouch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := stuck{memstore.NewSessions(time.Now), make(chan struct{}, 1000)}
		s, err := session.New(store, session.Options{})
		if err != nil {
			t.Fatal(err)
		}
		const sessions = 100
		var tokens []core.Token
		for range sessions {
			token, err := s.Issue(t.Context(), login("ada", 0))
			if err != nil {
				t.Fatal(err)
			}
			tokens = append(tokens, token)
		}
		time.Sleep(time.Hour)
		began := time.Now()
		for range 3 {
			for _, token := range tokens {
				ctx, cancel := context.WithCancel(t.Context())
				if _, err := s.Verify(ctx, token.Raw); err != nil {
					t.Fatal(err)
				}
				cancel() // the request is over
			}
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("requests waited for %v", waited)
		}
		synctest.Wait()
		if n := len(store.touches); n != 64 {
			t.Errorf("%d touches are under way, want 64: one a session, and a limit for all", n)
		}
		if err := s.Wait(t.Context()); err != nil || time.Since(began) != 5*time.Second {
			t.Errorf("Wait returned %v after %v, want after the 5 s that a touch may take", err, time.Since(began))
		}
		if err := s.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := s.Verify(t.Context(), tokens[0].Raw); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Wait(ctx); err != context.DeadlineExceeded {
			t.Errorf("Wagot %v, want its context's error", err)
		}
		if err := s.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// panicking is a store whose Touch panics.
type panicking struct{ *memstore.Sessions }

func (panicking) Touch(context.Context, [32]byte, time.Time, time.Time) error { panic("down") }

func TestATouchThatPanicsIsOneThatFails(t *testing.T) {
	clock := testclock.New(start)
	s, err := session.New(panicking{memstore.NewSessions(clock.Now)}, session.Options{Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.Issue(t.Context(), login("ada", 0))
	if err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Hour)
	for range 2 {
		if _, err := s.Verify(t.Context(), token.Raw); err != nil {
			t.Fatal(err)
		}
		if err := s.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

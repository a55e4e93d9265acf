package strategytest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var lifetimeCases = []Case{
	{
		Name:    "absolute limit",
		Rule:    "A token in constant use is accepted until its lifetime is over and is core.ErrInvalid from then on.",
		Check:   absoluteLimit,
		applies: func(h Harness) bool { return h.Lifetime > 0 },
	},
	{
		Name:    "idle limit",
		Rule:    "A token that was not used for its idle time is core.ErrInvalid.",
		Check:   idleLimit,
		applies: func(h Harness) bool { return h.Idle > 0 },
	},
	{
		Name:    "step-up",
		Rule:    "A token that is issued for a login that began earlier has its Created, and its lifetime counts from that.",
		Check:   stepUp,
		applies: func(h Harness) bool { return h.Lifetime > 0 && issues(h) && !renews(h) },
	},
	{
		Name: "an actor's end",
		Rule: "A token of a session with an Actor has the actor, and is core.ErrInvalid after core.ActorLifetime at the " +
			"latest, however busy it is.",
		Check: actorsEnd, applies: issues,
	},
}

func actorsEnd(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s := h.New(clock.Now)
	l := loginOf("ada", 0, clock.Now())
	l.Session.Actor, l.Session.ActorSession, l.Session.ActorEpoch, l.Session.Proofs = "root", "theirs", 7, nil
	token, acted, err := login(s, l)
	if err != nil {
		return err
	}
	if acted.Actor != "root" || acted.ActorSession != "theirs" || acted.ActorEpoch != 7 || len(acted.Proofs) > 0 {
		return fmt.Errorf("the session is %+v", *acted)
	}
	if token.Expires.After(clock.Now().Add(core.ActorLifetime)) {
		return fmt.Errorf("the token expires at %v, %v from now", token.Expires, token.Expires.Sub(clock.Now()))
	}
	const steps = 12
	lives := h.Lifetime == 0 || h.Lifetime > core.ActorLifetime
	for i := range steps {
		if _, err := s.Verify(ctx, token.Raw); err != nil && lives {
			return fmt.Errorf("after %d/%d of the actor's hour: %w", i, steps, err)
		}
		if err := settle(s); err != nil {
			return err
		}
		clock.advance(core.ActorLifetime / steps)
	}
	for range 2 {
		if _, err := s.Verify(ctx, token.Raw); !errors.Is(err, core.ErrInvalid) {
			return unexpected("after the actor's hour", err, core.ErrInvalid)
		}
		clock.advance(time.Minute)
	}
	return nil
}

func stepUp(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s := h.New(clock.Now)
	first, began, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	clock.advance(h.Lifetime / 2)
	again := loginOf("ada", 0, clock.Now())
	again.Session.Created = began.Created
	second, now, err := login(s, again)
	if err != nil {
		return err
	}
	if !now.Created.Equal(began.Created) {
		return fmt.Errorf("the login began at %v, and its new session was created at %v", began.Created, now.Created)
	}
	if second.Expires.After(first.Expires) {
		return fmt.Errorf("the new token expires at %v, the login at %v", second.Expires, first.Expires)
	}
	clock.advance(h.Lifetime - h.Lifetime/2)
	if _, err := s.Verify(ctx, second.Raw); !errors.Is(err, core.ErrInvalid) {
		return unexpected("after the lifetime of the login", err, core.ErrInvalid)
	}
	return nil
}

func absoluteLimit(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s := h.New(clock.Now)
	token, err := s.Issue(ctx, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return fmt.Errorf("issue: %w", err)
	}
	const steps = 20
	for i := range steps {
		if _, err := s.Verify(ctx, token.Raw); err != nil {
			return fmt.Errorf("after %d/%d of its lifetime: %w", i, steps, err)
		}
		if err := settle(s); err != nil {
			return err
		}
		clock.advance(h.Lifetime / steps)
	}
	clock.advance(h.Lifetime % steps)
	for _, late := range []time.Duration{0, time.Second, h.Lifetime} {
		clock.advance(late)
		if _, err := s.Verify(ctx, token.Raw); !errors.Is(err, core.ErrInvalid) {
			return unexpected("after its lifetime", err, core.ErrInvalid)
		}
	}
	return nil
}

func idleLimit(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s := h.New(clock.Now)
	token, err := s.Issue(ctx, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return fmt.Errorf("issue: %w", err)
	}
	clock.advance(h.Idle / 2)
	if _, err := s.Verify(ctx, token.Raw); err != nil {
		return fmt.Errorf("after half of the idle time: %w", err)
	}
	if err := settle(s); err != nil {
		return err
	}
	clock.advance(h.Idle)
	if _, err := s.Verify(ctx, token.Raw); !errors.Is(err, core.ErrInvalid) {
		return unexpected("after the idle time", err, core.ErrInvalid)
	}
	return nil
}

// settle waits for a strategy's background work, such as recording that a
// session is in use.
func settle(s core.Strategy) error {
	if w, ok := core.As[core.Waiter](s); ok {
		return w.Wait(context.Background())
	}
	return nil
}

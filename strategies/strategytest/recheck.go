package strategytest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var recheckCases = []Case{
	{
		Name:    "recheck",
		Rule:    "Recheck returns a live session as Verify does, and core.ErrInvalid once its lifetime is over.",
		Check:   recheck,
		applies: rechecks,
	},
	{
		Name:    "recheck is no activity",
		Rule:    "Recheck does not keep a session from idling out: an open stream does not count as activity.",
		Check:   recheckIsNoUse,
		applies: func(h Harness) bool { return rechecks(h) && h.Idle > 0 },
	},
	{
		Name:    "recheck of the revoked",
		Rule:    "Recheck is core.ErrInvalid as soon as Revoke has returned. Other sessions live on.",
		Check:   recheckOfTheRevoked,
		applies: func(h Harness) bool { return rechecks(h) && h.Revokes },
	},
	{
		Name:    "recheck after revoke all",
		Rule:    "Recheck is core.ErrInvalid for what RevokeAll has revoked, and returns the session that it spared with the new epoch.",
		Check:   recheckAfterRevokeAll,
		applies: func(h Harness) bool { return rechecks(h) && revokesAll(h) },
	},
	{
		Name:    "recheck unreachable store",
		Rule:    "Recheck without the store returns none of core's errors, so that an outage ends no stream at once.",
		Check:   recheckCouldNotAsk,
		applies: func(h Harness) bool { return rechecks(h) && h.Unreachable != nil },
	},
}

func rechecks(h Harness) bool {
	_, ok := core.As[core.Rechecker](h.New(time.Now))
	return ok
}

// again rechecks a session with a strategy that applies has found to support
// it.
func again(s core.Strategy, session *core.Session) (core.Found, error) {
	r, _ := core.As[core.Rechecker](s)
	return r.Recheck(context.Background(), session)
}

func recheck(h Harness) error {
	clock := newClock()
	s := h.New(clock.Now)
	_, session, err := login(s, loginOf("ada", 3, clock.Now()))
	if err != nil {
		return err
	}
	found, err := again(s, session)
	if err != nil {
		return fmt.Errorf("recheck: %w", err)
	}
	if got := found.Session; got == nil || !reflect.DeepEqual(*got, *session) {
		return fmt.Errorf("recheck returns %+v, want %+v", got, session)
	}
	if h.Lifetime == 0 {
		return nil
	}
	clock.advance(h.Lifetime)
	if _, err := again(s, session); !errors.Is(err, core.ErrInvalid) {
		return unexpected("after its lifetime", err, core.ErrInvalid)
	}
	return nil
}

func recheckIsNoUse(h Harness) error {
	clock := newClock()
	s := h.New(clock.Now)
	_, session, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	clock.advance(h.Idle / 2)
	if _, err := again(s, session); err != nil {
		return fmt.Errorf("after half of the idle time: %w", err)
	}
	clock.advance(h.Idle - h.Idle/2)
	if _, err := again(s, session); !errors.Is(err, core.ErrInvalid) {
		return unexpected("after the idle time", err, core.ErrInvalid)
	}
	return nil
}

func recheckOfTheRevoked(h Harness) error {
	clock := newClock()
	s := h.New(clock.Now)
	_, session, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	_, other, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	if err := s.Revoke(context.Background(), session); err != nil {
		return fmt.Errorf("revoke: %w", err)
	}
	if _, err := again(s, session); !errors.Is(err, core.ErrInvalid) {
		return unexpected("after revoke", err, core.ErrInvalid)
	}
	if _, err := again(s, other); err != nil {
		return fmt.Errorf("the user's other session: %w", err)
	}
	return nil
}

func recheckAfterRevokeAll(h Harness) error {
	clock := newClock()
	s, all := allRevoker(h, clock)
	_, kept, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	_, ended, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	if err := all.RevokeAll(context.Background(), "ada", 1, kept.ID); err != nil {
		return fmt.Errorf("revoke all: %w", err)
	}
	if _, err := again(s, ended); !errors.Is(err, core.ErrInvalid) {
		return unexpected("a revoked session", err, core.ErrInvalid)
	}
	found, err := again(s, kept)
	if err != nil {
		return fmt.Errorf("the session to keep: %w", err)
	}
	if found.Epoch != 1 {
		return fmt.Errorf("the session kept has epoch %d, want 1", found.Epoch)
	}
	return nil
}

func recheckCouldNotAsk(h Harness) error {
	clock := newClock()
	s, takeAway := h.Unreachable(clock.Now)
	_, session, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	takeAway()
	if _, err := again(s, session); answered(err) {
		return unexpected("recheck without the store", err, errors.New("one of the store's own"))
	}
	return nil
}

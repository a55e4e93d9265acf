package strategytest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var revokeAllCases = []Case{
	{
		Name:    "revoke all",
		Rule:    "RevokeAll revokes the user's sessions below the epoch, and nothing else: sessions of that epoch or above and other users' live.",
		Check:   revokeAll,
		applies: revokesAll,
	},
	{
		Name:    "revoke all but one",
		Rule:    "The session with the ID except lives and is carried over to the new epoch; an ID of another strategy spares no session.",
		Check:   revokeAllButOne,
		applies: revokesAll,
	},
	{
		Name:    "floor",
		Rule:    "After RevokeAll an Issue below the epoch is core.ErrInvalid, for that user alone; the floor never sinks.",
		Check:   floor,
		applies: revokesAll,
	},
}

func revokesAll(h Harness) bool {
	_, ok := core.As[core.AllRevoker](h.New(time.Now))
	return ok
}

// allRevoker makes a strategy that applies has found to support RevokeAll.
func allRevoker(h Harness, c *clock) (core.Strategy, core.AllRevoker) {
	s := h.New(c.Now)
	all, _ := core.As[core.AllRevoker](s)
	return s, all
}

func revokeAll(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s, all := allRevoker(h, clock)
	var tokens [4]core.Token
	for i, l := range []core.Login{
		loginOf("ada", 0, clock.Now()), loginOf("ada", 1, clock.Now()),
		loginOf("ada", 2, clock.Now()), loginOf("bob", 0, clock.Now()),
	} {
		var err error
		if tokens[i], _, err = login(s, l); err != nil {
			return err
		}
	}
	if err := all.RevokeAll(ctx, "ada", 2, ""); err != nil {
		return fmt.Errorf("revoke all: %w", err)
	}
	for _, token := range tokens[:2] {
		if err := below(h, s, token, 2); err != nil {
			return fmt.Errorf("session below the epoch: %w", err)
		}
	}
	if _, err := s.Verify(ctx, tokens[2].Raw); err != nil {
		return fmt.Errorf("session of that epoch: %w", err)
	}
	if _, err := s.Verify(ctx, tokens[3].Raw); err != nil {
		return fmt.Errorf("session of another user: %w", err)
	}
	return nil
}

func revokeAllButOne(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s, all := allRevoker(h, clock)
	kept, keptSession, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	ended, _, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	if err := all.RevokeAll(ctx, "ada", 1, keptSession.ID); err != nil {
		return fmt.Errorf("revoke all: %w", err)
	}
	found, err := verify(s, kept.Raw)
	if again, ok := core.As[core.Rechecker](s); ok && h.ByEpoch && err == nil { // as the front door does
		var now core.Found
		now, err = again.Recheck(ctx, found)
		found = now.Session
	}
	if err != nil {
		return fmt.Errorf("the session to keep: %w", err)
	}
	if found.Epoch != 1 {
		return fmt.Errorf("the session kept has epoch %d, want 1", found.Epoch)
	}
	if err := below(h, s, ended, 1); err != nil {
		return fmt.Errorf("the other session: %w", err)
	}
	if err := all.RevokeAll(ctx, "ada", 2, "not-of-this-strategy"); err != nil {
		return fmt.Errorf("revoke all: %w", err)
	}
	if err := below(h, s, kept, 2); err != nil {
		return fmt.Errorf("a session that an unknown ID spared: %w", err)
	}
	return nil
}

// below returns nil where RevokeAll up to an epoch has ended a token, by itself
// or at the front door.
func below(h Harness, s core.Strategy, token core.Token, epoch int64) error {
	found, err := s.Verify(context.Background(), token.Raw)
	if errors.Is(err, core.ErrInvalid) || h.ByEpoch && err == nil && found.Epoch < epoch {
		return nil
	}
	return unexpected("verify", err, core.ErrInvalid)
}

func floor(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s, all := allRevoker(h, clock)
	for _, epoch := range []int64{2, 1} {
		if err := all.RevokeAll(ctx, "ada", epoch, ""); err != nil {
			return fmt.Errorf("revoke all: %w", err)
		}
		if _, err := s.Issue(ctx, loginOf("ada", 1, clock.Now())); !errors.Is(err, core.ErrInvalid) {
			return unexpected("issue below the floor", err, core.ErrInvalid)
		}
	}
	if _, _, err := login(s, loginOf("ada", 2, clock.Now())); err != nil {
		return fmt.Errorf("on the floor: %w", err)
	}
	if _, _, err := login(s, loginOf("bob", 0, clock.Now())); err != nil {
		return fmt.Errorf("another user: %w", err)
	}
	return nil
}

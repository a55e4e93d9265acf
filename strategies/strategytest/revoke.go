package strategytest

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
)

var revokeCases = []Case{
	{
		Name:    "revoked at once",
		Rule:    "Verify of a session's token is core.ErrInvalid as soon as Revoke has returned, however often it is presented. Other sessions live on.",
		Check:   revokedAtOnce,
		applies: func(h Harness) bool { return h.Revokes },
	},
	{
		Name:  "revoke again",
		Rule:  "Revoke of a session that has already expired or been revoked, or that another strategy issued, is no error and revokes nothing else.",
		Check: revokeAgain,
	},
}

func revokedAtOnce(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s := h.New(clock.Now)
	token, found, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	other, _, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	if err := s.Revoke(ctx, found); err != nil {
		return fmt.Errorf("revoke: %w", err)
	}
	for i := range cmp.Or(h.Replays, 10_000) {
		if _, err := s.Verify(ctx, token.Raw); !errors.Is(err, core.ErrInvalid) {
			return unexpected(fmt.Sprintf("replay %d", i), err, core.ErrInvalid)
		}
	}
	if _, err := s.Verify(ctx, other.Raw); err != nil {
		return fmt.Errorf("the user's other session: %w", err)
	}
	return nil
}

func revokeAgain(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s := h.New(clock.Now)
	_, found, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	other, _, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	foreign := &core.Session{ID: "not-of-this-strategy", UserID: "ada", Backend: "elsewhere", Expires: found.Expires}
	for _, session := range []*core.Session{found, found, foreign} {
		if err := s.Revoke(ctx, session); err != nil {
			return fmt.Errorf("revoke: %w", err)
		}
	}
	if _, err := s.Verify(ctx, other.Raw); err != nil {
		return fmt.Errorf("the user's other session: %w", err)
	}
	return nil
}

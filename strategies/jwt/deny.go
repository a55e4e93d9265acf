package jwt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

const (
	deniedPurpose = "jwt-denied"
	// deniedLonger is how long an entry is kept after its token's expiry,
	// so that a clock set back by less does not make the token valid again.
	deniedLonger = time.Hour
)

// Revoke puts the session's ID on the deny list until every token that has it
// has expired: those of a session with several may expire a lifetime from now.
// Without Options.Denied it does nothing: a JWT cannot be recalled.
func (s *Strategy) Revoke(ctx context.Context, session *core.Session) error {
	if s.options.Denied == nil {
		return nil
	}
	until := s.options.Now().Add(s.options.Lifetime)
	if session.Expires.After(until) { // a Legacy token, or one of a time when Lifetime was longer
		until = session.Expires
	}
	err := s.options.Denied.Burn(ctx, deniedPurpose, core.Digest(session.ID), until.Add(deniedLonger))
	if err != nil && !errors.Is(err, core.ErrUsed) {
		return fmt.Errorf("jwt: deny list: %w", err)
	}
	return nil
}

// Recheck reports whether a token that Verify accepted has neither expired nor
// been revoked since (without Options.Denied: only whether it has expired). It
// does not notice that the token's key was taken out of Options.Keys.
func (s *Strategy) Recheck(ctx context.Context, session *core.Session) (core.Found, error) {
	if !s.options.Now().Before(session.Expires) {
		return core.Found{}, core.ErrInvalid
	}
	if err := s.denied(ctx, session.ID); err != nil {
		return core.Found{}, err
	}
	return core.Found{Session: session}, nil
}

// Sweep deletes the deny list's expired entries, if its store supports it.
func (s *Strategy) Sweep(ctx context.Context) (int, error) {
	sweeper, ok := core.As[core.Sweeper](s.options.Denied)
	if !ok {
		return 0, nil
	}
	return sweeper.Sweep(ctx)
}

func (s *Strategy) denied(ctx context.Context, id string) error {
	if s.options.Denied == nil {
		return nil
	}
	switch _, err := s.options.Denied.Find(ctx, deniedPurpose, core.Digest(id)); {
	case errors.Is(err, core.ErrNotFound):
		return nil
	case err == nil, errors.Is(err, core.ErrUsed):
		return core.ErrInvalid
	default:
		return fmt.Errorf("jwt: deny list: %w", err)
	}
}

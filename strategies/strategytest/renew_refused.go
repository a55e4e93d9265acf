package strategytest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

func renewEnded(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s, token, session, err := began(h, clock)
	if err != nil {
		return err
	}
	_, all := core.As[core.AllRevoker](s)
	other, spared, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	third, _, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	r, _ := core.As[core.Renewer](s)
	found, err := r.Renewable(ctx, token.Refresh)
	if err != nil {
		return fmt.Errorf("renewable: %w", err)
	}
	if err := s.Revoke(ctx, session); err != nil {
		return fmt.Errorf("revoke: %w", err)
	}
	if _, err := renew(s, token.Refresh); !errors.Is(err, core.ErrInvalid) {
		return unexpected("after revoke", err, core.ErrInvalid)
	}
	if _, err := r.Renew(ctx, token.Refresh, core.Login{Session: *found.Session}); !errors.Is(err, core.ErrInvalid) {
		return unexpected("revoked between Renewable and Renew", err, core.ErrInvalid)
	}
	if !all {
		return nil
	}
	revoker, _ := core.As[core.AllRevoker](s)
	if err := revoker.RevokeAll(ctx, "ada", 1, spared.ID); err != nil {
		return fmt.Errorf("revoke all: %w", err)
	}
	if _, err := renew(s, third.Refresh); !errors.Is(err, core.ErrInvalid) {
		return unexpected("after revoke all", err, core.ErrInvalid)
	}
	next, err := renew(s, other.Refresh)
	if err != nil {
		return fmt.Errorf("the session that was spared: %w", err)
	}
	if found, err := verify(s, next.Raw); err != nil || found.Epoch != 1 {
		return fmt.Errorf("the session that was spared has epoch %d, want 1: %w", found.Epoch, err)
	}
	return nil
}

func renewUntilTheEnd(h Harness) error {
	const steps = 12
	clock := newClock()
	s := h.New(clock.Now)
	begun := stepUpOf(h, clock)
	token, session, err := login(s, begun)
	if err != nil {
		return err
	}
	ends := begun.Session.Created.Add(h.Session)
	for clock.advance(h.Session / steps); clock.Now().Before(ends); clock.advance(h.Session / steps) {
		if token, err = renew(s, token.Refresh); err != nil {
			return fmt.Errorf("%v before its end: %w", ends.Sub(clock.Now()), err)
		}
		if token.RefreshExpires.After(ends) || token.Expires.After(ends) {
			return fmt.Errorf("the session of %v ends at %v, its tokens expire at %v and %v", session.Created, ends,
				token.RefreshExpires, token.Expires)
		}
	}
	if _, err := renew(s, token.Refresh); !errors.Is(err, core.ErrInvalid) {
		return unexpected("after its lifetime", err, core.ErrInvalid)
	}
	if _, err := s.Verify(context.Background(), token.Raw); !errors.Is(err, core.ErrInvalid) {
		return unexpected("the access token after its lifetime", err, core.ErrInvalid)
	}
	return nil
}

// stepUpOf is a login that began earlier.
func stepUpOf(h Harness, c *clock) core.Login {
	l := loginOf("ada", 0, c.Now())
	l.Session.Created = c.Now().Add(-h.Session / 4).Truncate(time.Second)
	return l
}

func renewMalformed(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s, first, _, err := began(h, clock)
	if err != nil {
		return err
	}
	r, _ := core.As[core.Renewer](s)
	for _, token := range append(nobodys, h.Foreign...) {
		if _, err := r.Renewable(ctx, token); !errors.Is(err, core.ErrNoCredential) {
			return unexpected(fmt.Sprintf("%.40q", token), err, core.ErrNoCredential)
		}
	}
	if _, err := renew(s, first.Raw); !rejected(err) {
		return unexpected("an access token", err, core.ErrNoCredential)
	}
	if _, err := s.Verify(ctx, first.Refresh); !rejected(err) {
		return unexpected("a refresh token as an access token", err, core.ErrNoCredential)
	}
	clock.advance(h.Grace + time.Second)
	second, err := renew(s, first.Refresh)
	if err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	clock.advance(h.Grace + time.Second)
	for _, forged := range forgeries(second.Refresh) {
		switch _, err := renew(s, forged.token); {
		case rejected(err):
		case errors.Is(err, core.ErrUsed): // it ended the session: begin anew
			if s, second, err = rotatedOnce(h, clock); err != nil {
				return err
			}
		default:
			return unexpected(forged.how, err, core.ErrInvalid)
		}
	}
	return nil
}

// rotatedOnce returns tokens that have replaced the first ones, longer ago than
// the grace.
func rotatedOnce(h Harness, c *clock) (core.Strategy, core.Token, error) {
	s, first, _, err := began(h, c)
	if err != nil {
		return nil, core.Token{}, err
	}
	second, err := renew(s, first.Refresh)
	c.advance(h.Grace + time.Second)
	return s, second, err
}

func renewMixedUp(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s, token, _, err := began(h, clock)
	if err != nil {
		return err
	}
	other, _, err := login(s, loginOf("bob", 0, clock.Now()))
	if err != nil {
		return err
	}
	r, _ := core.As[core.Renewer](s)
	found, err := r.Renewable(ctx, other.Refresh)
	if err != nil {
		return fmt.Errorf("renewable: %w", err)
	}
	if _, err := r.Renew(ctx, token.Refresh, core.Login{Session: *found.Session}); err == nil {
		return errors.New("ada's refresh token renewed bob's session")
	}
	if _, err := s.Issue(ctx, loginOf("ada", core.AnyEpoch, clock.Now())); err == nil {
		return errors.New("a login of core.AnyEpoch got a refresh token")
	}
	return nil
}

func renewWithoutStore(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s, down := h.Outage(clock.Now)
	token, _, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	r, _ := core.As[core.Renewer](s)
	for range 3 {
		found, err := r.Renewable(ctx, token.Refresh)
		if err != nil {
			return fmt.Errorf("renewable: %w", err)
		}
		down(true)
		if _, err := r.Renewable(ctx, token.Refresh); answered(err) || errors.Is(err, core.ErrUsed) {
			return unexpected("renewable without the store", err, errors.New("one of the store's own"))
		}
		if _, err := r.Renew(ctx, token.Refresh, core.Login{Session: *found.Session}); answered(err) ||
			errors.Is(err, core.ErrUsed) {
			return unexpected("renew without the store", err, errors.New("one of the store's own"))
		}
		down(false)
		clock.advance(h.Grace + time.Second)
		if token, err = renew(s, token.Refresh); err != nil {
			return fmt.Errorf("after the outage: %w", err)
		}
		clock.advance(h.Grace + time.Second)
	}
	return nil
}

package strategytest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var sharedCases = []Case{{
	Name:  "several tokens",
	Rule:  "A login whose session has an ID already is refused, or gets one of several tokens of that session: it has the ID and Created, lives no longer than Expires, and Revoke ends all of them.",
	Check: severalTokens, applies: issues,
}}

func severalTokens(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s := h.New(clock.Now)
	l := loginOf("ada", 3, clock.Now())
	l.Session.ID, l.Session.Created = "5e55-10n", clock.Now().Add(-90*24*time.Hour)
	l.Session.Expires = clock.Now().Add(time.Minute)
	if _, err := s.Issue(ctx, l); err != nil {
		if errors.Is(err, core.ErrInvalid) {
			return errors.New("it is refused as if the user's epoch had risen")
		}
		return nil
	}
	other := l
	other.Session.ID = "an0ther"
	var tokens [3]core.Token
	for i, one := range []core.Login{l, l, other} {
		clock.advance(time.Second)
		token, found, err := login(s, one)
		if err != nil {
			return err
		}
		want := one.Session
		if lost := want.Created.Sub(found.Created); found.ID != want.ID || lost < 0 || lost >= time.Second {
			return fmt.Errorf("the session %q of %v became %q of %v", want.ID, want.Created, found.ID, found.Created)
		}
		if token.Expires.After(one.Session.Expires) || found.Expires.After(one.Session.Expires) {
			return fmt.Errorf("a token expires at %v, its session at %v", found.Expires, one.Session.Expires)
		}
		tokens[i] = token
	}
	if tokens[0].Raw == tokens[1].Raw {
		return errors.New("two tokens of a session are the same")
	}
	if !h.Revokes {
		return nil
	}
	found, err := verify(s, tokens[0].Raw)
	if err != nil {
		return err
	}
	if err := s.Revoke(ctx, found); err != nil {
		return fmt.Errorf("revoke: %w", err)
	}
	for _, token := range tokens[:2] {
		if _, err := s.Verify(ctx, token.Raw); !errors.Is(err, core.ErrInvalid) {
			return unexpected("a token of the session that was revoked", err, core.ErrInvalid)
		}
	}
	_, err = verify(s, tokens[2].Raw)
	return err
}

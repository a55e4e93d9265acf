package strategytest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var standingCases = []Case{
	{
		Name:  "standing",
		Rule:  "A strategy whose tokens are not the answer to a login is core.Standing, and its Issue returns an error.",
		Check: issuesNothing,
	},
	{
		Name:  "standing tokens",
		Rule:  "The session of a standing token is of the user for whom it was made and of one backend, and has no Proofs: nobody has proved anything.",
		Check: standsFor,
	},
}

// issues reports whether the strategy's tokens are the answer to a login.
func issues(h Harness) bool { return h.Make == nil }

// made returns the harness with a strategy whose Issue is Make.
func (h Harness) made() Harness {
	if h.Make == nil {
		return h
	}
	base, unreachable := h.New, h.Unreachable
	h.New = func(now func() time.Time) core.Strategy { return maker{base(now), h.Make} }
	if unreachable != nil {
		h.Unreachable = func(now func() time.Time) (core.Strategy, func()) {
			s, takeAway := unreachable(now)
			return maker{s, h.Make}, takeAway
		}
	}
	return h
}

// maker is a standing strategy whose tokens the cases can ask for.
type maker struct {
	core.Strategy
	make func(s core.Strategy, userID string) (core.Token, error)
}

func (m maker) Issue(_ context.Context, login core.Login) (core.Token, error) {
	return m.make(m.Strategy, login.Session.UserID)
}

func (m maker) Unwrap() any { return m.Strategy }

func issuesNothing(h Harness) error {
	clock := newClock()
	s := h.New(clock.Now)
	if standing, ok := core.As[core.Standing](s); !ok || !standing.Standing() {
		return errors.New("it is not core.Standing, and Harness.Make is set")
	}
	if token, err := s.Issue(context.Background(), loginOf("ada", 0, clock.Now())); err == nil || token.Raw != "" {
		return fmt.Errorf("issue returns a token, or no error: %v", err)
	}
	return nil
}

func standsFor(h Harness) error {
	clock := newClock()
	s := h.New(clock.Now)
	backends := map[string]bool{}
	for _, user := range []string{"1", "0c25e8a6-8f1c-4b9e-9a59-0a9d6a3c6b51", "Ωmega/\"quoted\""} {
		token, err := h.Make(s, user)
		if err != nil {
			return fmt.Errorf("make: %w", err)
		}
		found, err := verify(s, token.Raw)
		if err != nil {
			return err
		}
		backends[found.Backend] = true
		if found.UserID != user || len(found.Proofs) > 0 {
			return fmt.Errorf("got user %q, proofs %v; want %q and none", found.UserID, found.Proofs, user)
		}
	}
	if len(backends) != 1 || backends[""] {
		return fmt.Errorf("got the backends %v, want one", backends)
	}
	return nil
}

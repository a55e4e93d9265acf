package strategytest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Harness tells the kit what it is testing. New and Lifetime are required
// (Lifetime may be 0 if tokens never expire).
type Harness struct {
	// New makes a strategy without any session, which reads the time from
	// now alone. It is called once a case.
	New func(now func() time.Time) core.Strategy
	// Lifetime ends a token so long after Issue, however busy it is. It
	// must be whole seconds. 0: never.
	Lifetime time.Duration
	// Idle ends a token that was not used for so long. At least a tenth of
	// Lifetime. 0: only Lifetime does.
	Idle time.Duration
	// Revokes says that Revoke ends a session at once. False: Revoke may
	// have no effect before Lifetime.
	Revokes bool
	// Unreachable makes a strategy and a function that takes its store
	// away: from then on every question to the store is an error. Nil for a
	// strategy that asks nobody.
	Unreachable func(now func() time.Time) (s core.Strategy, takeAway func())
	// Foreign are tokens of other strategies, which this one must pass on
	// with core.ErrNoCredential.
	Foreign []string
	// Replays is how often a revoked token is presented. Default: 10,000.
	Replays int
}

// Case is one obligation. Check returns an error that tells how the strategy
// breaks Rule.
type Case struct {
	Name, Rule string
	Check      func(h Harness) error
	// applies is nil for what every strategy owes.
	applies func(h Harness) bool
}

// Cases are the obligations of the strategy that h describes.
func Cases(h Harness) []Case {
	var due []Case
	for _, group := range [][]Case{issueCases, verifyCases, lifetimeCases, revokeCases, revokeAllCases, recheckCases,
		concurrentCases} {
		for _, c := range group {
			if c.applies == nil || c.applies(h) {
				due = append(due, c)
			}
		}
	}
	return due
}

// Run tests every case that applies as a subtest.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, c := range Cases(h) {
		t.Run(c.Name, func(t *testing.T) {
			if err := c.Check(h); err != nil {
				t.Errorf("%v\nThe rule: %s", err, c.Rule)
			}
		})
	}
}

// loginOf is what a gate would ask a token for after a password.
func loginOf(userID string, epoch int64, now time.Time) core.Login {
	return core.Login{
		User: &core.User{ID: userID, IsActive: true, TokenEpoch: epoch},
		Session: core.Session{
			UserID: userID, Backend: "web", Epoch: epoch,
			Proofs: []core.Proof{{Method: "password", At: now}},
		},
	}
}

// login issues a token and gives it with its session.
func login(s core.Strategy, l core.Login) (core.Token, *core.Session, error) {
	token, err := s.Issue(context.Background(), l)
	if err != nil {
		return core.Token{}, nil, fmt.Errorf("issue: %w", err)
	}
	session, err := verify(s, token.Raw)
	return token, session, err
}

// verify returns the session of a token that must be good.
func verify(s core.Strategy, token string) (*core.Session, error) {
	found, err := s.Verify(context.Background(), token)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	if found.Session == nil {
		return nil, errors.New("verify: neither a session nor an error")
	}
	return found.Session, nil
}

// rejected reports whether a strategy said that a token is no good, as opposed
// to "could not ask".
func rejected(err error) bool {
	return errors.Is(err, core.ErrInvalid) || errors.Is(err, core.ErrNoCredential)
}

// answered reports whether err is one of the answers that the front door does
// not turn into a 503.
func answered(err error) bool {
	return err == nil || rejected(err) || errors.Is(err, core.ErrNotFound)
}

func unexpected(what string, got, want error) error {
	return fmt.Errorf("%s: got error %v, want %v", what, got, want)
}

package strategytest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Harness describes the strategy being tested. New and Lifetime are required
// (Lifetime may be 0 if tokens never expire).
type Harness struct {
	// New makes a strategy without sessions, which takes the time from now
	// alone. It is called once for each case.
	New func(now func() time.Time) core.Strategy
	// Make makes a token of a user by a strategy that is core.Standing,
	// whose Issue returns an error: an API key. nil for any other strategy.
	Make func(s core.Strategy, userID string) (core.Token, error)
	// Lifetime is how long after Issue a token expires, however busy it is.
	// It must be whole seconds. 0 means never.
	Lifetime time.Duration
	// Idle is how long a token may go unused before it expires, at least a
	// tenth of Lifetime. 0 means that only Lifetime applies, or Session.
	Idle time.Duration
	// Revokes means that Revoke takes effect at once. If false, Revoke may
	// have no effect before Lifetime is over.
	Revokes bool
	// Unreachable makes a strategy and a function that makes its store
	// unreachable: from then on every call to the store returns an error.
	// It is nil for a strategy without a store.
	Unreachable func(now func() time.Time) (s core.Strategy, takeAway func())
	// ByEpoch means that RevokeAll takes effect at the front door: Verify
	// needs no store, and returns the epoch of the token, which is compared
	// there. Recheck notices.
	ByEpoch bool
	// Grace is how long a refresh token that was just replaced still gets
	// its successor. Required of a core.Renewer.
	Grace time.Duration
	// Session is how long after the login a session of a core.Renewer ends,
	// however often it is renewed; Lifetime is its access tokens'. 0 means
	// never. A session must live for a twelfth of it without being renewed.
	Session time.Duration
	// Outage makes a core.Renewer and a function that makes its store
	// unreachable, and reachable again. nil for one without a store.
	Outage func(now func() time.Time) (s core.Strategy, down func(bool))
	// Foreign lists tokens of other strategies, which this one must refuse
	// with core.ErrNoCredential.
	Foreign []string
	// Replays is how often a revoked token is presented. Default: 10,000.
	Replays int
}

// Case is one obligation. Check returns an error that says how the strategy
// breaks Rule.
type Case struct {
	Name, Rule string
	Check      func(h Harness) error
	// applies is nil for an obligation of every strategy.
	applies func(h Harness) bool
}

// Cases returns the obligations of the strategy that h describes.
func Cases(h Harness) []Case {
	var due []Case
	for _, group := range [][]Case{issueCases, sharedCases, verifyCases, lifetimeCases, revokeCases, revokeAllCases,
		recheckCases, concurrentCases, renewCases} {
		for _, c := range group {
			if c.applies == nil || c.applies(h) {
				check := c.Check
				c.Check = func(h Harness) error { return check(h.made()) }
				due = append(due, c)
			}
		}
	}
	if h.Make != nil {
		due = append(due, standingCases...)
	}
	return due
}

// Run runs every case that applies as a subtest.
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

// loginOf returns the login that a gate would pass to Issue after a password.
func loginOf(userID string, epoch int64, now time.Time) core.Login {
	return core.Login{
		User: &core.User{ID: userID, IsActive: true, TokenEpoch: epoch},
		Session: core.Session{
			UserID: userID, Backend: "web", Epoch: epoch,
			Proofs: []core.Proof{{Method: "password", At: now}},
		},
	}
}

// login issues a token and returns it with its session.
func login(s core.Strategy, l core.Login) (core.Token, *core.Session, error) {
	token, err := s.Issue(context.Background(), l)
	if err != nil {
		return core.Token{}, nil, fmt.Errorf("issue: %w", err)
	}
	session, err := verify(s, token.Raw)
	return token, session, err
}

// verify returns the session of a token that must be valid.
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

// rejected reports whether err means that a token is invalid, as opposed to
// "could not reach the store".
func rejected(err error) bool {
	return errors.Is(err, core.ErrInvalid) || errors.Is(err, core.ErrNoCredential)
}

// answered reports whether err is one of those that the front door does not
// turn into a 503.
func answered(err error) bool {
	return err == nil || rejected(err) || errors.Is(err, core.ErrNotFound)
}

func unexpected(what string, got, want error) error {
	return fmt.Errorf("%s: got error %v, want %v", what, got, want)
}

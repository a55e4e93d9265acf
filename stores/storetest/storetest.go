// Package storetest is the conformance kit for stores: every obligation of
// core.UserStore, OAuthAccountStore, CredentialStore, SessionStore,
// TicketStore, AuditStore, Limiter, Transactor and Migrator as a case that a
// store passes or fails by name. Whoever writes a store runs it in a test:
//
//	func TestUsers(t *testing.T) {
//		type user = storetest.Account
//		storetest.Users(t, func(t *testing.T) core.UserStore[user] {
//			return mystore.Users[user](open(t))
//		})
//	}
//
// Each case opens a store of its own, which must be empty. A failure quotes the
// rule that was broken. Optional interfaces (core.SessionLister,
// core.SessionTrimmer, core.Rotator, core.SessionCache, core.Sweeper,
// core.EpochStore, core.IDMaker, core.Transactor, core.Locker) are found with
// core.As; one that is missing, or declared to be lacking, is logged by name
// ("not declared: core.EpochStore"), as it cannot be checked. At the end the
// number of cases is logged.
//
// A program that imports the kit has a local time zone other than UTC, so that
// a store which keeps local times, or returns them, fails on every machine.
//
// Security notes. Races are provoked, not proved absent: run the kit with
// -race, and against the real server, with several connections. Rules that
// begin with an identifier such as S07 defend against a known attack.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// patience bounds one case, so that a store that deadlocks fails instead of
// hanging.
const patience = time.Minute

// Case is one rule, and the check that detects a store which breaks it.
type Case[S any] struct {
	Rule string
	// Unless is what a store may declare to lack so that the case is not
	// run; "" means that it always runs.
	Unless Lack
	Check  func(ctx context.Context, s S) error
}

// Run runs each case as a subtest with a store of its own, and finally logs how
// many cases there were and what was not declared, each once.
func Run[S any](t *testing.T, open func(t *testing.T) S, cases []Case[S], lacks ...Lack) {
	t.Helper()
	var checked atomic.Int64
	var absent sync.Map
	t.Cleanup(func() {
		t.Logf("storetest: %d cases, %d of them checked", len(cases), checked.Load())
		absent.Range(func(missing, _ any) bool { t.Log(missing); return true })
	})
	for _, c := range cases {
		t.Run(c.Rule, func(t *testing.T) {
			if slices.Contains(lacks, NoClock) {
				t.Parallel() // most of the time is spent waiting
			}
			err := c.run(t, open, lacks)
			var missing NotDeclaredError
			if errors.As(err, &missing) {
				absent.Store(missing, true)
				return
			}
			if checked.Add(1); err != nil {
				t.Errorf("broken rule: %s\n%v", c.Rule, err)
			}
		})
	}
}

func (c Case[S]) run(t *testing.T, open func(t *testing.T) S, lacks []Lack) error {
	if c.Unless != "" && slices.Contains(lacks, c.Unless) {
		return NotDeclaredError(c.Unless)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return c.Check(ctx, open(t))
}

// NotDeclaredError is a Check's error if the store lacks what the rule is
// about, and names it.
type NotDeclaredError string

// Error implements error.
func (e NotDeclaredError) Error() string { return "not declared: " + string(e) }

// is returns an error unless got, the outcome of a step, matches want by
// errors.Is.
func is(step string, got, want error) error {
	if errors.Is(got, want) {
		return nil
	}
	return fmt.Errorf("%s: got error %v, want %v", step, got, want)
}

// asIs returns an error unless got is want itself, not something that wraps it.
func asIs(step string, got, want error) error {
	if got == want { //nolint:errorlint // the rule asks for the very same error
		return nil
	}
	return fmt.Errorf("%s: got error %v, want %v itself", step, got, want)
}

// that returns an error with the given words unless ok.
func that(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// second returns the error of a call that also returns a value.
func second[T any](_ T, err error) error { return err }

// outage returns an error unless err means that the store could not be reached.
func outage(step string, err error) error {
	if err == nil {
		return fmt.Errorf("%s: got no error", step)
	}
	return noSentinel(step, err)
}

package storetest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/latchkey-go/latchkey/core"
)

const (
	crowd  = 64 // goroutines that do the same thing at once
	rounds = 5  // of a race
)

// together calls do n times at once and returns what each call returned.
func together(n int, do func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// tally returns an error unless exactly wins of errs are nil, and all others
// are rest.
func tally(step string, errs []error, wins int, rest error) error {
	n := 0
	for _, err := range errs {
		if err == nil {
			n++
		} else if !errors.Is(err, rest) {
			return fmt.Errorf("%s: got error %v, want nil or %v", step, err, rest)
		}
	}
	return that(n == wins, "%s: %d of %d concurrent calls succeeded, want %d", step, n, len(errs), wins)
}

// repeat runs a race several times and stops at the first failure.
func repeat(race func(round int) error) error {
	for round := range rounds {
		if err := race(round); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return nil
}

// noSentinel returns an error if err is one of core's sentinels instead of
// "could not reach the store".
func noSentinel(step string, err error) error {
	for _, s := range []error{
		core.ErrNotFound, core.ErrTaken, core.ErrConflict, core.ErrFull, core.ErrUsed, core.ErrNoCredential,
		core.ErrInvalid,
	} {
		if errors.Is(err, s) {
			return fmt.Errorf("%s: got %v, want an error that is none of core's sentinels", step, err)
		}
	}
	return nil
}

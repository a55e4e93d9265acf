package strategytest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/latchkey-go/latchkey/core"
)

var concurrentCases = []Case{{
	Name:  "concurrent",
	Rule:  "A strategy is safe for concurrent use, and never returns one user's session for another user's token.",
	Check: concurrent,
}}

// concurrent lets users log in and out at the same time, each with one session
// that stays and others that are revoked.
func concurrent(h Harness) error {
	clock := newClock()
	s := h.New(clock.Now)
	var (
		here, users sync.WaitGroup
		errs        [16]error
	)
	here.Add(len(errs))
	for i := range errs {
		users.Go(func() {
			l := loginOf(fmt.Sprintf("user-%02d", i), 0, clock.Now())
			token, err := s.Issue(context.Background(), l)
			here.Done()
			here.Wait()
			for visit := 0; visit < 20 && err == nil; visit++ {
				if err = visitOnce(h, s, l); err == nil {
					err = belongs(s, token, l)
				}
			}
			errs[i] = err
		})
	}
	users.Wait()
	return errors.Join(errs[:]...)
}

// visitOnce logs in, comes back and logs out.
func visitOnce(h Harness, s core.Strategy, l core.Login) error {
	token, session, err := login(s, l)
	if err != nil {
		return err
	}
	if err := belongs(s, token, l); err != nil {
		return err
	}
	if err := s.Revoke(context.Background(), session); err != nil {
		return fmt.Errorf("revoke: %w", err)
	}
	if _, err := s.Verify(context.Background(), token.Raw); h.Revokes && !errors.Is(err, core.ErrInvalid) {
		return unexpected("after revoke", err, core.ErrInvalid)
	}
	return nil
}

func belongs(s core.Strategy, token core.Token, l core.Login) error {
	found, err := verify(s, token.Raw)
	if err != nil {
		return err
	}
	if found.UserID != l.Session.UserID {
		return fmt.Errorf("the token of %s returned the session of %s", l.Session.UserID, found.UserID)
	}
	return nil
}

package strategytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

var renewCases = []Case{
	{
		Name:    "renew",
		Rule:    "Renew returns an access token of the same session, whose ID, Created and Proofs stay, and another refresh token. Renewable changes nothing.",
		Check:   renewed,
		applies: renews,
	},
	{
		Name:    "renew concurrently",
		Rule:    "Any number of concurrent calls with one refresh token get one successor, and each an access token that works.",
		Check:   renewedAtOnce,
		applies: renews,
	},
	{
		Name:    "renew again",
		Rule:    "Within the grace a refresh token that was just replaced gets the same successor again, as its answer may have been lost, and a young one is not replaced again.",
		Check:   renewedAgain,
		applies: renews,
	},
	{
		Name:    "renew replayed",
		Rule:    "A refresh token that was replaced longer ago than the grace, however many others came after it, is core.ErrUsed and ends its session with all tokens; then it is core.ErrInvalid. Other sessions live on.",
		Check:   renewReplayed,
		applies: renews,
	},
	{
		Name:    "renew ended",
		Rule:    "The refresh token of a session that was revoked, alone or with all of its user, is core.ErrInvalid.",
		Check:   renewEnded,
		applies: renews,
	},
	{
		Name:    "renew until the end",
		Rule:    "Renewing prolongs no session beyond its lifetime, which counts from the login; after it the refresh token is core.ErrInvalid.",
		Check:   renewUntilTheEnd,
		applies: func(h Harness) bool { return renews(h) && h.Session > 0 },
	},
	{
		Name:    "renew malformed",
		Rule:    "What does not have the shape of a refresh token is core.ErrNoCredential; one that was changed, shortened or lengthened renews nothing. An access token is no refresh token, nor the reverse.",
		Check:   renewMalformed,
		applies: renews,
	},
	{
		Name:    "renew mixed up",
		Rule:    "Renew with the session of another refresh token fails; a login of core.AnyEpoch gets no refresh token.",
		Check:   renewMixedUp,
		applies: renews,
	},
	{
		Name:    "renew unreachable store",
		Rule:    "If the store cannot be reached, the error is none of core's, and the same refresh token works once it can.",
		Check:   renewWithoutStore,
		applies: func(h Harness) bool { return renews(h) && h.Outage != nil },
	},
}

func renews(h Harness) bool {
	_, ok := core.As[core.Renewer](h.New(time.Now))
	return ok
}

// renew is what the gate does with a refresh token.
func renew(s core.Strategy, refresh string) (core.Token, error) {
	r, _ := core.As[core.Renewer](s)
	found, err := r.Renewable(context.Background(), refresh)
	if err != nil {
		return core.Token{}, err
	}
	if found.Session == nil {
		return core.Token{}, errors.New("renewable: neither a session nor an error")
	}
	u := &core.User{ID: found.UserID, IsActive: true, TokenEpoch: found.Epoch}
	return r.Renew(context.Background(), refresh, core.Login{User: u, Session: *found.Session})
}

// began logs ada in, with a strategy that renews.
func began(h Harness, c *clock) (core.Strategy, core.Token, *core.Session, error) {
	s := h.New(c.Now)
	token, session, err := login(s, loginOf("ada", 0, c.Now()))
	if err == nil && (token.Refresh == "" || token.Refresh == token.Raw || !token.RefreshExpires.After(c.Now())) {
		err = errors.New("a login has no refresh token, or one that has expired")
	}
	return s, token, session, err
}

func renewed(h Harness) error {
	clock := newClock()
	s, token, session, err := began(h, clock)
	if err != nil {
		return err
	}
	r, _ := core.As[core.Renewer](s)
	for range 3 {
		clock.advance(h.Grace + time.Second)
		for range 3 {
			if _, err := r.Renewable(context.Background(), token.Refresh); err != nil {
				return fmt.Errorf("renewable: %w", err)
			}
		}
		next, err := renew(s, token.Refresh)
		if err != nil {
			return fmt.Errorf("renew: %w", err)
		}
		if next.Refresh == token.Refresh || next.Raw == token.Raw {
			return errors.New("a token was not replaced")
		}
		found, err := verify(s, next.Raw)
		if err != nil {
			return err
		}
		if found.ID != session.ID || next.SessionID != session.ID ||
			!found.Created.Equal(session.Created) || len(found.Proofs) != 1 ||
			!found.Proofs[0].At.Equal(session.Proofs[0].At) {
			return fmt.Errorf("the session of %q became %+v, and was %+v", next.SessionID, found, session)
		}
		token = next
	}
	return nil
}

func renewedAtOnce(h Harness) error {
	clock := newClock()
	s, first, _, err := began(h, clock)
	if err != nil {
		return err
	}
	clock.advance(h.Grace + time.Second)
	var (
		calls sync.WaitGroup
		got   [16]core.Token
		errs  [16]error
	)
	for i := range got {
		calls.Go(func() { got[i], errs[i] = renew(s, first.Refresh) })
	}
	calls.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	for _, one := range got {
		if one.Refresh != got[0].Refresh {
			return errors.New("concurrent calls got different refresh tokens")
		}
		if _, err := verify(s, one.Raw); err != nil {
			return err
		}
	}
	return nil
}

func renewedAgain(h Harness) error {
	clock := newClock()
	s, first, _, err := began(h, clock)
	if err != nil {
		return err
	}
	clock.advance(h.Grace + time.Second)
	second, err := renew(s, first.Refresh)
	if err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	clock.advance(h.Grace - time.Millisecond)
	for what, refresh := range map[string]string{"the token before": first.Refresh, "a young token": second.Refresh} {
		again, err := renew(s, refresh)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if again.Refresh != second.Refresh {
			return fmt.Errorf("%s got another successor", what)
		}
	}
	clock.advance(time.Second)
	third, err := renew(s, second.Refresh)
	if err != nil {
		return fmt.Errorf("the successor, later: %w", err)
	}
	if third.Refresh == second.Refresh {
		return errors.New("the successor was not replaced after the grace")
	}
	return nil
}

func renewReplayed(h Harness) error {
	for behind := 1; behind <= 4; behind++ {
		if err := replayed(h, behind); err != nil {
			return fmt.Errorf("a token that %d others followed: %w", behind, err)
		}
	}
	return nil
}

func replayed(h Harness, behind int) error {
	clock := newClock()
	s, first, _, err := began(h, clock)
	if err != nil {
		return err
	}
	other, _, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	last := first
	for range behind {
		clock.advance(h.Grace + time.Second)
		if last, err = renew(s, last.Refresh); err != nil {
			return fmt.Errorf("renew: %w", err)
		}
	}
	clock.advance(h.Grace + time.Second)
	if _, err := renew(s, first.Refresh); !errors.Is(err, core.ErrUsed) {
		return unexpected("replayed", err, core.ErrUsed)
	}
	for what, refresh := range map[string]string{"replayed again": first.Refresh, "the present token": last.Refresh} {
		if _, err := renew(s, refresh); !errors.Is(err, core.ErrInvalid) {
			return unexpected(what, err, core.ErrInvalid)
		}
	}
	if _, err := s.Verify(context.Background(), last.Raw); h.Revokes && !errors.Is(err, core.ErrInvalid) {
		return unexpected("the access token", err, core.ErrInvalid)
	}
	if _, err := renew(s, other.Refresh); err != nil {
		return fmt.Errorf("the user's other session: %w", err)
	}
	return nil
}

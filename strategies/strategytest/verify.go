package strategytest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

var verifyCases = []Case{
	{
		Name:  "foreign shapes",
		Rule:  "A token of another shape is core.ErrNoCredential, so that the next backend is tried.",
		Check: foreignShapes,
	},
	{
		Name:  "tampered",
		Rule:  "A token that was changed, shortened or lengthened in any place is core.ErrInvalid or core.ErrNoCredential, and is never accepted.",
		Check: tampered,
	},
	{
		Name:    "unreachable store",
		Rule:    "If the store cannot be reached, the error is neither core.ErrInvalid nor core.ErrNoCredential: any other error is a 503, and an outage logs nobody out.",
		Check:   couldNotAsk,
		applies: func(h Harness) bool { return h.Unreachable != nil },
	},
}

// nobodys holds tokens that have the shape of no strategy.
var nobodys = []string{"", " ", "\x00", "\n", "é", "a b", "{}", "Bearer", "token, token", "../../etc/passwd",
	"' OR 1=1 --"}

func foreignShapes(h Harness) error {
	s := h.New(newClock().Now)
	for _, token := range append(nobodys, h.Foreign...) {
		if _, err := s.Verify(context.Background(), token); !errors.Is(err, core.ErrNoCredential) {
			return unexpected(fmt.Sprintf("%.40q", token), err, core.ErrNoCredential)
		}
	}
	if _, err := s.Verify(context.Background(), strings.Repeat("A", 1<<20)); !rejected(err) {
		return unexpected("a token of 1 MiB", err, core.ErrInvalid)
	}
	return nil
}

func tampered(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s := h.New(clock.Now)
	token, err := s.Issue(ctx, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return fmt.Errorf("issue: %w", err)
	}
	for _, forged := range forgeries(token.Raw) {
		if _, err := s.Verify(ctx, forged.token); !rejected(err) {
			return unexpected(forged.how, err, core.ErrInvalid)
		}
	}
	if _, err := s.Verify(ctx, token.Raw); err != nil {
		return fmt.Errorf("the token itself afterwards: %w", err)
	}
	return nil
}

type forgery struct{ how, token string }

func forgeries(token string) []forgery {
	var all []forgery
	for i := range len(token) {
		all = append(all, forgery{fmt.Sprintf("cut to %d bytes", i), token[:i]})
		for _, c := range []byte("A-.=\n") {
			if c != token[i] {
				all = append(all, forgery{fmt.Sprintf("byte %d changed to %q", i, c), token[:i] + string(c) + token[i+1:]})
			}
		}
		// The next character of the alphabet may differ only in bits
		// that a lax decoder ignores.
		all = append(all, forgery{fmt.Sprintf("byte %d one up", i), token[:i] + string(token[i]+1) + token[i+1:]})
		all = append(all, forgery{fmt.Sprintf("byte %d left out", i), token[:i] + token[i+1:]})
	}
	for _, c := range []string{"A", ".", "=", "==", " ", "\n", "\r\n", "\x00", "." + token, token} {
		all = append(all,
			forgery{fmt.Sprintf("%.4q after it", c), token + c},
			forgery{fmt.Sprintf("%.4q before it", c), c + token})
	}
	return append(all, forgery{"upper case", strings.ToUpper(token)}, forgery{"lower case", strings.ToLower(token)})
}

func couldNotAsk(h Harness) error {
	ctx, clock := context.Background(), newClock()
	s, takeAway := h.Unreachable(clock.Now)
	token, found, err := login(s, loginOf("ada", 0, clock.Now()))
	if err != nil {
		return err
	}
	takeAway()
	if _, err := s.Verify(ctx, token.Raw); answered(err) {
		return unexpected("verify without the store", err, errors.New("one of the store's own"))
	}
	if err := s.Revoke(ctx, found); answered(err) {
		return unexpected("revoke without the store", err, errors.New("one of the store's own"))
	}
	if _, err := s.Verify(ctx, "a b"); !errors.Is(err, core.ErrNoCredential) {
		return unexpected("another shape without the store", err, core.ErrNoCredential)
	}
	return nil
}

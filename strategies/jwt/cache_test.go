package jwt_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
)

// A token that was valid once is checked again for everything that may change.
func TestCachedTokens(t *testing.T) {
	now := start
	clock := func() time.Time { return now }
	s := newStrategy(t, jwt.Options{Keys: []jwt.Key{keys()["ES256"]}, Denied: memstore.NewTickets(clock), Now: clock,
		Lifetime: time.Minute})
	token := issue(t, s)
	first := accepted(t, s, token)
	if again := accepted(t, s, token); again != first {
		t.Error("the token was checked anew")
	}
	refused(t, s, token[:len(token)-4]+"AAAA")
	other := issue(t, s)
	if accepted(t, s, other).ID == first.ID {
		t.Error("two tokens are one")
	}
	if err := s.Revoke(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	refused(t, s, token)
	now = now.Add(59 * time.Second)
	accepted(t, s, other)
	now = now.Add(time.Second)
	refused(t, s, other) // it has expired
	refused(t, s, other) // and is no longer there
}

func TestTheCacheIsBounded(t *testing.T) {
	for size, kept := range map[int]bool{0: true, 100: true, -1: false} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			s := newStrategy(t, jwt.Options{Keys: []jwt.Key{keys()["EdDSA"]}, Cache: size})
			found := map[string]*core.Session{}
			for range 300 {
				token := issue(t, s)
				found[token] = accepted(t, s, token)
				if again := accepted(t, s, token); kept != (again == found[token]) {
					t.Errorf("remembered at once: %v", again == found[token])
				}
			}
			remembered := 0
			for token, first := range found {
				if accepted(t, s, token) == first {
					remembered++
				}
			}
			most := map[int]int{0: 300, 100: 128, -1: 0}[size] // a bucket has eight, and their number is a power of two
			if remembered > most || size == 0 && remembered < most {
				t.Errorf("%d are remembered, want %d", remembered, most)
			}
		})
	}
}

// Invalid tokens must neither push valid ones out of the cache nor be cached as
// invalid.
func TestForgedTokensAreNotCached(t *testing.T) {
	s := newStrategy(t, jwt.Options{Keys: []jwt.Key{keys()["ES256"]}, Cache: 16})
	token := issue(t, s)
	first := accepted(t, s, token)
	for range 200 {
		_, err := s.Verify(t.Context(), forgeES256(`{"alg":"ES256","kid":"es","typ":"JWT"}`, with("exp", "1")))
		if !errors.Is(err, core.ErrInvalid) {
			t.Fatal(err)
		}
	}
	if accepted(t, s, token) != first {
		t.Error("the good token was forgotten")
	}
}

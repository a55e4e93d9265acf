package session_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
)

// living returns how many of the tokens are accepted.
func living(t testing.TB, s *session.Strategy, tokens []core.Token) (n int) {
	t.Helper()
	for _, token := range tokens {
		switch _, err := s.Verify(t.Context(), token.Raw); {
		case err == nil:
			n++
		case !errors.Is(err, core.ErrInvalid):
			t.Error(err)
		}
	}
	return n
}

func TestMaxPerUser(t *testing.T) {
	for name, tt := range map[string]struct {
		limit, logins, want int
	}{
		"S17 the default is 100":       {0, 105, 100},
		"S17 a number":                 {3, 10, 3},
		"S17 one":                      {1, 3, 1},
		"S17 twin: as many as allowed": {5, 5, 5},
		"negative is none":             {-1, 105, 105},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, session.Options{MaxPerUser: tt.limit, LocalCacheTTL: time.Second})
			bobs, err := f.Issue(t.Context(), login("bob", 0))
			if err != nil {
				t.Fatal(err)
			}
			other := login("ada", 0)
			other.Session.Backend = "api"
			api, err := f.Issue(t.Context(), other)
			if err != nil {
				t.Fatal(err)
			}
			var tokens []core.Token
			for range tt.logins {
				f.clock.Advance(time.Microsecond)
				token := f.issue(t)
				f.wants(t, token.Raw, nil) // now it is in the cache
				tokens = append(tokens, token)
			}
			if n := living(t, f.Strategy, tokens); n != tt.want {
				t.Errorf("%d of %d sessions live, want %d", n, tt.logins, tt.want)
			}
			if n := living(t, f.Strategy, tokens[tt.logins-tt.want:]); n != tt.want {
				t.Errorf("%d of the newest live, want all %d", n, tt.want)
			}
			if n := living(t, f.Strategy, []core.Token{bobs, api}); n != 2 {
				t.Error("another user's session, or another backend's, was ended")
			}
		})
	}
	t.Run("S17 of 64 logins at once no more than the limit live", func(t *testing.T) {
		const logins, limit = 64, 7
		s, err := session.New(memstore.NewSessions(nil), session.Options{MaxPerUser: limit})
		if err != nil {
			t.Fatal(err)
		}
		tokens := make([]core.Token, logins)
		var all sync.WaitGroup
		for i := range tokens {
			all.Go(func() {
				var err error
				if tokens[i], err = s.Issue(t.Context(), login("ada", 0)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := living(t, s, tokens); n != limit {
			t.Errorf("%d sessions live, want %d", n, limit)
		}
	})
	t.Run("logins of one moment do not end each other's before they are known", func(t *testing.T) {
		f := newFixture(t, session.Options{MaxPerUser: 2})
		for range 50 {
			token := f.issue(t)
			f.wants(t, token.Raw, nil)
		}
	})
}

func TestMaxPerUserIsRefused(t *testing.T) {
	store := memstore.NewSessions(nil)
	bare := struct{ core.SessionStore }{store}
	for name, tt := range map[string]struct {
		store core.SessionStore
		limit int
		good  bool
	}{
		"1,000":                           {store, 1000, true},
		"1,001":                           {store, 1001, false},
		"a store that cannot":             {bare, 5, false},
		"a store that cannot, by default": {bare, 0, true},
		"a store that need not":           {bare, -1, true},
	} {
		_, err := session.New(tt.store, session.Options{MaxPerUser: tt.limit})
		if (err == nil) != tt.good || err != nil && !strings.Contains(err.Error(), "MaxPerUser") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// untrimmed is a store whose Trim fails.
type untrimmed struct{ *memstore.Sessions }

var errDown = errors.New("down")

func (untrimmed) Trim(context.Context, string, string, int, [32]byte) ([][32]byte, error) {
	return nil, errDown
}

func TestNoSessionBeyondTheLimitWhereTheStoreIsDown(t *testing.T) {
	store := untrimmed{memstore.NewSessions(nil)}
	s, err := session.New(store, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if token, err := s.Issue(t.Context(), login("ada", 0)); !errors.Is(err, errDown) || token.Raw != "" {
		t.Errorf("got a token, or %v", err)
	}
	if all, err := store.List(t.Context(), "ada"); err != nil || len(all) != 0 {
		t.Errorf("%d sessions are left, %v", len(all), err)
	}
}

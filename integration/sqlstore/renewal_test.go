package sqlstore_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/sqlstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// timeless issues tokens without a lifetime, and takes a refresh token once.
type timeless struct {
	named
	asked *atomic.Int64
}

func (p timeless) Refresh(_ context.Context, refresh string) (core.OAuthTokens, error) {
	n := p.asked.Add(1)
	if refresh != fmt.Sprint("refresh ", n-1) {
		return core.OAuthTokens{}, fmt.Errorf("renewal %d brings %q", n, refresh)
	}
	return core.OAuthTokens{Access: fmt.Sprint("access ", n), Refresh: fmt.Sprint("refresh ", n)}, nil
}

// TestFieldF10RefusedTokens: 64 callers, of processes that share a database,
// whose token was refused renew it once.
func TestFieldF10RefusedTokens(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		store, users := users[Admin](t, d.new(t), sqlstore.Options{Patience: crowded})
		strategy, err := session.New(store.Sessions(), session.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := timeless{"acme", new(atomic.Int64)}
		secret := []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE")
		nodes := make([]*oauth.OAuth, 2)
		for i := range nodes {
			nodes[i], err = oauth.New(oauth.Options{
				Accounts: store.OAuthAccounts(), Secret: secret, Providers: []oauth.Provider{{Provider: p}},
				Tickets: store.Tickets(), Vault: []oauth.Key{{ID: "k1", Secret: secret}},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		auth, err := latchkey.New(users, latchkey.Options[Admin]{
			Backends:         []latchkey.Backend{{Name: "web", Transport: bearer.New(bearer.Options{}), Strategy: strategy}},
			InsecureNoLimits: true, Tickets: store.Tickets(), BaseURL: "https://app.example.org", Flows: nodes[0].Flows(),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		u, err := auth.Manager().OAuthCallback(ctx, "acme", core.OAuthIdentity{Subject: "ada", Email: "ada@example.org"},
			core.OAuthTokens{Access: "access 0", Refresh: "refresh 0"})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := nodes[1].Token(ctx, u.ID, "acme"); got != "access 0" || err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
		for round := range int64(3) {
			refused, want := fmt.Sprint("access ", round), fmt.Sprint("access ", round+1)
			var all sync.WaitGroup
			for i := range 64 {
				all.Go(func() {
					if got, err := nodes[i%2].Renew(ctx, u.ID, "acme", refused); got != want || err != nil {
						t.Errorf("in place of %q: got %q, %v", refused, got, err)
					}
				})
			}
			all.Wait()
			if n := p.asked.Load(); n != round+1 {
				t.Fatalf("64 callers renewed %q %d times", refused, n-round)
			}
		}
	})
}

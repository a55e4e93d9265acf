package sqlstore_test

import (
	"context"
	"errors"
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

// named is a provider that is never called.
type named string

func (n named) Name() string { return string(n) }
func (named) Begin(context.Context, core.OAuthBegin) (string, error) {
	return "", errors.New("not asked")
}
func (named) Finish(context.Context, core.OAuthFinish) (core.OAuthIdentity, core.OAuthTokens, error) {
	return core.OAuthIdentity{}, core.OAuthTokens{}, errors.New("not asked")
}

// TestO54LoginsOfOneIdentityAtOnce: the logins are of one user, who is new, or
// whose address nobody had proved, or who is deleted meanwhile.
func TestO54LoginsOfOneIdentityAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, d database) {
		store, users := users[Admin](t, d.new(t), sqlstore.Options{Patience: crowded, IDs: sqlstore.BigInt})
		strategy, err := session.New(store.Sessions(), session.Options{})
		if err != nil {
			t.Fatal(err)
		}
		social, err := oauth.New(oauth.Options{
			Accounts: store.OAuthAccounts(), Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
			Providers: []oauth.Provider{{Provider: named("acme"), AssociateByEmail: true, VerifiedByDefault: true},
				{Provider: named("other")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		var registered atomic.Int64
		auth, err := latchkey.New(users, latchkey.Options[Admin]{
			Backends:         []latchkey.Backend{{Name: "web", Transport: bearer.New(bearer.Options{}), Strategy: strategy}},
			InsecureNoLimits: true, Tickets: store.Tickets(), BaseURL: "https://app.example.org", Flows: social.Flows(),
			Hooks: latchkey.Hooks[Admin]{AfterRegister: func(context.Context, latchkey.Event[Admin]) { registered.Add(1) }},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, manager := t.Context(), auth.Manager()
		vouched := true
		identity := func(name string) core.OAuthIdentity {
			return core.OAuthIdentity{Subject: name, Email: name + "@example.org", EmailVerified: &vouched}
		}
		// logins returns the one ID of the users of 64 logins at once.
		logins := func(name string) string {
			t.Helper()
			var mu sync.Mutex
			var all sync.WaitGroup
			ids := map[string]int{}
			for range 64 {
				all.Go(func() {
					u, err := manager.OAuthCallback(ctx, "acme", identity(name), core.OAuthTokens{})
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						ids[err.Error()]++
						return
					}
					ids[u.ID]++
				})
			}
			all.Wait()
			links, err := store.OAuthAccounts().Find(ctx, "acme", name)
			if err != nil || len(ids) != 1 || ids[links.UserID] != 64 {
				t.Fatalf("64 logins of %s are of %v (%v)", name, ids, err)
			}
			return links.UserID
		}
		fresh := logins("fresh")
		if n := registered.Load(); n != 1 {
			t.Errorf("AfterRegister was called %d times", n)
		}
		planted := &Admin{User: latchkey.User{Email: "planted@example.org", EmailKey: "planted@example.org", IsActive: true,
			HashedPassword: "x"}}
		if err := users.Create(ctx, planted); err != nil {
			t.Fatal(err)
		}
		if err := store.OAuthAccounts().Create(ctx,
			&core.OAuthAccount{Provider: "other", Subject: "evil", UserID: planted.ID}); err != nil {
			t.Fatal(err)
		}
		if got := logins("planted"); got != planted.ID {
			t.Errorf("the owner logs in as %s, want %s", got, planted.ID)
		}
		links, err := store.OAuthAccounts().List(ctx, planted.ID)
		u, findErr := users.Find(ctx, core.ByID(planted.ID))
		if err != nil || findErr != nil || len(links) != 1 || u.HashedPassword != "" || !u.IsVerified || u.TokenEpoch != 1 {
			t.Errorf("after the take-over: %v, %+v (%v, %v)", links, u, err, findErr)
		}
		if err := manager.Delete(ctx, fresh); err != nil {
			t.Fatal(err)
		}
		if again := logins("fresh"); again == fresh {
			t.Errorf("the ID %s was given again", fresh)
		}
	})
}

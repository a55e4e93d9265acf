package routes_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// scopedKeys is a strategy of keys that are for one thing only: users by their
// keys.
type scopedKeys struct{ sync.Map }

func (*scopedKeys) Standing() bool { return true }

func (*scopedKeys) Issue(context.Context, core.Login) (core.Token, error) {
	return core.Token{}, errors.New("no login issues a key")
}

func (*scopedKeys) Revoke(context.Context, *core.Session) error { return nil }

func (k *scopedKeys) Verify(_ context.Context, token string) (core.Found, error) {
	user, ok := k.Load(token)
	if !ok {
		return core.Found{}, core.ErrNoCredential
	}
	return core.Found{Session: &core.Session{
		ID: token, UserID: user.(string), Backend: "keys", Epoch: core.AnyEpoch, Scopes: []string{"orders:read"},
	}}, nil
}

// Every route that asks who the caller is refuses a credential of few scopes,
// since none of them names one.
func TestACredentialOfFewScopes(t *testing.T) {
	var keys harness.PerApp[scopedKeys]
	withKeys := func(a *harness.App, o *harness.Options) {
		o.Backends = append(o.Backends,
			latchkey.Backend{Name: "keys", Transport: bearer.New(bearer.Options{}), Strategy: keys.Of(a)})
	}
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil, withKeys), func(t *testing.T, a *harness.App) {
		a.ServeOAuth(t)
		u := a.NewUser(t, harness.Superuser)
		keys.Of(a).Store("key-of-few-scopes", u.ID)
		for _, e := range slices.Concat(harness.AccountRoutes(a.Auth), harness.OAuthRoutes(a.Auth)) {
			if len(e.Access) > 0 {
				refusal := " 403 INSUFFICIENT_SCOPE"
				if len(e.Access) == 1 { // another backend's credential is none
					refusal = " 401"
				}
				a.Want(t, e.Method+" "+e.Prefix+e.Pattern+refusal, harness.Row, harness.PathID(u.ID),
					harness.Bearer("key-of-few-scopes"), harness.VerifyBody("x"))
			}
		}
		a.Want(t, "GET /users/{id} 200 (a login has no scopes)", harness.PathID(u.ID), a.LogIn(t, "jwt", u))
	})
}

package harness

import (
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/apikey"
	"github.com/latchkey-go/latchkey/transports/bearer"
)

// WithAPIKeys adds API keys with the scopes orders:read and orders:write to an
// application, whose App.Serve mounts their routes. change, if not nil, changes
// their options.
func WithAPIKeys(t *testing.T, change func(*App, *apikey.Options)) func(*App, *Options) {
	return func(a *App, o *Options) {
		k := keyOptions()
		k.Now, k.MakeLimit = a.Now, core.Limit{}
		if change != nil {
			change(a, &k)
		}
		if err := addKeys(o, k); err != nil {
			t.Error(err)
		}
	}
}

func keyOptions() apikey.Options {
	return apikey.Options{Backend: "keys", Prefix: "acme", Scopes: []string{"orders:read", "orders:write"}}
}

func addKeys(o *Options, k apikey.Options) error {
	keys, err := apikey.New(o.Credentials, k)
	if err != nil {
		return err
	}
	o.Backends = append(o.Backends, latchkey.Backend{
		Name: "keys", Transport: bearer.New(bearer.Options{}), Strategy: keys,
	})
	o.Flows = append(o.Flows, keys.Flow())
	return nil
}

// hasKeys reports whether the application has API keys.
func (a *App) hasKeys() bool {
	_, ok := a.Services().Pages.Route("api-keys:list")
	return ok
}

// KeyBody is the body that makes a key with scopes.
func KeyBody(scopes ...string) Option {
	return JSONObject(Object{"name": "ci", "scopes": scopes})
}

// MakeKey makes a key by a login, and returns it and its ID.
func (a *App) MakeKey(t *testing.T, in Option, scopes ...string) (key, id string) {
	t.Helper()
	made := a.Want(t, "POST /auth/api-keys 201", in, KeyBody(scopes...))
	key, _ = made.Member(t, "key").(string)
	id, _ = made.Member(t, "id").(string)
	return key, id
}

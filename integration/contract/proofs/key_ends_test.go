package proofs_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

// keyEnds: what ends a key, or its user, ends it at the next request, though it
// was read a moment ago and is kept in the process.
func keyEnds(t *testing.T, other *harness.App) {
	keys := harness.WithAPIKeys(t, func(_ *harness.App, k *apikey.Options) { k.LocalCacheTTL = 5 * time.Second })
	a := other.Beside(t, func(a *harness.App, o *harness.Options) {
		o.RouteScopes = map[string]string{"users:current_user": "orders:read"}
		keys(a, o)
	})
	u, boss := a.NewUser(t), a.NewUser(t, harness.Superuser)
	in, admin, id := a.LogIn(t, "session", u), a.LogIn(t, "session", boss), harness.PathID(u.ID)
	fresh := func() string {
		t.Helper()
		key, _ := a.MakeKey(t, in, "orders:read")
		a.Want(t, opens+"200", harness.Bearer(key))
		return key
	}
	twin := fresh()
	ended, keyID := a.MakeKey(t, in, "orders:read")
	a.Want(t, opens+"200", harness.Bearer(ended))
	a.Want(t, "DELETE /auth/api-keys/{id} 204", harness.PathID(keyID), in)
	statuses := map[int]int{}
	for got := range a.SendAtOnce(t, 16, "GET", "/users/me", func(int) harness.Option { return harness.Bearer(ended) }) {
		statuses[got.Status]++
	}
	t.Run("K03 16 requests after its end", func(t *testing.T) {
		if statuses[http.StatusUnauthorized] != 16 {
			t.Errorf("the answers are %v", statuses)
		}
	})
	a.Want(t, opens+"200", harness.Case("K03 the twin"), harness.Bearer(twin))

	a.Want(t, "POST /users/{id}/suspend 204", id, admin, harness.JSON(`{"reason": "K06"}`))
	a.Want(t, opens+"401", harness.Case("K06 of a suspended user"), harness.Bearer(twin))
	a.Want(t, "DELETE /users/{id}/suspend 204", id, admin)
	a.Want(t, opens+"200", harness.Case("K06 the twin, reinstated"), harness.Bearer(twin)).WantUser(t, u)
	a.ChangeUser(t, u, latchkey.Changes[harness.Account]{IsActive: new(false)})
	a.Want(t, opens+"401", harness.Case("K06 of an inactive user"), harness.Bearer(twin))
	a.ChangeUser(t, u, latchkey.Changes[harness.Account]{IsActive: new(true)})
	a.Want(t, opens+"200", harness.Case("K06 the twin, active again"), harness.Bearer(twin))
	a.Want(t, "DELETE /users/{id} 204", id, admin)
	a.Want(t, opens+"401", harness.Case("K06 of a deleted user"), harness.Bearer(twin))
}

// keyLifetimes: a key ends when it expires, and one that was replaced when its
// time is over: a second one in its place there is not.
func keyLifetimes(t *testing.T, a *harness.App) {
	u := a.NewUser(t)
	in := a.LogIn(t, "session", u)
	body := harness.JSON(`{"name": "ci", "scopes": ["orders:read"], "expires_in": 60}`)
	brief := a.Want(t, "POST /auth/api-keys 201", in, body).Member(t, "key").(string)
	old, id := a.MakeKey(t, in, "orders:read")
	a.Advance(59 * time.Second)
	a.Want(t, opens+"200", harness.Case("K15 the twin, a second before its end"), harness.Bearer(brief))
	next := a.Want(t, "POST /auth/api-keys/{id}/rotate 201", harness.PathID(id), in).Member(t, "key").(string)
	a.Want(t, "POST /auth/api-keys/{id}/rotate 409 API_KEY_ROTATED", harness.Case("K15 replaced twice"),
		harness.PathID(id), in)
	a.Advance(time.Second)
	a.Want(t, opens+"401", harness.Case("K15 at its end"), harness.Bearer(brief))
	a.Advance(24*time.Hour - 2*time.Second)
	a.Want(t, opens+"200", harness.Case("K15 the twin, a second before the overlap is over"), harness.Bearer(old))
	a.Advance(time.Second)
	a.Want(t, opens+"401", harness.Case("K15 after the overlap"), harness.Bearer(old))
	a.Want(t, opens+"200", harness.Case("K15 the twin, its successor"), harness.Bearer(next)).WantUser(t, u)
	a.Advance(-2 * time.Hour)
	a.Want(t, opens+"200", harness.Case("K15 the clock set back, of the one in time"), harness.Bearer(next))
	a.Want(t, opens+"401", harness.Case("K15 the clock set back, of the one that has ended"), harness.Bearer(brief))
	a.Advance(2 * time.Hour)
}

// keyElsewhere: a key is read where a bearer token is, and nowhere else.
func keyElsewhere(t *testing.T, a *harness.App) {
	key, _ := a.MakeKey(t, a.LogIn(t, "session", a.NewUser(t)), "orders:read")
	for name, with := range map[string]harness.Option{
		"in a cookie":            harness.Header("Cookie", harness.CookieName+"="+key),
		"in a header of its own": harness.Header("X-API-Key", key),
		"as a password":          func(r *http.Request) { r.SetBasicAuth("key", key) },
		"in another scheme":      harness.Header("Authorization", "Token "+key),
		"without a scheme":       harness.Header("Authorization", key),
		"in the query":           harness.Query("api_key=" + key + "&access_token=" + key),
	} {
		a.Want(t, opens+"401", harness.Case("K16 "+name), with)
	}
	a.Want(t, opens+"400 DUPLICATE_CREDENTIALS", harness.Case("K16 twice"), harness.Bearer(key), harness.Bearer(key))
	a.Want(t, "POST /auth/session/login 400 LOGIN_BAD_CREDENTIALS", harness.Case("K16 as a login's password"),
		harness.LoginForm("ada@example.org", key))
	a.Want(t, opens+"200", harness.Case("K16 the twin"), harness.Bearer(key))
	a.Want(t, opens+"200", harness.Case("K16 the twin, in small letters"), harness.Header("Authorization", "bearer "+key))
}

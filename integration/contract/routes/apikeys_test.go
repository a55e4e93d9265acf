package routes_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

// TestAPIKeys drives the operations of API keys to each of their answers.
func TestAPIKeys(t *testing.T) {
	few := harness.WithAPIKeys(t, func(_ *harness.App, k *apikey.Options) { k.PerUser = 3 })
	harness.OnEveryAdapter(t, few, func(t *testing.T, a *harness.App) {
		const (
			list, create = "GET /auth/api-keys ", "POST /auth/api-keys "
			rotate, end  = "POST /auth/api-keys/{id}/rotate ", "DELETE /auth/api-keys/{id} "
			proof        = `403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}}`
		)
		u := a.NewUser(t)
		in, cookie := a.LogIn(t, "session", u), a.LogIn(t, "cookie", u)
		if got := a.Want(t, list+"200", harness.Row, in); got.Body != "[]" {
			t.Errorf("the list is %s", got.Body)
		}
		body := harness.KeyBody("orders:read")
		made := a.Want(t, create+"201", harness.Row, in, body)
		key, id := made.Member(t, "key").(string), made.Member(t, "id").(string)
		at := harness.PathID(id)
		hint := key[len(key)-4:]
		if got := a.Want(t, list+"200 (of one)", in); strings.Contains(got.Body, key) || !strings.Contains(got.Body, hint) {
			t.Errorf("the list is %s", got.Body)
		}
		other := harness.Header("Sec-Fetch-Site", "cross-site")
		for _, line := range []string{list, create, rotate, end} {
			a.Want(t, line+"401", harness.Row, at, body)
			a.Want(t, line+"403 INSUFFICIENT_SCOPE", harness.Row, at, body, harness.Bearer(key))
			a.Want(t, line+"400 DUPLICATE_CREDENTIALS", harness.Row, at, body, in, in)
			if line != list {
				a.Want(t, line+"403 CROSS_ORIGIN_REFUSED", harness.Row, at, body, cookie, other)
			}
			a.Break("users")
			a.Want(t, line+down+"(without users)", at, body, in)
			a.Break("credentials")
			a.Want(t, line+down+"(without credentials)", at, body, in)
			a.Mend()
		}
		a.Want(t, create+"413 BODY_TOO_LARGE", harness.Row, in, harness.JSON(strings.Repeat(" ", core.MaxBody+1)))
		a.Want(t, create+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, in, harness.Form("name", "x"))
		a.Want(t, create+"422 body.name missing, body.scopes missing", harness.Row, in, harness.JSON("{}"))
		a.Want(t, create+"422 body.scopes list_type, body.expires_in int_type", harness.Row, in,
			harness.JSON(`{"name": "x", "scopes": "orders:read", "expires_in": "1"}`))
		a.Want(t, rotate+"404", harness.Row, in, harness.PathID(harness.NobodyID))
		a.Advance(time.Second) // the list is by time
		next := a.Want(t, rotate+"201", harness.Row, in, at)
		if got := next.Member(t, "key"); got == key || next.Member(t, "name") != "ci" {
			t.Errorf("the successor is %s", next.Body)
		}
		a.Want(t, rotate+"409 API_KEY_ROTATED", harness.Row, in, at)
		a.Advance(time.Second)
		a.MakeKey(t, in, "orders:write")
		a.Want(t, create+"400 API_KEY_LIMIT", harness.Row, in, body)
		for i := range 3 { // of twice as many
			a.Advance(time.Second)
			a.Want(t, rotate+"201", in, keyAt(t, a, in, 1+i))
		}
		last := keyAt(t, a, in, 5)
		a.Want(t, rotate+"400 API_KEY_LIMIT", harness.Row, in, last)
		a.Want(t, end+"404", harness.Row, in, harness.PathID(harness.NobodyID))
		a.Want(t, end+"204", harness.Row, in, at)
		a.Want(t, end+"404 (twice)", in, at)
		a.Advance(11 * time.Minute)
		a.Want(t, create+proof, harness.Row, in, body)
		a.Want(t, rotate+proof, harness.Row, in, last)
		a.Want(t, end+"204 (without a recent proof)", in, last)

		// The limit of a user, by any login.
		in = a.LogIn(t, "session", u)
		for range 20 {
			a.Send(t, "POST", "/auth/api-keys", in, body)
		}
		a.Want(t, create+"429 RATE_LIMITED", harness.Row, in, body)
		a.Want(t, rotate+"429 RATE_LIMITED", harness.Row, in, last)
		a.Want(t, create+"201 (another user)", a.LogIn(t, "session", a.NewUser(t)), body)
	})
}

// keyAt is the ID of a user's key, by its place in the list.
func keyAt(t *testing.T, a *harness.App, in harness.Option, at int) harness.Option {
	t.Helper()
	var all []struct{ ID string }
	if err := json.Unmarshal([]byte(a.Want(t, "GET /auth/api-keys 200", in).Body), &all); err != nil || len(all) <= at {
		t.Fatalf("%d keys, %v", len(all), err)
	}
	return harness.PathID(all[at].ID)
}

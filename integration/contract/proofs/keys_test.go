package proofs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

// opens is what a key with the scope orders:read opens in these tests.
const opens = "GET /users/me "

// keyMakers: only the person themselves makes a key, of their own, soon after a
// proof.
func keyMakers(t *testing.T, a *harness.App) {
	victim, u := a.NewUser(t), a.NewUser(t)
	forged := harness.JSONObject(harness.Object{
		"name": "ci", "scopes": []string{"orders:read"}, "userId": victim.ID, "user_id": victim.ID, "owner": victim.ID,
	})
	const make = "POST /auth/api-keys "
	a.Want(t, make+"401", harness.Case("K01 nobody, with a user's ID"), forged)
	in := a.LogIn(t, "session", u)
	key, id := a.MakeKey(t, in, "orders:read", "orders:write")
	a.Want(t, make+"403 INSUFFICIENT_SCOPE", harness.Case("K01 by a key"), harness.Bearer(key), forged)
	a.Want(t, "POST /auth/api-keys/{id}/rotate 403 INSUFFICIENT_SCOPE", harness.Case("K01 rotated by itself"),
		harness.PathID(id), harness.Bearer(key))
	a.Want(t, "POST /auth/api-keys/{id}/rotate 404", harness.Case("K01 another's"), harness.PathID(id),
		a.LogIn(t, "session", victim))
	a.Want(t, "DELETE /auth/api-keys/{id} 404", harness.Case("K01 another's end"), harness.PathID(id),
		a.LogIn(t, "session", victim))
	a.Want(t, make+"403 CROSS_ORIGIN_REFUSED", harness.Case("K01 from another site"), a.LogIn(t, "cookie", u), forged,
		harness.Header("Sec-Fetch-Site", "cross-site"))
	made := a.Want(t, make+"201", harness.Case("K01 the twin, for its own user"), in, forged).Member(t, "key").(string)
	a.Want(t, opens+"200", harness.Bearer(made)).WantUser(t, u)
	if got := a.Want(t, "GET /auth/api-keys 200", a.LogIn(t, "session", victim)); got.Body != "[]" {
		t.Errorf("K01: the victim has %s", got.Body)
	}
	a.Advance(11 * time.Minute)
	a.Want(t, make+`403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}}`,
		harness.Case("K01 an old login"), in, forged)
}

// keyLeaks: a key is shown once; neither answers nor the log nor the store have
// it afterwards.
func keyLeaks(t *testing.T, a *harness.App) {
	u := a.NewUser(t)
	in := a.LogIn(t, "session", u)
	key, id := a.MakeKey(t, in, "orders:read")
	secrets := harness.Canaries{"key": key, "key's secret": key[len("acme_"):40], "key's first half": key[len("acme_"):26]}
	var all strings.Builder
	say := func(method, path string, with ...harness.Option) {
		got := a.Send(t, method, path, with...)
		fmt.Fprintln(&all, got.Status, got.Header, got.Body)
	}
	for _, store := range []string{"", "credentials", "users", "credentials.Update"} {
		a.Break(store) // "" is none
		say("GET", "/users/me", harness.Bearer(key))
		say("GET", "/users/me", harness.Bearer(key+"x"))
		say("GET", "/users/me", harness.Bearer(nearly(key, 9)))
		say("GET", "/auth/sessions", harness.Bearer(key))
		say("GET", "/users/me", harness.Bearer(key), harness.Bearer(key))
		say("GET", "/auth/api-keys", in)
		say("POST", "/auth/api-keys", in, harness.JSON(`{"name": "`+key+`x`))
		a.Mend()
	}
	stored, err := a.Stores.Credentials.List(t.Context(), apikey.Kind, u.ID)
	if err != nil || len(stored) != 1 {
		t.Fatal(len(stored), err)
	}
	say("DELETE", "/auth/api-keys/{id}", harness.PathID(id), in)
	say("GET", "/users/me", harness.Bearer(key))
	t.Run("K02 shown once", func(t *testing.T) {
		secrets.WantNone(t, "an answer", all.String())
		secrets.WantNone(t, "the log", journals.Of(a).String())
		secrets.WantNone(t, "the store", fmt.Sprintf("%+v %s", *stored[0], stored[0].Data))
		for _, status := range []string{"200 ", "204 ", "400 ", "401 ", "403 ", "422 ", "503 "} {
			if !strings.Contains(all.String(), status) {
				t.Errorf("twin: there is no answer %s", status)
			}
		}
		if !strings.Contains(journals.Of(a).String(), "a request failed") {
			t.Error("twin: nothing was logged")
		}
	})
	a.Want(t, opens+"401", harness.Case("K02 a key in the query"), harness.Query("access_token="+key+"&key="+key))
}

// keysEverywhere: a key with every scope, of a superuser, is refused wherever
// no scope is named: by every route of every group, and by a handler of the
// application.
func keysEverywhere(t *testing.T, a *harness.App) {
	u := a.NewUser(t, harness.Superuser)
	in := a.LogIn(t, "jwt", u)
	key, _ := a.MakeKey(t, in, "orders:read", "orders:write")
	asked := 0
	for _, e := range slices.Concat(harness.AccountRoutes(a.Auth), a.APIKeys().At("/auth")) {
		if len(e.Access) == 0 || e.Name == "users:current_user" {
			continue
		}
		asked++
		refusal := " 403 INSUFFICIENT_SCOPE"
		if len(e.Access) == 1 { // another backend's credential is none
			refusal = " 401"
		}
		path := strings.Replace(e.Prefix+e.Pattern, "{id}", u.ID, 1)
		a.Want(t, e.Method+" "+path+refusal, harness.Case("K09 "+e.Name), harness.Bearer(key), harness.VerifyBody("x"))
	}
	if asked < 20 {
		t.Errorf("K09: only %d routes were asked", asked)
	}
	a.Want(t, "GET /authenticated-route 403 INSUFFICIENT_SCOPE", harness.Case("K09 a handler without a scope"),
		harness.Bearer(key))
	a.Want(t, "GET /authenticated-route 200", harness.Case("K09 the twin"), in)
	a.Want(t, opens+"200", harness.Case("K09 the twin, a route with a scope"), harness.Bearer(key))
	for _, admin := range []string{"GET /users ", "GET /users/{id} ", "PATCH /users/{id} ", "DELETE /users/{id} "} {
		a.Want(t, admin+"403 INSUFFICIENT_SCOPE", harness.Case("K10 "+strings.TrimSpace(admin)), harness.PathID(u.ID),
			harness.Bearer(key), harness.JSON("{}"))
	}
	a.Want(t, "GET /users 200", harness.Case("K10 the twin"), in)
}

// keysAfterAReset: a reset by mail ends them, a new password does not.
func keysAfterAReset(t *testing.T, a *harness.App) {
	u := a.NewUser(t)
	in := a.LogIn(t, "session", u)
	key, _ := a.MakeKey(t, in, "orders:read")
	a.Want(t, "PATCH /users/me 200", in,
		harness.JSONObject(harness.Object{"password": harness.Password, "current_password": harness.Password}))
	a.Want(t, opens+"200", harness.Case("K13 the twin, a new password"), harness.Bearer(key))
	a.Want(t, "DELETE /auth/sessions 204", in)
	a.Want(t, opens+"200", harness.Case("K13 the twin, the end of all other logins"), harness.Bearer(key))
	a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", u)))
	a.Want(t, opens+"401", harness.Case("K13 a reset"), harness.Bearer(key))
	if left, err := a.Stores.Credentials.List(t.Context(), apikey.Kind, u.ID); err != nil || len(left) > 0 {
		t.Errorf("K13: %d keys are left, %v", len(left), err)
	}
}

// keyBodies: what a key must not be is a 422, whatever the numbers.
func keyBodies(t *testing.T, a *harness.App) {
	in := a.LogIn(t, "session", a.NewUser(t))
	many := `["` + strings.Repeat(`orders:read", "`, 4000) + `orders:read"]`
	for name, body := range map[string]string{
		"expires_in 0": `"expires_in": 0`, "expires_in -1": `"expires_in": -1`,
		"expires_in 2^63": `"expires_in": 9223372036854775808`, "expires_in 2^63-1": `"expires_in": 9223372036854775807`,
		"expires_in beyond the longest": `"expires_in": 7776001`, "every scope": `"scopes": ["*"]`,
		"a scope twice": `"scopes": ["orders:read", "orders:read"]`, "an unknown scope": `"scopes": ["admin"]`,
		"no scope": `"scopes": []`, "4,000 scopes": `"scopes": ` + many,
	} {
		full := `{"name": "ci", ` + body + `}`
		if !strings.Contains(body, "scopes") {
			full = `{"name": "ci", "scopes": ["orders:read"], ` + body + `}`
		}
		t.Run("K14 "+name, func(t *testing.T) {
			if got := a.Send(t, "POST", "/auth/api-keys", in, harness.JSON(full)); got.Status != 422 {
				t.Errorf("got %d %s", got.Status, got.Body)
			}
		})
	}
	a.Want(t, "POST /auth/api-keys 201", harness.Case("K14 the twin"), in,
		harness.JSON(`{"name": "ci", "scopes": ["orders:write", "orders:read"], "expires_in": 7776000}`))
}

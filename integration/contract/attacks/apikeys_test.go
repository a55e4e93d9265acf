package attacks_test

import (
	"context"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

// open is what a key with the scope orders:read opens in these tests.
const open = "GET /users/me "

// withKeys adds API keys, to whose scope orders:read the route open is open.
func withKeys(t *testing.T, change func(*harness.App, *apikey.Options)) func(*harness.App, *harness.Options) {
	add := harness.WithAPIKeys(t, change)
	return func(a *harness.App, o *harness.Options) {
		o.RouteScopes = map[string]string{"users:current_user": "orders:read"}
		add(a, o)
	}
}

// nearly returns a key that is not there, with a right checksum: that of
// another one with a character changed.
func nearly(key string, at int) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	body := []byte(key[:len(key)-6])
	body[at] = digits[(strings.IndexByte(digits, body[at])+1)%len(digits)]
	sum := make([]byte, 6)
	rest := crc32.ChecksumIEEE(body)
	for i := range sum {
		sum[5-i] = digits[rest%62]
		rest /= 62
	}
	return string(body) + string(sum)
}

// Only the person themselves makes a key, of their own, soon after a proof.
func TestAttackAPIKeyMakers(t *testing.T) {
	harness.OnEveryAdapter(t, withKeys(t, nil), func(t *testing.T, a *harness.App) {
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
		a.Want(t, open+"200", harness.Bearer(made)).WantUser(t, u)
		if got := a.Want(t, "GET /auth/api-keys 200", a.LogIn(t, "session", victim)); got.Body != "[]" {
			t.Errorf("K01: the victim has %s", got.Body)
		}
		a.Advance(11 * time.Minute)
		a.Want(t, make+`403 {"detail":{"code":"PROOF_REQUIRED","max_age":600,"methods":[]}}`,
			harness.Case("K01 an old login"), in, forged)
	})
}

// A key is shown once; neither answers nor the log have it afterwards.
func TestAttackAPIKeyLeaks(t *testing.T) {
	var logs harness.PerApp[harness.Journal]
	harness.OnEveryStore(t, func(a *harness.App, o *harness.Options) {
		o.Log, o.InsecureNoLimits = logs.Of(a).Logger(), true
		withKeys(t, nil)(a, o)
	}, func(t *testing.T, a *harness.App) {
		in := a.LogIn(t, "session", a.NewUser(t))
		key, id := a.MakeKey(t, in, "orders:read")
		secrets := canaries{"key": key, "key's secret": key[len("acme_"):40], "key's first half": key[len("acme_"):26]}
		var all strings.Builder
		say := func(method, path string, with ...harness.Option) {
			got := a.Send(t, method, path, with...)
			fmt.Fprintln(&all, got.Status, got.Header, got.Body)
		}
		for _, store := range []string{"", "credentials", "users", "credentials.Update"} {
			a.Break(store)
			if store == "" {
				a.Mend()
			}
			say("GET", "/users/me", harness.Bearer(key))
			say("GET", "/users/me", harness.Bearer(key+"x"))
			say("GET", "/users/me", harness.Bearer(nearly(key, 9)))
			say("GET", "/auth/sessions", harness.Bearer(key))
			say("GET", "/users/me", harness.Bearer(key), harness.Bearer(key))
			say("GET", "/auth/api-keys", in)
			say("POST", "/auth/api-keys", in, harness.JSON(`{"name": "`+key+`x`))
			a.Mend()
		}
		say("DELETE", "/auth/api-keys/{id}", harness.PathID(id), in)
		say("GET", "/users/me", harness.Bearer(key))
		t.Run("K02 shown once", func(t *testing.T) {
			secrets.wantNone(t, "an answer", all.String())
			secrets.wantNone(t, "the log", logs.Of(a).String())
			for _, status := range []string{"200 ", "204 ", "400 ", "401 ", "403 ", "422 ", "503 "} {
				if !strings.Contains(all.String(), status) {
					t.Errorf("twin: there is no answer %s", status)
				}
			}
			if !strings.Contains(logs.Of(a).String(), "a request failed") {
				t.Error("twin: nothing was logged")
			}
		})
		a.Want(t, open+"401", harness.Case("K02 a key in the query"), harness.Query("access_token="+key+"&key="+key))
	})
}

// A use that is recorded while the key ends revives nothing.
func TestAttackAPIKeyRevived(t *testing.T) {
	harness.OnEveryStore(t, withKeys(t, nil), func(t *testing.T, a *harness.App) {
		in := a.LogIn(t, "session", a.NewUser(t))
		ended, kept := 0, 0
		for range 5 {
			key, id := a.MakeKey(t, in, "orders:read")
			twin, _ := a.MakeKey(t, in, "orders:read")
			a.Advance(time.Minute) // the login stays recent
			var all sync.WaitGroup
			for i := range 16 {
				all.Go(func() {
					if i == 7 {
						a.TrySend(context.WithoutCancel(t.Context()), "DELETE", "/auth/api-keys/"+id, in)
						return
					}
					a.TrySend(context.WithoutCancel(t.Context()), "GET", "/users/me", harness.Bearer(key))
				})
			}
			all.Wait()
			if a.Send(t, "GET", "/users/me", harness.Bearer(key)).Status == http.StatusUnauthorized {
				ended++
			}
			if a.Send(t, "GET", "/users/me", harness.Bearer(twin)).Status == http.StatusOK {
				kept++
			}
		}
		t.Run("K04 a use beside its end", func(t *testing.T) {
			if ended != 5 || kept != 5 {
				t.Errorf("%d of 5 keys have ended, %d of 5 others go on", ended, kept)
			}
		})
	})
}

// A key is looked up by the digest of all of it: what is nearly right costs as
// much as what is not. What has another shape is no question at all.
func TestAttackAPIKeyLookup(t *testing.T) {
	var ledgers harness.PerApp[harness.CallLog]
	harness.OnEveryAdapter(t, func(a *harness.App, o *harness.Options) {
		a.Note = ledgers.Of(a).Add
		withKeys(t, nil)(a, o)
	}, func(t *testing.T, a *harness.App) {
		calls := ledgers.Of(a)
		key, _ := a.MakeKey(t, a.LogIn(t, "session", a.NewUser(t)), "orders:read")
		calls.Take()
		for name, at := range map[string]int{"the first": 5, "the middle": 25, "the last": len(key) - 7} {
			a.Want(t, open+"401", harness.Case("K07 wrong in "+name+" character"), harness.Bearer(nearly(key, at)))
			// The last two are the record of the refusal.
			if got := calls.Take(); !slices.Equal(got, []string{"credentials.Find", "limiter.Allow", "audit.Append"}) {
				t.Errorf("K07: %s costs %q", name, got)
			}
		}
		for name, token := range map[string]string{
			"a wrong checksum": key[:len(key)-1] + map[bool]string{true: "1", false: "0"}[key[len(key)-1] == '0'],
			"another prefix":   "acne" + key[4:], "truncated": key[:len(key)-1], "one character more": key + "0",
			"the prefix alone": "acme_", "4,000 characters": "acme_" + strings.Repeat("0", 4000),
		} {
			a.Want(t, open+"401", harness.Case("K11 "+name), harness.Bearer(token))
			if got := calls.Take(); slices.ContainsFunc(got, func(c string) bool { return strings.HasPrefix(c, "cred") }) {
				t.Errorf("K11: %s costs %q", name, got)
			}
		}
		a.Want(t, open+"200", harness.Case("K11 the twin"), harness.Bearer(key))
		a.Want(t, open+"200", harness.Case("K07 the twin"), harness.Bearer(key))
	})
}

// A key with every scope, of a superuser, is refused wherever no scope is
// named: by every route of every group, and by a handler of the application.
func TestAttackAPIKeyEverywhere(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithOAuth(t, nil, harness.WithAPIKeys(t, nil)), func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Superuser)
		in := a.LogIn(t, "jwt", u)
		key, _ := a.MakeKey(t, in, "orders:read", "orders:write")
		asked := 0
		for _, e := range slices.Concat(harness.AccountRoutes(a.Auth), a.APIKeys().At("/auth")) {
			if len(e.Access) == 0 {
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
		for _, admin := range []string{"GET /users ", "GET /users/{id} ", "PATCH /users/{id} ", "DELETE /users/{id} "} {
			a.Want(t, admin+"403 INSUFFICIENT_SCOPE", harness.Case("K10 "+strings.TrimSpace(admin)), harness.PathID(u.ID),
				harness.Bearer(key), harness.JSON("{}"))
		}
		a.Want(t, "GET /users 200", harness.Case("K10 the twin"), in)
	})
}

// A reset by mail ends the keys, a new password does not.
func TestAttackAPIKeyAfterAReset(t *testing.T) {
	harness.OnEveryStore(t, withKeys(t, nil), func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		in := a.LogIn(t, "session", u)
		key, _ := a.MakeKey(t, in, "orders:read")
		a.Want(t, "PATCH /users/me 200", in,
			harness.JSONObject(harness.Object{"password": harness.Password, "current_password": harness.Password}))
		a.Want(t, open+"200", harness.Case("K13 the twin, a new password"), harness.Bearer(key))
		a.Want(t, "DELETE /auth/sessions 204", in)
		a.Want(t, open+"200", harness.Case("K13 the twin, the end of all other logins"), harness.Bearer(key))
		a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", u)))
		a.Want(t, open+"401", harness.Case("K13 a reset"), harness.Bearer(key))
		if left, err := a.Stores.Credentials.List(t.Context(), apikey.Kind, u.ID); err != nil || len(left) > 0 {
			t.Errorf("K13: %d keys are left, %v", len(left), err)
		}
	})
}

// What a key must not be is a 422, whatever the numbers.
func TestAttackAPIKeyBodies(t *testing.T) {
	harness.OnEveryAdapter(t, withKeys(t, nil), func(t *testing.T, a *harness.App) {
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
	})
}

// A key's own limit holds for 64 requests at once, and is no 401. What it lets
// through is refused as the route is not open to keys.
func TestAttackAPIKeyLimits(t *testing.T) {
	harness.OnEveryStore(t, withKeys(t, func(a *harness.App, k *apikey.Options) {
		k.Limit, k.Limiter = core.Limit{Events: 9, Window: time.Minute}, a.Stores.Limiter
	}), func(t *testing.T, a *harness.App) {
		in := a.LogIn(t, "session", a.NewUser(t))
		key, _ := a.MakeKey(t, in, "orders:read")
		twin, _ := a.MakeKey(t, in, "orders:read")
		const route = "GET /authenticated-route "
		statuses := map[int]int{}
		answers := a.SendAtOnce(t, 64, "GET", "/authenticated-route", func(int) harness.Option { return harness.Bearer(key) })
		for got := range answers {
			statuses[got.Status]++
		}
		t.Run("K17 64 at once", func(t *testing.T) {
			if statuses[403] != 9 || statuses[429] != 55 {
				t.Errorf("the answers are %v, want 9 of 403 and 55 of 429", statuses)
			}
		})
		a.Want(t, route+"429 RATE_LIMITED", harness.Case("K17 no 401"), harness.Bearer(key))
		a.Want(t, route+"403 INSUFFICIENT_SCOPE", harness.Case("K17 the twin"), harness.Bearer(twin))
		a.Advance(time.Minute)
		a.Want(t, route+"403 INSUFFICIENT_SCOPE", harness.Case("K17 a minute later"), harness.Bearer(key))
	})
}

// A use is written once in ten minutes, however many there are.
func TestAttackAPIKeyWrites(t *testing.T) {
	var ledgers harness.PerApp[harness.CallLog]
	harness.OnEveryStore(t, func(a *harness.App, o *harness.Options) {
		a.Note = ledgers.Of(a).Add
		withKeys(t, nil)(a, o)
	}, func(t *testing.T, a *harness.App) {
		calls := ledgers.Of(a)
		key, _ := a.MakeKey(t, a.LogIn(t, "session", a.NewUser(t)), "orders:read")
		writes := func(n int) (updates int) {
			calls.Take()
			for range n {
				if got := a.Send(t, "GET", "/users/me", harness.Bearer(key)); got.Status != 200 {
					t.Fatalf("%d %s", got.Status, got.Body)
				}
			}
			for _, c := range calls.Take() {
				if c == "credentials.Update" {
					updates++
				}
			}
			return updates
		}
		t.Run("K18 many requests", func(t *testing.T) {
			if n := writes(100); n != 1 {
				t.Errorf("100 requests write %d times", n)
			}
			a.Advance(10*time.Minute - time.Second)
			if n := writes(50); n != 0 {
				t.Errorf("within 10 minutes they write %d times more", n)
			}
			a.Advance(time.Second)
			if n := writes(50); n != 1 {
				t.Errorf("twin: after 10 minutes they write %d times", n)
			}
		})
	})
}

package totp_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

const (
	ada      = "ada@example.org"
	password = "analytical engine"
)

type member struct{ latchkey.User }

// app is an application with the factors, and Ada, who is verified.
type app struct {
	*authtest.App[member]
	t *testing.T
	http.Handler
	ada *member
}

func newApp(t *testing.T, change func(*latchkey.Options[member])) *app {
	t.Helper()
	o := latchkey.Options[member]{Flows: []latchkey.Flow{totp.Flow{}, recovery.Flow{}}}
	if change != nil {
		change(&o)
	}
	a := &app{App: authtest.New(t, o), t: t}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", a.API())
	a.Handler = mux
	a.ada = a.user(ada)
	return a
}

func (a *app) user(email string) *member {
	a.t.Helper()
	u := &member{latchkey.User{Email: email, IsActive: true, IsVerified: true}}
	if err := a.Manager().Create(a.t.Context(), u, password); err != nil {
		a.t.Fatal(err)
	}
	return u
}

// client is a client of a backend.
type client struct {
	*authtest.Client
	a       *app
	backend string
}

func (a *app) client(backend string) *client { return &client{authtest.NewClient(a.t), a, backend} }

// ask posts to a route of the backend, and takes the token of an answer.
func (c *client) ask(route, body string, status int, part string) map[string]any {
	c.a.t.Helper()
	return c.send("POST", "/auth/"+c.backend+route, body, status, part)
}

func (c *client) send(method, path, body string, status int, part string) map[string]any {
	c.a.t.Helper()
	w := c.Do(c.a, method, path, body)
	if w.Code != status || !strings.Contains(w.Body.String(), part) {
		c.a.t.Fatalf("%s %s %s: %d %s, want %d with %q", method, path, body, w.Code, w.Body, status, part)
	}
	return c.take(w)
}

func (c *client) take(w *httptest.ResponseRecorder) map[string]any {
	var answer map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &answer) // a list, or nothing
	if token, _ := answer["access_token"].(string); token != "" {
		c.Header.Set("Authorization", "Bearer "+token)
	}
	return answer
}

// login is the status of a login's answer.
func (c *client) done() int {
	if c.backend == "web" {
		return 204
	}
	return 200
}

// first logs in as far as the password leads, and returns the pending login's
// secret.
func (c *client) first(email string) string {
	c.a.t.Helper()
	body := `{"email": "` + email + `", "password": "` + password + `"}`
	detail := c.ask("/login", body, 403, core.CodeLoginFactorRequired)["detail"].(map[string]any)
	return detail["pending"].(string)
}

// second finishes it with a code.
func (c *client) second(pending, code string) {
	c.a.t.Helper()
	c.ask("/totp", `{"pending": "`+pending+`", "code": "`+code+`"}`, c.done(), "")
}

// enrol logs in by password and enrols an app, whose secret it returns.
func (c *client) enrol(email string) (secret string) {
	c.a.t.Helper()
	c.ask("/login", `{"email": "`+email+`", "password": "`+password+`"}`, c.done(), "")
	begun := c.ask("/totp/begin", "", 200, "otpauth://totp/app.example.org:")
	secret = begun["secret"].(string)
	c.confirm("/totp/confirm", begun, authtest.TOTP(c.a.t, secret), c.done(), "")
	return secret
}

func (c *client) confirm(route string, begun map[string]any, code string, status int, part string) {
	c.a.t.Helper()
	c.ask(route, `{"enrolment": "`+begun["enrolment"].(string)+`", "code": "`+code+`", "label": "the blue phone"}`, status, part)
}

// me checks whether the client is logged in.
func (c *client) me(status int) {
	c.a.t.Helper()
	c.send("GET", "/users/me", "", status, "")
}

// step passes to the next code.
func step() { time.Sleep(30 * time.Second) }

func TestEnrolAndLogIn(t *testing.T) {
	t.Parallel()
	for _, backend := range []string{"web", "api"} {
		t.Run(backend, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newApp(t, nil)
				c := a.client(backend)
				secret := c.enrol(ada)
				c.me(200) // the login that enrolled goes on

				other := a.client(backend)
				pending := other.first(ada)
				other.me(401)
				waits := other.ask("/login/pending", `{"pending": "`+pending+`"}`, 200, `"factors":["totp"],"enrol":[]`)
				if got := waits["expires_in"]; got != 600.0 {
					t.Errorf("it expires in %v", got)
				}
				code := authtest.TOTP(t, secret)
				other.ask("/totp", `{"pending": "`+pending+`", "code": "`+code+`"}`, 400, core.CodeFactorBadCode) // confirmed with
				step()
				code = authtest.TOTP(t, secret)
				other.second(pending, code[:3]+" "+code[3:])
				other.me(200)
				c.me(200)

				// M01, M23: neither it nor an earlier one.
				third := a.client(backend)
				pending = third.first(ada)
				third.ask("/totp", `{"pending": "`+pending+`", "code": "`+code+`"}`, 400, core.CodeFactorBadCode)
				step() // the twin: the next one
				third.second(pending, authtest.TOTP(t, secret))
				third.me(200)
			})
		})
	}
}

// A browser goes on by its cookie alone.
func TestTheCookieOfAPendingLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, nil)
		secret := a.client("web").enrol(ada)
		step()
		c := a.client("web")
		c.first(ada)
		c.ask("/login/pending", `{}`, 200, `"totp"`)
		c.ask("/totp", `{"code": "`+authtest.TOTP(t, secret)+`"}`, 204, "")
		c.me(200)
		c.ask("/login/pending", `{}`, 400, core.CodeLoginBadCredentials)
	})
}

// M10: who was logged in before is logged out by the first factor.
func TestAttackM10EnrolmentEndsOtherLogins(t *testing.T) {
	t.Parallel()
	for _, backend := range []string{"web", "api"} {
		synctest.Test(t, func(t *testing.T) {
			a := newApp(t, nil)
			thief := a.client(backend)
			thief.ask("/login", `{"email": "`+ada+`", "password": "`+password+`"}`, thief.done(), "")
			thief.me(200)
			owner := a.client(backend)
			owner.enrol(ada)
			thief.me(401)
			owner.me(200)
			time.Sleep(time.Minute)
			owner.me(200)
		})
	}
}

func TestAttackM29WhatIsNoCode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, nil)
		secret := a.client("api").enrol(ada)
		step()
		code := authtest.TOTP(t, secret)
		c := a.client("api")
		pending := c.first(ada)
		for text, want := range map[string]struct {
			status int
			part   string
		}{
			code:                  {422, "string_type"},
			`null`:                {422, "string_type"},
			`"` + code[:5] + `"`:  {400, core.CodeFactorBadCode},
			`"` + code + `0"`:     {400, core.CodeFactorBadCode},
			`"+` + code + `"`:     {400, core.CodeFactorBadCode},
			`"` + code[:5] + `e"`: {400, core.CodeFactorBadCode},
			`"٠٠٠٠٠٠"`:            {400, core.CodeFactorBadCode},
			`""`:                  {400, core.CodeFactorBadCode},
			`"` + code + strings.Repeat(" ", 99) + `"`: {400, core.CodeFactorBadCode},
		} {
			if text == code && strings.HasPrefix(code, "0") {
				want.part = "json_invalid"
			}
			c.ask("/totp", `{"pending": "`+pending+`", "code": `+text+`}`, want.status, want.part)
		}
		c.ask("/totp", `{"pending": "`+pending+`"}`, 422, "missing")
		// None of them has cost a try.
		c.ask("/totp", `{"pending": "`+pending+`", "code": " `+code[:3]+"-"+code[3:]+` "}`, 200, "access_token")
	})
}

// M01: of any number of uses of one code one succeeds.
func TestAttackM01OneCodeManyTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, nil)
		secret := a.client("api").enrol(ada)
		step()
		code := authtest.TOTP(t, secret)
		clients := make([]*client, 64)
		pendings := make([]string, len(clients))
		for i := range clients {
			clients[i] = a.client("api")
			pendings[i] = clients[i].first(ada)
		}
		var won int
		var mu sync.Mutex
		var all sync.WaitGroup
		for i, c := range clients {
			all.Go(func() {
				w := c.Do(a, "POST", "/auth/api/totp", `{"pending": "`+pendings[i]+`", "code": "`+code+`"}`)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case w.Code == 200:
					won++
				case w.Code != 400 && w.Code != 429:
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		}
		all.Wait()
		if won != 1 {
			t.Errorf("%d logins by one code", won)
		}
	})
}

// M26: an enrolment that is not confirmed leaves nothing.
func TestAttackM26AnEnrolmentThatIsNotConfirmed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, nil)
		c := a.client("api")
		in := `{"email": "` + ada + `", "password": "` + password + `"}`
		c.ask("/login", in, 200, "")
		first := c.ask("/totp/begin", "", 200, "")
		second := c.ask("/totp/begin", "", 200, "")
		a.client("api").ask("/login", in, 200, "access_token")
		c.confirm("/totp/confirm", first, authtest.TOTP(t, first["secret"].(string)), 400, core.CodeFactorExpired)
		c.confirm("/totp/confirm", second, "000000", 400, core.CodeFactorBadCode)
		c.confirm("/totp/confirm", second, authtest.TOTP(t, second["secret"].(string)), 200, "")
		c.ask("/totp/begin", "", 409, core.CodeFactorExists)
		c.confirm("/totp/confirm", second, authtest.TOTP(t, second["secret"].(string)), 400, core.CodeFactorExpired)
	})
}

func TestAnEnrolmentExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, func(o *latchkey.Options[member]) { o.FreshFor = time.Hour })
		c := a.client("api")
		c.ask("/login", `{"email": "`+ada+`", "password": "`+password+`"}`, 200, "")
		begun := c.ask("/totp/begin", "", 200, "")
		time.Sleep(10 * time.Minute)
		c.confirm("/totp/confirm", begun, authtest.TOTP(t, begun["secret"].(string)), 400, core.CodeFactorExpired)
	})
}

// M25: an enrolment is its user's.
func TestAttackM25AnotherUsersEnrolment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, nil)
		a.user("eve@example.org")
		c, eve := a.client("api"), a.client("api")
		c.ask("/login", `{"email": "`+ada+`", "password": "`+password+`"}`, 200, "")
		eve.ask("/login", `{"email": "eve@example.org", "password": "`+password+`"}`, 200, "")
		begun := c.ask("/totp/begin", "", 200, "")
		code := authtest.TOTP(t, begun["secret"].(string))
		eve.confirm("/totp/confirm", begun, code, 400, core.CodeFactorExpired)
		c.confirm("/totp/confirm", begun, code, 200, "")
	})
}

// M37: who registered somebody else's address cannot lock its owner out.
func TestAttackM37AnAddressThatIsNotVerified(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func(*latchkey.Options[member])
		verified bool
		status   int
	}{
		"unverified": {nil, false, 403},
		"verified":   {nil, true, 200},
		"allowed": {func(o *latchkey.Options[member]) {
			o.Flows = []latchkey.Flow{totp.Flow{InsecureUnverified: true}}
		}, false, 200},
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t, c.change)
			squatter := a.client("api")
			u := &member{latchkey.User{Email: "bob@example.org", IsActive: true, IsVerified: c.verified}}
			if err := a.Manager().Create(t.Context(), u, password); err != nil {
				t.Fatal(err)
			}
			squatter.ask("/login", `{"email": "bob@example.org", "password": "`+password+`"}`, 200, "")
			part := ""
			if c.status == 403 {
				part = core.CodeFactorUnverified
			}
			squatter.ask("/totp/begin", "", c.status, part)
		})
	}
}

// M27: wrong codes are counted over all logins, and lock the factor until
// another one succeeds.
func TestAttackM27ManyWrongCodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, nil)
		owner := a.client("api")
		secret := owner.enrol(ada)
		codes := owner.ask("/recovery-codes", "", 200, "codes")["codes"].([]any)
		wrong := func(n int) {
			t.Helper()
			thief := a.client("api")
			for i := range n {
				var pending string
				if i%5 == 0 {
					pending = thief.first(ada)
					thief.Header.Set("X-Pending", pending)
				}
				thief.ask("/totp", `{"pending": "`+thief.Header.Get("X-Pending")+`", "code": "000000"}`, 400, core.CodeFactorBadCode)
			}
		}
		right := func(status int, part string) *client {
			t.Helper()
			step()
			c := a.client("api")
			pending := c.first(ada)
			c.ask("/totp", `{"pending": "`+pending+`", "code": "`+authtest.TOTP(t, secret)+`"}`, status, part)
			return c
		}
		wrong(99)
		right(200, "") // and the count begins anew
		wrong(100)
		right(403, core.CodeFactorLocked)
		owner.ask("/prove/totp", `{"code": "`+authtest.TOTP(t, secret)+`"}`, 403, core.CodeFactorLocked)

		back := a.client("api")
		pending := back.first(ada)
		back.ask("/recovery", `{"pending": "`+pending+`", "code": "`+codes[0].(string)+`"}`, 200, "")
		right(200, "")

		wrong(100)
		right(403, core.CodeFactorLocked)
		if err := a.Manager().UnlockFactor(t.Context(), a.ada.ID); err != nil {
			t.Fatal(err)
		}
		right(200, "")
	})
}

func TestTheLimitOfAUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, func(o *latchkey.Options[member]) {
			o.Limiter = memstore.NewLimiter(memstore.LimiterOptions{})
			o.Limits.LoginAttempts = core.Limit{Events: 1000, Window: time.Minute}
		})
		secret := a.client("api").enrol(ada)
		for range 10 {
			c := a.client("api")
			c.ask("/totp", `{"pending": "`+c.first(ada)+`", "code": "000000"}`, 400, core.CodeFactorBadCode)
		}
		step()
		c := a.client("api")
		pending := c.first(ada)
		c.ask("/totp", `{"pending": "`+pending+`", "code": "`+authtest.TOTP(t, secret)+`"}`, 429, core.CodeRateLimited)
		time.Sleep(15 * time.Minute)
		pending = c.first(ada)
		c.second(pending, authtest.TOTP(t, secret))
	})
}

// M32: a stolen password adds no factor to an account that has one.
func TestEnrolmentInsideAPendingLogin(t *testing.T) {
	t.Parallel()
	for _, backend := range []string{"web", "api"} {
		synctest.Test(t, func(t *testing.T) {
			a := newApp(t, func(o *latchkey.Options[member]) {
				o.RequireFactor = func(context.Context, *member) (bool, error) { return true, nil }
			})
			c := a.client(backend)
			in := `{"email": "` + ada + `", "password": "` + password + `"}`
			detail := c.ask("/login", in, 403, core.CodeLoginEnrolment)["detail"].(map[string]any)
			pending := detail["pending"].(string)
			c.me(401)
			begun := c.ask("/login/totp/begin", `{"pending": "`+pending+`"}`, 200, "otpauth")
			secret := begun["secret"].(string)
			c.ask("/login/totp/confirm", `{"pending": "`+pending+`", "enrolment": "`+begun["enrolment"].(string)+`", "code": "`+
				authtest.TOTP(t, secret)+`"}`, c.done(), "")
			c.me(200)

			thief := a.client(backend)
			pending = thief.first(ada)
			thief.ask("/login/totp/begin", `{"pending": "`+pending+`"}`, 403, "Forbidden")
			thief.ask("/login/totp/confirm", `{"pending": "`+pending+`", "enrolment": "`+begun["enrolment"].(string)+`", "code": "`+
				authtest.TOTP(t, secret)+`"}`, 403, "Forbidden")
			step()
			thief.second(pending, authtest.TOTP(t, secret)) // the twin
		})
	}
}

// M31: what one proof began, one proof does not change.
func TestAttackM31SensitiveWithOneProof(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApp(t, nil)
		stolen := a.client("web")
		stolen.ask("/login", `{"email": "`+ada+`", "password": "`+password+`"}`, 204, "")
		secret := stolen.enrol(ada) // whose session is the stolen one too
		time.Sleep(11 * time.Minute)
		id := factors(stolen)[0]["id"].(string)
		stolen.send("DELETE", "/auth/factors/"+id, "", 403, core.CodeProofRequired)
		stolen.send("PATCH", "/auth/factors/"+id, `{"label": "mine"}`, 403, core.CodeProofRequired)
		stolen.ask("/recovery-codes", "", 403, core.CodeProofRequired)
		stolen.ask("/prove/password", `{"password": "`+password+`"}`, 204, "")
		stolen.send("PATCH", "/auth/factors/"+id, `{"label": "mine"}`, 200, `"label":"mine"`)
		stolen.ask("/prove/totp", `{"code": "`+authtest.TOTP(t, secret)+`"}`, 204, "")
		stolen.send("DELETE", "/auth/factors/"+id, "", 204, "")
	})
}

// factors returns GET /factors.
func factors(c *client) (all []map[string]any) {
	c.a.t.Helper()
	w := c.Do(c.a, "GET", "/auth/factors", "")
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || w.Code != 200 {
		c.a.t.Fatalf("GET /factors: %d %s", w.Code, w.Body)
	}
	return all
}

package totp_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

func TestEnrolAndLogIn(t *testing.T) {
	t.Parallel()
	for _, backend := range []string{"web", "api"} {
		t.Run(backend, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := factortest.New(t, nil)
				c := a.Client(backend)
				secret := c.Enrol(factortest.Ada)
				c.Me(200) // the login that enrolled goes on

				other := a.Client(backend)
				pending := other.First(factortest.Ada)
				other.Me(401)
				waits := other.Ask("/login/pending", `{"pending": "`+pending+`"}`, 200, `"factors":["totp"],"enrol":[]`)
				if got := waits["expires_in"]; got != 600.0 {
					t.Errorf("it expires in %v", got)
				}
				code := authtest.TOTP(t, secret)
				other.Ask("/totp", `{"pending": "`+pending+`", "code": "`+code+`"}`, 400, core.CodeFactorBadCode) // confirmed with
				factortest.Step()
				code = authtest.TOTP(t, secret)
				other.Second(pending, code[:3]+" "+code[3:])
				other.Me(200)
				c.Me(200)

				// M01, M23: neither it nor an earlier one.
				third := a.Client(backend)
				pending = third.First(factortest.Ada)
				third.Ask("/totp", `{"pending": "`+pending+`", "code": "`+code+`"}`, 400, core.CodeFactorBadCode)
				factortest.Step() // the twin: the next one
				third.Second(pending, authtest.TOTP(t, secret))
				third.Me(200)
			})
		})
	}
}

// A browser goes on by its cookie alone.
func TestTheCookieOfAPendingLogin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		secret := a.Client("web").Enrol(factortest.Ada)
		factortest.Step()
		c := a.Client("web")
		c.First(factortest.Ada)
		c.Ask("/login/pending", `{}`, 200, `"totp"`)
		c.Ask("/totp", `{"code": "`+authtest.TOTP(t, secret)+`"}`, 204, "")
		c.Me(200)
		c.Ask("/login/pending", `{}`, 400, core.CodeLoginBadCredentials)
	})
}

// M10: who was logged in before is logged out by the first factor.
func TestAttackM10EnrolmentEndsOtherLogins(t *testing.T) {
	t.Parallel()
	for _, backend := range []string{"web", "api"} {
		synctest.Test(t, func(t *testing.T) {
			a := factortest.New(t, nil)
			thief := a.Client(backend)
			thief.Ask("/login", `{"email": "`+factortest.Ada+`", "password": "`+factortest.Password+`"}`, thief.Done(), "")
			thief.Me(200)
			owner := a.Client(backend)
			owner.Enrol(factortest.Ada)
			thief.Me(401)
			owner.Me(200)
			time.Sleep(time.Minute)
			owner.Me(200)
		})
	}
}

func TestAttackM29WhatIsNoCode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		secret := a.Client("api").Enrol(factortest.Ada)
		factortest.Step()
		code := authtest.TOTP(t, secret)
		c := a.Client("api")
		pending := c.First(factortest.Ada)
		for text, want := range map[string]struct {
			status int
			part   string
		}{
			`1` + code[1:]:        {422, "string_type"},
			`null`:                {422, "string_type"},
			`"` + code[:5] + `"`:  {400, core.CodeFactorBadCode},
			`"` + code + `0"`:     {400, core.CodeFactorBadCode},
			`"+` + code + `"`:     {400, core.CodeFactorBadCode},
			`"` + code[:5] + `e"`: {400, core.CodeFactorBadCode},
			`"٠٠٠٠٠٠"`:            {400, core.CodeFactorBadCode},
			`""`:                  {400, core.CodeFactorBadCode},
			`"` + code + strings.Repeat(" ", 99) + `"`: {400, core.CodeFactorBadCode},
		} {
			c.Ask("/totp", `{"pending": "`+pending+`", "code": `+text+`}`, want.status, want.part)
		}
		c.Ask("/totp", `{"pending": "`+pending+`"}`, 422, "missing")
		// None of them has cost a try.
		c.Ask("/totp", `{"pending": "`+pending+`", "code": " `+code[:3]+"-"+code[3:]+` "}`, 200, "access_token")
	})
}

// M01: of any number of uses of one code one succeeds.
func TestAttackM01OneCodeManyTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		secret := a.Client("api").Enrol(factortest.Ada)
		factortest.Step()
		code := authtest.TOTP(t, secret)
		clients := make([]*factortest.Client, 64)
		pendings := make([]string, len(clients))
		for i := range clients {
			clients[i] = a.Client("api")
			pendings[i] = clients[i].First(factortest.Ada)
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
		a := factortest.New(t, nil)
		c := a.Client("api")
		in := `{"email": "` + factortest.Ada + `", "password": "` + factortest.Password + `"}`
		c.Ask("/login", in, 200, "")
		first := c.Ask("/totp/begin", "", 200, "")
		second := c.Ask("/totp/begin", "", 200, "")
		a.Client("api").Ask("/login", in, 200, "access_token")
		c.Confirm("/totp/confirm", first, authtest.TOTP(t, first["secret"].(string)), 400, core.CodeFactorExpired)
		c.Confirm("/totp/confirm", second, "000000", 400, core.CodeFactorBadCode)
		c.Confirm("/totp/confirm", second, authtest.TOTP(t, second["secret"].(string)), 200, "")
		c.Ask("/totp/begin", "", 409, core.CodeFactorExists)
		c.Confirm("/totp/confirm", second, authtest.TOTP(t, second["secret"].(string)), 400, core.CodeFactorExpired)
	})
}

func TestAnEnrolmentExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, func(o *latchkey.Options[factortest.Member]) { o.FreshFor = time.Hour })
		c := a.Client("api")
		c.Ask("/login", `{"email": "`+factortest.Ada+`", "password": "`+factortest.Password+`"}`, 200, "")
		begun := c.Ask("/totp/begin", "", 200, "")
		time.Sleep(10 * time.Minute)
		c.Confirm("/totp/confirm", begun, authtest.TOTP(t, begun["secret"].(string)), 400, core.CodeFactorExpired)
	})
}

// M25: an enrolment is its user's.
func TestAttackM25AnotherUsersEnrolment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		a.User("eve@example.org")
		c, eve := a.Client("api"), a.Client("api")
		c.Ask("/login", `{"email": "`+factortest.Ada+`", "password": "`+factortest.Password+`"}`, 200, "")
		eve.Ask("/login", `{"email": "eve@example.org", "password": "`+factortest.Password+`"}`, 200, "")
		begun := c.Ask("/totp/begin", "", 200, "")
		code := authtest.TOTP(t, begun["secret"].(string))
		eve.Confirm("/totp/confirm", begun, code, 400, core.CodeFactorExpired)
		c.Confirm("/totp/confirm", begun, code, 200, "")
	})
}

// M37: who registered somebody else's address cannot lock its owner out.
func TestAttackM37AnAddressThatIsNotVerified(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func(*latchkey.Options[factortest.Member])
		verified bool
		status   int
	}{
		"unverified": {nil, false, 403},
		"verified":   {nil, true, 200},
		"allowed": {func(o *latchkey.Options[factortest.Member]) {
			o.Flows = []latchkey.Flow{totp.Flow{InsecureUnverified: true}}
		}, false, 200},
	} {
		t.Run(name, func(t *testing.T) {
			a := factortest.New(t, c.change)
			squatter := a.Client("api")
			u := &factortest.Member{User: latchkey.User{Email: "bob@example.org", IsActive: true, IsVerified: c.verified}}
			if err := a.Manager().Create(t.Context(), u, factortest.Password); err != nil {
				t.Fatal(err)
			}
			squatter.Ask("/login", `{"email": "bob@example.org", "password": "`+factortest.Password+`"}`, 200, "")
			part := ""
			if c.status == 403 {
				part = core.CodeFactorUnverified
			}
			squatter.Ask("/totp/begin", "", c.status, part)
		})
	}
}

// M27: wrong codes are counted over all logins, and lock the factor until
// another one succeeds.
func TestAttackM27ManyWrongCodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		owner := a.Client("api")
		secret := owner.Enrol(factortest.Ada)
		codes := owner.Ask("/recovery-codes", "", 200, "codes")["codes"].([]any)
		wrong := func(n int) {
			t.Helper()
			thief := a.Client("api")
			for i := range n {
				var pending string
				if i%5 == 0 {
					pending = thief.First(factortest.Ada)
					thief.Header.Set("X-Pending", pending)
				}
				thief.Ask("/totp", `{"pending": "`+thief.Header.Get("X-Pending")+`", "code": "000000"}`, 400,
					core.CodeFactorBadCode)
			}
		}
		right := func(status int, part string) *factortest.Client {
			t.Helper()
			factortest.Step()
			c := a.Client("api")
			pending := c.First(factortest.Ada)
			c.Ask("/totp", `{"pending": "`+pending+`", "code": "`+authtest.TOTP(t, secret)+`"}`, status, part)
			return c
		}
		wrong(99)
		right(200, "") // and the count begins anew
		wrong(100)
		right(403, core.CodeFactorLocked)
		owner.Ask("/prove/totp", `{"code": "`+authtest.TOTP(t, secret)+`"}`, 403, core.CodeFactorLocked)

		back := a.Client("api")
		pending := back.First(factortest.Ada)
		back.Ask("/recovery", `{"pending": "`+pending+`", "code": "`+codes[0].(string)+`"}`, 200, "")
		right(200, "")

		wrong(100)
		right(403, core.CodeFactorLocked)
		other := authtest.As(t, a.Auth, "api", a.Ada, core.Proof{Method: core.MethodOAuth + "acme"})
		if w := other.Do(a, "POST", "/auth/api/prove/password", `{"password": "`+factortest.Password+`"}`); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		right(403, core.CodeFactorLocked) // a password does not stand in for the app
		if err := a.Manager().UnlockFactor(t.Context(), a.Ada.ID); err != nil {
			t.Fatal(err)
		}
		right(200, "")
	})
}

func TestTheLimitOfAUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
			o.Limiter = memstore.NewLimiter(memstore.LimiterOptions{})
			o.Limits.LoginAttempts = core.Limit{Events: 1000, Window: time.Minute}
		})
		secret := a.Client("api").Enrol(factortest.Ada)
		for range 10 {
			c := a.Client("api")
			c.Ask("/totp", `{"pending": "`+c.First(factortest.Ada)+`", "code": "000000"}`, 400, core.CodeFactorBadCode)
		}
		factortest.Step()
		c := a.Client("api")
		pending := c.First(factortest.Ada)
		c.Ask("/totp", `{"pending": "`+pending+`", "code": "`+authtest.TOTP(t, secret)+`"}`, 429, core.CodeRateLimited)
		time.Sleep(15 * time.Minute)
		pending = c.First(factortest.Ada)
		c.Second(pending, authtest.TOTP(t, secret))
	})
}

// M32: a stolen password adds no factor to an account that has one.
func TestAttackM32EnrolmentInsideAPendingLogin(t *testing.T) {
	t.Parallel()
	for _, backend := range []string{"web", "api"} {
		synctest.Test(t, func(t *testing.T) {
			a := factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
				o.RequireFactor = func(context.Context, *factortest.Member) (bool, error) { return true, nil }
			})
			c := a.Client(backend)
			in := `{"email": "` + factortest.Ada + `", "password": "` + factortest.Password + `"}`
			detail := c.Ask("/login", in, 403, core.CodeLoginEnrolment)["detail"].(map[string]any)
			pending := detail["pending"].(string)
			c.Me(401)
			begun := c.Ask("/login/totp/begin", `{"pending": "`+pending+`"}`, 200, "otpauth")
			secret := begun["secret"].(string)
			c.Ask("/login/totp/confirm", `{"pending": "`+pending+`", "enrolment": "`+begun["enrolment"].(string)+`", "code": "`+
				authtest.TOTP(t, secret)+`"}`, c.Done(), "")
			c.Me(200)

			thief := a.Client(backend)
			pending = thief.First(factortest.Ada)
			thief.Ask("/login/totp/begin", `{"pending": "`+pending+`"}`, 403, "Forbidden")
			thief.Ask("/login/totp/confirm", `{"pending": "`+pending+`", "enrolment": "`+begun["enrolment"].(string)+
				`", "code": "`+authtest.TOTP(t, secret)+`"}`, 403, "Forbidden")
			factortest.Step()
			thief.Second(pending, authtest.TOTP(t, secret)) // the twin
		})
	}
}

// M31: what one proof began, one proof does not change.
func TestAttackM31SensitiveWithOneProof(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		stolen := a.Client("web")
		stolen.Ask("/login", `{"email": "`+factortest.Ada+`", "password": "`+factortest.Password+`"}`, 204, "")
		secret := stolen.Enrol(factortest.Ada) // whose session is the stolen one too
		time.Sleep(11 * time.Minute)
		id := stolen.Factors()[0]["id"].(string)
		stolen.Send("DELETE", "/auth/factors/"+id, "", 403, core.CodeProofRequired)
		stolen.Send("PATCH", "/auth/factors/"+id, `{"label": "mine"}`, 403, core.CodeProofRequired)
		stolen.Ask("/recovery-codes", "", 403, core.CodeProofRequired)
		stolen.Ask("/prove/password", `{"password": "`+factortest.Password+`"}`, 204, "")
		stolen.Send("PATCH", "/auth/factors/"+id, `{"label": "mine"}`, 200, `"label":"mine"`)
		stolen.Ask("/prove/totp", `{"code": "`+authtest.TOTP(t, secret)+`"}`, 204, "")
		stolen.Send("DELETE", "/auth/factors/"+id, "", 204, "")
	})
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	short := []core.VaultKey{{ID: "a"}}
	for want, c := range map[string]struct {
		flow  latchkey.Flow
		vault []core.VaultKey
	}{
		"flow totp needs Options.Vault":                     {totp.Flow{}, nil},
		"flow totp: Options.Vault: seal: the secret of key": {totp.Flow{}, short},
		"flow totp needs Options.Credentials":               {totp.Flow{}, nil},
		"flow totp: Skew is 3":                              {totp.Flow{Skew: 3}, nil},
		"flow totp needs an Issuer":                         {totp.Flow{Issuer: "a:b"}, nil},
		"flow totp: Attempts":                               {totp.Flow{Attempts: core.Limit{Events: -1}}, nil},
		`the flow "totp" is a decorator of a core.Binder`:   {decorated{totp.Flow{}}, nil},
	} {
		o := authtest.Options(t, latchkey.Options[factortest.Member]{Flows: []latchkey.Flow{c.flow}})
		o.Vault, o.Credentials = c.vault, nil
		_, err := latchkey.New(memstore.NewUsers[factortest.Member](), o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New says %v, want %q", err, want)
		}
	}
}

// decorated hides what the flow in it is besides, but for As.
type decorated struct{ core.Flow }

// Unwrap implements core.Unwrapper.
func (d decorated) Unwrap() any { return d.Flow }

package recovery_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/recovery"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// codes makes Ada's codes, in a login that is hers.
func codes(c *factortest.Client) (all []string) {
	for _, code := range c.Ask("/recovery-codes", "", 200, "")["codes"].([]any) {
		all = append(all, code.(string))
	}
	return all
}

func use(pending, code string) string {
	return `{"pending": "` + pending + `", "code": "` + code + `"}`
}

func TestLogInWithACode(t *testing.T) {
	t.Parallel()
	for _, backend := range []string{"web", "api"} {
		synctest.Test(t, func(t *testing.T) {
			a := factortest.New(t, nil)
			owner := a.Client(backend)
			owner.Enrol(factortest.Ada)
			all := codes(owner)
			if len(all) != 10 || len(all[0]) != 19 || all[0] == all[1] {
				t.Fatalf("the codes are %q", all)
			}

			c := a.Client(backend)
			pending := c.First(factortest.Ada)
			c.Ask("/login/pending", `{"pending": "`+pending+`"}`, 200, `"factors":["totp","recovery"]`)
			c.Ask("/recovery", use(pending, "0000-0000-0000-0000"), 400, core.CodeFactorBadCode)
			// As somebody types it from paper.
			written := strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(all[3], "-", " "), "0", "O"))
			c.Ask("/recovery", use(pending, written), c.Done(), "")
			c.Me(200)

			// M07: a code works once.
			again := a.Client(backend)
			pending = again.First(factortest.Ada)
			again.Ask("/recovery", use(pending, all[3]), 400, core.CodeFactorBadCode)
			again.Ask("/recovery", use(pending, all[4]), again.Done(), "")

			for _, f := range c.Factors() {
				if f["kind"] == "recovery" && (f["left"] != 8.0 || f["last_used_at"] == nil) {
					t.Errorf("the list says %v", f)
				}
				if f["kind"] == "totp" && f["left"] != nil {
					t.Errorf("the list says %v", f)
				}
			}
		})
	}
}

// A password and a recovery code are enough to remove the lost factor.
func TestALostFactor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		owner := a.Client("web")
		owner.Enrol(factortest.Ada)
		all := codes(owner)
		c := a.Client("web")
		c.Ask("/recovery", use(c.First(factortest.Ada), all[0]), 204, "")
		for _, f := range c.Factors() {
			if f["kind"] == "totp" {
				c.Send("DELETE", "/auth/factors/"+f["id"].(string), "", 204, "")
			}
		}
		if left := c.Factors(); len(left) != 0 {
			t.Errorf("the codes outlive the factor: %v", left)
		}
		c.Ask("/recovery-codes", "", 409, core.CodeNoFactor)
		a.Client("web").Ask("/login", `{"email": "`+factortest.Ada+`", "password": "`+factortest.Password+`"}`, 204, "")
	})
}

// M07: of any number of uses of one code one succeeds.
func TestAttackM07OneCodeManyTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		owner := a.Client("api")
		owner.Enrol(factortest.Ada)
		code := codes(owner)[0]
		var won atomic.Int32
		var all sync.WaitGroup
		for range 64 {
			c := a.Client("api")
			body := use(c.First(factortest.Ada), code)
			all.Go(func() {
				switch w := c.Do(a, "POST", "/auth/api/recovery", body); w.Code {
				case 200:
					won.Add(1)
				case 400:
				default:
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d logins by one code", won.Load())
		}
	})
}

// M28: new codes replace all former ones, and another user's are nobody's.
func TestAttackM28FormerAndForeignCodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		a.User("eve@example.org")
		owner, eve := a.Client("api"), a.Client("api")
		owner.Enrol(factortest.Ada)
		eve.Enrol("eve@example.org")
		former, foreign := codes(owner), codes(eve)
		fresh := codes(owner)
		c := a.Client("api")
		pending := c.First(factortest.Ada)
		c.Ask("/recovery", use(pending, former[0]), 400, core.CodeFactorBadCode)
		c.Ask("/recovery", use(pending, foreign[0]), 400, core.CodeFactorBadCode)
		for _, text := range []string{"", "ABCD", fresh[0] + "0", strings.Replace(fresh[0], fresh[0][:1], "U", 1)} {
			c.Ask("/recovery", use(pending, text), 400, core.CodeFactorBadCode) // costs no try
		}
		c.Ask("/recovery", use(pending, fresh[0]), 200, "")
	})
}

func TestCodesNeedAFactor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := factortest.New(t, nil)
		c := a.Client("web")
		c.Ask("/recovery-codes", "", 401, "")
		c.Ask("/login", `{"email": "`+factortest.Ada+`", "password": "`+factortest.Password+`"}`, 204, "")
		c.Ask("/recovery-codes", "", 409, core.CodeNoFactor)
		c.Enrol(factortest.Ada)
		time.Sleep(11 * time.Minute)
		c.Ask("/recovery-codes", "", 403, core.CodeProofRequired)
	})
}

// Keys are rotated while the factors work on. One that is taken out too early
// makes a factor unusable, never missing.
func TestVaultKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		old, fresh := core.VaultKey{ID: "old", Secret: authtest.Secret()}, core.VaultKey{ID: "new", Secret: authtest.Secret()}
		vault := func(keys ...core.VaultKey) func(*latchkey.Options[factortest.Member]) {
			return func(o *latchkey.Options[factortest.Member]) { o.Vault = keys }
		}
		a := factortest.New(t, vault(old))
		a.User("bob@example.org")
		owner := a.Client("api")
		secret := owner.Enrol(factortest.Ada)
		a.Client("api").Enrol("bob@example.org")
		all := codes(owner)
		login := func(route, code string, status int) {
			t.Helper()
			c := a.Client("api")
			c.Ask(route, use(c.First(factortest.Ada), code), status, "")
		}
		rekeyed := func(want int, wrong bool) {
			t.Helper()
			if n, err := a.Manager().Rekey(t.Context()); n != want || (err != nil) != wrong {
				t.Errorf("Rekey = %d, %v; want %d", n, err, want)
			}
		}

		a.Restart(vault(fresh))
		login("/recovery", all[0], 503)
		login("/totp", "123456", 503)
		rekeyed(0, true)

		a.Restart(vault(fresh, old))
		factortest.Step()
		login("/recovery", all[0], 200)
		login("/totp", authtest.TOTP(t, secret), 200)
		rekeyed(1, false) // Bob's; what is used is sealed anew
		rekeyed(0, false)

		a.Restart(vault(fresh))
		factortest.Step()
		login("/recovery", all[1], 200)
		login("/totp", authtest.TOTP(t, secret), 200)
	})
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]recovery.Flow{
		"flow recovery needs Options.Vault":       {},
		"flow recovery needs Options.Credentials": {},
		"flow recovery: Codes is 51":              {Codes: 51},
	} {
		o := authtest.Options(t, latchkey.Options[factortest.Member]{Flows: []latchkey.Flow{f}})
		o.Vault, o.Credentials = nil, nil
		_, err := latchkey.New(memstore.NewUsers[factortest.Member](), o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New says %v, want %q", err, want)
		}
	}
}

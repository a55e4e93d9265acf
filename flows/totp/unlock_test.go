package totp_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// M27: what unlocks a factor leaves no count that refuses the next code.
func TestAttackM27UnlockedCodesAreAccepted(t *testing.T) {
	t.Parallel()
	for name, unlock := range map[string]func(t *testing.T, a *factortest.App, code string){
		"nothing": nil,
		"an administrator": func(t *testing.T, a *factortest.App, _ string) {
			if err := a.Manager().UnlockFactor(t.Context(), a.Ada.ID); err != nil {
				t.Error(err)
			}
		},
		"a recovery code": func(_ *testing.T, a *factortest.App, code string) {
			c := a.Client("api")
			c.Ask("/recovery", `{"pending": "`+c.First(factortest.Ada)+`", "code": "`+code+`"}`, 200, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
					o.Limiter = memstore.NewLimiter(memstore.LimiterOptions{})
					o.Limits.LoginAttempts = core.Limit{Events: 1000, Window: time.Minute}
				})
				owner := a.Client("api")
				secret := owner.Enrol(factortest.Ada)
				codes := owner.Ask("/recovery-codes", "", 200, "codes")["codes"].([]any)
				for range 10 {
					c := a.Client("api")
					c.Ask("/totp", `{"pending": "`+c.First(factortest.Ada)+`", "code": "000000"}`, 400, core.CodeFactorBadCode)
				}
				factortest.Step()
				status, part := 429, core.CodeRateLimited
				if unlock != nil {
					unlock(t, a, codes[0].(string))
					status, part = 200, "access_token"
				}
				c := a.Client("api")
				c.Ask("/totp", `{"pending": "`+c.First(factortest.Ada)+`", "code": "`+authtest.TOTP(t, secret)+`"}`, status, part)
			})
		})
	}
}

package pages_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/chromium"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// Somebody whose login is old proves it by the app or the password, and goes on
// where they were.
func TestProveInABrowser(t *testing.T) {
	t.Parallel()
	browser := chromium.Start(t)
	for _, scripts := range []bool{true, false} {
		var ahead atomic.Int64
		later := func() time.Duration { return time.Duration(ahead.Load()) }
		a := newApp(t, frameworks[1].below, nested, func(o *pagewalk.Options) {
			o.Now = func() time.Time { return time.Now().Add(later()) }
		})
		a.Add(t, ada, nil)
		p := a.person(t, browser, setting{320, 640, true, scripts})
		p.logsIn(ada)
		p.presses("add-totp")
		secret := p.secret()
		p.fills("totp-code", appCode(t, secret, 0))
		p.presses("totp")
		p.isAt("/account/recovery-codes")

		ahead.Store(int64(11 * time.Minute))
		p.presses("codes")
		p.reads("Confirm that it is you", "Your password", "Code of the app")
		p.hasFocus("password-password")
		p.fills("totp-code", "000000")
		p.presses("totp")
		p.reads("Error: Confirm that it is you", "That code is not right")
		p.hasFocus("totp-code")
		p.fills("totp-code", appCode(t, secret, later()))
		p.presses("totp")
		p.isAt("/account/recovery-codes")
		p.reads("Please repeat now what you were about to do.")
		p.presses("codes")
		p.reads("not shown again")

		ahead.Store(int64(22 * time.Minute))
		p.opens("/account")
		p.clicks(`form[id^="factor-"] button`)
		p.reads("Confirm that it is you")
		p.fills("password-password", "wrong one")
		p.presses("password")
		p.reads("This is not your current password.")
		p.hasFocus("password-password")
		p.fills("password-password", pagewalk.Password)
		p.presses("password")
		p.isAt("/account#factors")
		p.clicks(`form[id^="factor-"] button`)
		p.reads("It is removed.")
	}
}

package examples_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/latchkey-go/latchkey/flows/totp"
	"github.com/latchkey-go/latchkey/integration/chromium"
)

// Whoever clicks through the quickstart registers, adds a passkey and an
// authenticator app, and comes back by either of them.
func TestFactorsOfTheQuickstartInABrowser(t *testing.T) {
	t.Parallel()
	p := start(t, "quickstart")
	ctx := chromium.Start(t).Visitor(t, 3*time.Minute)
	device := webauthn.AuthenticatorID("")
	do := func(actions ...chromedp.Action) { chromium.Run(t, ctx, actions...) }
	press := func(form string) chromedp.Action { return chromedp.Click("#"+form+" > .lk-button", chromedp.ByQuery) }
	logout := chromedp.Click(`form[action="/logout"] button`, chromedp.ByQuery)
	leads := func(path string, actions ...chromedp.Action) {
		t.Helper()
		do(append([]chromedp.Action{chromedp.Evaluate("window.here = true", nil)}, actions...)...)
		there := "!window.here && document.readyState === 'complete' && location.pathname === '" + path + "'"
		for start, is := time.Now(), false; !is; time.Sleep(20 * time.Millisecond) {
			_ = chromedp.Run(ctx, chromedp.Evaluate(there, &is)) // an error is a page that goes away
			if time.Since(start) > time.Minute {
				t.Fatalf("nothing leads to %s", path)
			}
		}
	}
	do(webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		device, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}).Do(ctx)
		return err
	}))
	leads("/register", chromedp.Navigate(p.url+"/register"))
	leads("/account", chromedp.SendKeys("#register-email", "grace@example.org", chromedp.ByQuery),
		chromedp.SendKeys("#register-password", "analytical engine", chromedp.ByQuery), press("register"))
	leads("/account/passkeys", chromedp.Click(`a[href="/account/passkeys"]`, chromedp.ByQuery))
	leads("/account", press("passkey"))
	leads("/account", logout) // by the autofill of the login page
	do(webauthn.SetAutomaticPresenceSimulation(device, false))

	_, mails := p.send("POST", "/auth/request-verify-token", "", `{"email": "grace@example.org"}`, 202)
	deadline := time.Now().Add(10 * time.Second)
	for ; !strings.Contains(mails, "token="); time.Sleep(10 * time.Millisecond) {
		if _, mails = p.send("GET", "/dev/outbox", "", "", 200); time.Now().After(deadline) {
			t.Fatal("the mail is not in the outbox")
		}
	}
	_, link, _ := strings.Cut(mails, "/verify?token=")
	link, _, _ = strings.Cut(link, `"`)
	leads("/verify", chromedp.Navigate(p.url+"/verify?token="+link))
	leads("/account", press("verify"))

	var secret string
	leads("/account/totp", chromedp.Click("#add-totp .lk-button", chromedp.ByQuery))
	do(chromedp.Text(".lk-code", &secret, chromedp.ByQuery))
	secret = strings.ReplaceAll(secret, " ", "")
	code := func(ahead time.Duration) string {
		text, err := totp.Code(secret, time.Now().Add(ahead))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	leads("/account/recovery-codes", chromedp.SendKeys("#totp-code", code(0), chromedp.ByQuery), press("totp"))
	leads("/login", logout)
	leads("/login/factor", chromedp.SendKeys("#login-username", "grace@example.org", chromedp.ByQuery),
		chromedp.SendKeys("#login-password", "analytical engine", chromedp.ByQuery), press("login"))
	leads("/account", chromedp.SendKeys("#totp-code", code(30*time.Second), chromedp.ByQuery), press("totp"))
}

package pages_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/flows/passkey"
	"github.com/latchkey-go/latchkey/integration/chromium"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// authenticator is one of Chromium's own, in the window of a person. It says
// yes by itself only when it may.
type authenticator struct {
	p  *person
	id webauthn.AuthenticatorID
}

// untilReady holds back what a page asks for by a button: a question that comes
// while the authenticator may not say yes is never answered.
const untilReady = `{
	let isReady;
	const ready = new Promise((resolve) => { isReady = resolve; });
	window.authenticatorIsReady = () => isReady();
	for (const name of ["create", "get"]) {
		const ask = navigator.credentials?.[name]?.bind(navigator.credentials);
		if (ask) navigator.credentials[name] = async (o) => {
			if (o.mediation !== "conditional") await ready;
			return ask(o);
		};
	}
}`

func (p *person) hasAuthenticator() authenticator {
	p.t.Helper()
	a := authenticator{p: p}
	p.do(webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		if _, err = page.AddScriptToEvaluateOnNewDocument(untilReady).Do(ctx); err != nil {
			return err
		}
		a.id, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true,
		}).Do(ctx)
		return err
	}))
	return a
}

// says has it answer the page's questions, or not.
func (a authenticator) says(yes bool) chromedp.Action {
	return webauthn.SetAutomaticPresenceSimulation(a.id, yes)
}

// decides has it answer the question of a button.
func (a authenticator) decides() chromedp.Action {
	return chromedp.Tasks{a.says(true), chromedp.Evaluate(`authenticatorIsReady()`, nil)}
}

// answers has it answer the question of a button, which leads to another page.
func (a authenticator) answers() {
	a.p.t.Helper()
	a.p.loads("the passkey", a.decides())
	a.p.do(a.says(false))
}

// keeps is how many passkeys it has.
func (a authenticator) keeps() (n int) {
	a.p.t.Helper()
	a.p.do(chromedp.ActionFunc(func(ctx context.Context) error {
		all, err := webauthn.GetCredentials(a.id).Do(ctx)
		n = len(all)
		return err
	}))
	return n
}

// clicksHere clicks what a selector finds, which asks for a passkey first.
func (p *person) clicksHere(selector string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(selector, chromedp.ByQuery), chromedp.Click(selector, chromedp.ByQuery))
}

// waitsFor waits until the page has a text.
func (p *person) waitsFor(text string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, loadTime)
	defer cancel()
	for shown := ""; !strings.Contains(shown, text); time.Sleep(20 * time.Millisecond) {
		if err := chromedp.Run(ctx, chromedp.Evaluate(`document.body.innerText`, &shown)); err != nil {
			p.t.Fatalf("the page does not say %q: %v\n%s", text, err, shown)
		}
	}
	p.fits()
}

// comesTo waits for a page that somebody is led to without doing anything.
func (p *person) comesTo(path string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, loadTime)
	defer cancel()
	for at := ""; at != p.app.origin+p.app.Prefix+path; time.Sleep(20 * time.Millisecond) {
		_ = chromedp.Run(ctx, chromedp.Location(&at)) // an error is a page that goes away
		if err := ctx.Err(); err != nil {
			p.t.Fatalf("the browser is at %s, and not at %s: %v", at, path, err)
		}
	}
}

const (
	byPasskey = "form#passkey > .lk-button"
	blue      = "the blue phone"
)

// addsPasskey adds one on the account page.
func (p *person) addsPasskey(a authenticator, label string) {
	p.t.Helper()
	p.opens("/account")
	p.follows("Add a passkey")
	p.isAt("/account/passkeys")
	p.fills("passkey-label", label)
	p.clicksHere(byPasskey)
	a.answers()
	p.isAt("/account#factors")
	p.reads("The passkey is added", label)
}

// logsOut leads to the login page.
func (p *person) logsOut() {
	p.t.Helper()
	p.opens("/account")
	p.clicks(`form[action$="/logout"] button`)
	p.isAt("/login")
}

// Somebody adds a passkey, and logs in with it: without typing anything, by the
// button, as the second factor, and when an old login has to be proved.
func TestPasskeysInABrowser(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	a := newApp(t, frameworks[1].below, nested, func(o *pagewalk.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	a.Add(t, ada, nil)
	p := a.person(t, chromium.Start(t), setting{390, 844, true, true})
	device := p.hasAuthenticator()
	p.logsIn(ada)
	p.addsPasskey(device, blue)

	p.logsOut()
	p.do(device.says(true), chromedp.Navigate(a.origin+nested+"/login"))
	p.comesTo("/account") // by the autofill
	p.do(device.says(false))
	p.reads(ada)

	p.logsOut()
	p.clicksHere(byPasskey)
	device.answers()
	p.isAt("/account")

	p.clicks(`a[href*="/account/factors/"]`)
	p.reads("Name it", blue)
	p.fills("rename-label", "the red phone")
	p.presses("rename")
	p.isAt("/account#factors")
	p.reads("Saved.", "the red phone", "!"+blue)

	p.presses("second")
	p.reads("From now on each login asks for a passkey")
	p.logsOut()
	p.fills("login-username", ada, "login-password", pagewalk.Password)
	p.presses("login")
	p.isAt("/login/factor")
	p.clicksHere(byPasskey)
	device.answers()
	p.isAt("/account")

	ahead.Store(int64(11 * time.Minute))
	p.follows("Add a passkey")
	p.reads("Confirm that it is you")
	p.clicksHere(byPasskey)
	device.answers()
	p.isAt("/account/passkeys")
	p.reads("!repeat now")
	p.clicksHere(byPasskey)
	p.do(device.decides())
	p.waitsFor("This device has a passkey for your account already.")
	p.do(device.says(false))

	p.opens("/account")
	p.presses("second")
	p.reads("Your password logs you in without a passkey again.")
	p.clicks(`form[id^="factor-"] button`)
	p.reads("It is removed.", "!the red phone")
	p.logsOut()
	if n := device.keeps(); n != 1 {
		t.Fatalf("the device has %d passkeys", n)
	}
	p.clicksHere(byPasskey)
	device.answers()
	p.waitsFor("This passkey is not known here any more.")
	for device.keeps() > 0 { // the script tells it so
		time.Sleep(20 * time.Millisecond)
	}
}

// What the autofill waits with is renewed before it expires.
func TestOptionsAreRenewed(t *testing.T) {
	t.Parallel()
	keys, err := passkey.New(passkey.Options{Secret: authtest.Secret(), Lifetime: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(t, frameworks[1].root, "", func(o *pagewalk.Options) { o.Flows[0] = keys })
	a.Add(t, ada, nil)
	p := a.person(t, chromium.Start(t), setting{390, 844, true, true})
	device := p.hasAuthenticator()
	p.logsIn(ada)
	p.addsPasskey(device, blue)
	var asked atomic.Int32
	chromedp.ListenTarget(p.ctx, func(event any) {
		e, ok := event.(*network.EventRequestWillBeSent)
		if ok && strings.HasSuffix(e.Request.URL, "/login/passkey/options") {
			asked.Add(1)
		}
	})
	p.logsOut()
	for start := time.Now(); asked.Load() < 3; time.Sleep(20 * time.Millisecond) {
		if time.Since(start) > loadTime {
			t.Fatalf("the page has asked %d times", asked.Load())
		}
	}
	p.clicksHere(byPasskey)
	device.answers()
	p.isAt("/account")
}

// A login that requires a factor is ended by a passkey.
func TestAPasskeyThatALoginRequires(t *testing.T) {
	t.Parallel()
	a := newApp(t, frameworks[1].root, "", nil)
	a.Add(t, pagewalk.Careful, nil)
	p := a.person(t, chromium.Start(t), setting{390, 844, true, true})
	device := p.hasAuthenticator()
	p.logsIn(pagewalk.Careful)
	p.isAt("/login/factor")
	p.fills("enrol-passkey-label", blue)
	p.clicksHere("form#enrol-passkey > .lk-button")
	device.answers()
	p.isAt("/account")
	p.reads(blue)
	p.logsOut()
	p.clicksHere(byPasskey)
	device.answers()
	p.isAt("/account")
}

// Whoever cancels, has no passkey, or opens the pages at another address, reads
// a sentence and logs in otherwise.
func TestWithoutAPasskey(t *testing.T) {
	t.Parallel()
	a := newApp(t, frameworks[1].root, "", nil)
	a.Add(t, ada, nil)
	browser := chromium.Start(t)
	p := a.person(t, browser, setting{390, 844, true, true})
	device := p.hasAuthenticator()
	p.opens("/login")
	p.do(webauthn.SetUserVerified(device.id, false))
	p.clicksHere(byPasskey)
	p.do(device.decides())
	p.waitsFor("No passkey was used")
	p.do(device.says(false))
	p.logsIn(ada)
	p.isAt("/account")

	elsewhere := *a
	elsewhere.origin = strings.Replace(a.origin, "localhost", "127.0.0.1", 1)
	other := elsewhere.person(t, browser, setting{390, 844, true, true})
	other.opens("/login")
	other.waitsFor("Passkeys do not work at this address. Please open " + a.origin + " instead.")
	other.fills("login-username", ada, "login-password", pagewalk.Password)
	other.presses("login")
	other.isAt("/account")
	other.follows("Add a passkey")
	other.clicksHere(byPasskey)
	other.waitsFor("Passkeys do not work at this address.")
}

// Without scripts a sentence stands in place of the button, and everything else
// is there.
func TestPasskeysWithoutScripts(t *testing.T) {
	t.Parallel()
	a := newApp(t, frameworks[1].root, "", nil)
	a.Add(t, ada, nil)
	p := a.person(t, chromium.Start(t), setting{320, 640, true, false})
	const says = "Passkeys need JavaScript"
	p.opens("/login")
	p.reads(says, "!Log in with a passkey")
	p.logsIn(ada)
	p.isAt("/account")
	p.reads("!" + says)
	p.follows("Add a passkey")
	p.reads(says)
	p.opens("/prove?next=/account")
	p.fills("password-password", pagewalk.Password)
	p.presses("password")
	p.isAt("/account")
}

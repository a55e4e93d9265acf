package pages_test

import (
	"testing"
	"testing/fstest"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/latchkey-go/latchkey/integration/chromium"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// The browser's language is that of the pages, until somebody chooses another
// one at their foot. One that is written from right to left turns them around.
func TestLanguagesInABrowser(t *testing.T) {
	t.Parallel()
	a := newApp(t, frameworks[1].root, "", func(o *pagewalk.Options) {
		o.Pages.Locales = fstest.MapFS{"ar.json": {Data: []byte(`{"language": "العربية", "title.login": "تسجيل الدخول",
			"field.username": "البريد الإلكتروني", "submit.login": "تسجيل الدخول"}`)}}
	})
	a.Add(t, ada, nil)
	p := a.person(t, chromium.Start(t), setting{390, 844, true, true})
	p.prefers("de-AT,de;q=0.9,en;q=0.5")
	p.opens("/login")
	p.reads("Anmelden", "Passwort vergessen?", "Anzeigen", "!Log in")
	p.sends("login", "login-username", ada, "login-password", "falsch")
	p.reads("Fehler: Anmelden", "Die Adresse oder das Passwort stimmt nicht.")
	p.clicks(`button[lang="en"]`)
	p.reads("Log in", "!Anmelden")
	p.clicks(`button[lang="de"]`)
	p.sends("login", "login-username", ada, "login-password", pagewalk.Password)
	p.reads("Ihr Konto", "dieses Gerät")
	p.clicks(`form[action="/logout"] button`)
	p.reads("Sie sind abgemeldet.")

	p.clicks(`button[lang="ar"]`)
	p.reads("تسجيل الدخول", "Forgot your password?") // what a catalogue lacks is English
	for _, width := range []int64{320, 1280} {
		p.sees(setting{width, 844, false, true})
		p.fits()
		p.hasScripts(true)
		var box struct {
			Dir                 string
			Label, Field, Shows []float64 // left and right
		}
		p.do(chromedp.Evaluate(`(() => {
			const at = (selector) => {
				const range = document.createRange(), e = document.querySelector(selector);
				range.selectNodeContents(e);
				const box = (e.matches("label") ? range : e).getBoundingClientRect();
				return [box.left, box.right];
			};
			return {
				dir: document.dir, label: at("label[for=login-password]"), field: at("#login-password"), shows: at(".lk-password button"),
			};
		})()`, &box))
		if box.Dir != "rtl" || box.Label[1] != box.Field[1] || box.Shows[0]-box.Field[0] > 8 {
			t.Errorf("%d pixels: the page is laid out %s: %v", width, box.Dir, box)
		}
	}
}

// prefers sets what the browser says in Accept-Language.
func (p *person) prefers(languages string) {
	p.t.Helper()
	p.do(network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": languages}))
}

// German has the longest words, and fits the smallest phone too.
func TestGermanOnASmallPhone(t *testing.T) {
	t.Parallel()
	a := newApp(t, frameworks[1].root, "", nil)
	a.Add(t, ada, nil)
	p := a.person(t, chromium.Start(t), setting{320, 640, true, true})
	p.prefers("de")
	device := p.hasAuthenticator()
	p.logsIn(ada)
	p.opens("/account/passkeys")
	p.clicksHere(byPasskey)
	device.answers()
	p.reads("Der Passkey ist hinzugefügt.", "Immer nach einem Passkey fragen")
	p.presses("add-totp")
	p.fills("totp-code", appCode(t, p.secret(), 0))
	p.presses("totp")
	p.presses("codes")
	p.reads("nicht noch einmal")
	p.opens("/account")
	p.clicks(`a[href*="/account/factors/"]`)
	p.reads("Benennen")
	p.opens("/prove")
	p.reads("Passkey verwenden")
}

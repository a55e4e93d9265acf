package pages_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/chromium"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// Somebody without a mouse registers, goes to the profile and logs out.
func TestKeyboardAlone(t *testing.T) {
	t.Parallel()
	browser := chromium.Start(t)
	for _, scripts := range []bool{true, false} {
		a := newApp(t, frameworks[1].root, "", nil)
		p := a.person(t, browser, setting{1280, 900, false, scripts})
		p.opens("/login")
		p.hasFocus("login-username")
		p.tabsTo(`a[href^="/register"]`)
		p.enters()
		p.hasFocus("register-email")
		p.types("ada", kb.Tab, pagewalk.Password)
		p.tabsTo("#register-newsletter")
		p.types(" ") // which ticks it
		p.enters()
		p.reads("Error:", "Please fill this in")
		p.hasFocus("register-email") // the first one that is wrong
		p.types(kb.End, "@example.org")
		p.tabsTo("#register-password")
		p.types(pagewalk.Password)
		p.tabsTo("#register-full_name")
		p.types("Ada Lovelace")
		p.enters()
		p.isAt("/account")
		if u := a.Of(t, ada); !u.Newsletter {
			t.Error("the box that was ticked is not")
		}
		p.skips()
		p.tabsTo("#profile-full_name")
		p.types(kb.End, " King")
		p.tabsTo("#profile .lk-button")
		p.enters()
		p.reads("Saved.", "Ada Lovelace King")
		p.opens(a.Mail(t, core.MailVerify))
		p.tabsTo("#verify .lk-button")
		p.enters()
		p.reads("Your address is confirmed.")
		p.tabsTo(`form[action="/logout"] button`)
		p.enters()
		p.reads("You are logged out.")
	}
}

// Somebody without a mouse adds a passkey, and logs in with it.
func TestPasskeysByKeyboardAlone(t *testing.T) {
	t.Parallel()
	a := newApp(t, frameworks[1].root, "", nil)
	a.Add(t, ada, nil)
	p := a.person(t, chromium.Start(t), setting{1280, 900, false, true})
	device := p.hasAuthenticator()
	p.logsIn(ada)
	p.tabsTo(`a[href="/account/passkeys"]`)
	p.enters()
	p.tabsTo("#passkey-label")
	p.types("the key", kb.Enter)
	device.answers()
	p.isAt("/account#factors")
	p.opens("/account")
	p.tabsTo(`form[action="/logout"] button`)
	p.enters()
	p.tabsTo(byPasskey)
	p.types(kb.Enter)
	device.answers()
	p.isAt("/account")
	p.reads("the key")
}

func (p *person) types(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.do(chromedp.KeyEvent(text))
	}
}

// enters presses Enter, which leads to another page.
func (p *person) enters() {
	p.t.Helper()
	p.loads("Enter", chromedp.KeyEvent(kb.Enter))
}

// tabsTo presses Tab until an element has the focus. Whatever has it on the way
// can be seen, and that it has the focus too (WCAG 2.2, 2.4.7 and 2.4.11).
func (p *person) tabsTo(selector string) {
	p.t.Helper()
	var on string
	for range 60 {
		p.types(kb.Tab)
		var seen struct {
			Is, Visible, Marked bool
			Element             string
		}
		p.do(chromedp.Evaluate(`(() => {
			const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
			const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
			return {
				is: e.matches(`+"`"+selector+"`"+`), element: e.outerHTML.slice(0, 200),
				visible: box.top >= 0 && box.bottom <= innerHeight && box.width > 0 && (at === e || e.contains(at)),
				marked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
			};
		})()`, &seen))
		if on = seen.Element; on != "" && (!seen.Visible || !seen.Marked) {
			p.t.Errorf("%s has the focus: it is visible %v, with a mark %v", on, seen.Visible, seen.Marked)
		}
		if seen.Is {
			return
		}
	}
	p.t.Fatalf("Tab does not lead to %s, and last to %s", selector, on)
}

// skips begins at the top of the page, and follows the first link there, which
// skips what is the same on all pages.
func (p *person) skips() {
	p.t.Helper()
	var first string
	p.do(chromedp.Evaluate(`document.activeElement.blur()`, nil))
	p.tabsTo(`.lk-skip[href="#main"]`)
	p.do(chromedp.KeyEvent(kb.Enter), chromedp.Evaluate(`document.activeElement.id`, &first))
	if first != "main" {
		p.t.Errorf("the link leads to %q", first)
	}
}

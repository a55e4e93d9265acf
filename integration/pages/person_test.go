package pages_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/latchkey-go/latchkey/integration/chromium"
)

// person is somebody at a window of a browser.
type person struct {
	t   *testing.T
	app *app
	ctx context.Context

	mu   sync.Mutex
	seen []string // what the browser complains about
}

// watch collects what the browser complains about, and checks at the end that
// there is nothing: no violation of the policy, no error of a script, no
// request to another origin but for the provider's pages.
func (p *person) watch() {
	p.t.Helper()
	chromedp.ListenTarget(p.ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if e.Entry.Source != log.SourceNetwork { // which are statuses
				p.note("%s: %s", e.Entry.Source, e.Entry.Text)
			}
		case *audits.EventIssueAdded:
			if e.Issue.Code != audits.InspectorIssueCodeBounceTrackingIssue { // it is about sites between two others
				p.note("issue: %s", e.Issue.Code)
			}
		case *runtime.EventExceptionThrown:
			p.note("script: %s", e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			p.note("console: %s", e.Type)
		case *network.EventRequestWillBeSent:
			if !p.app.mayAsk(e) {
				p.note("a request to %s", e.Request.URL)
			}
		}
	})
	chromium.Run(p.t, p.ctx, audits.Enable())
	p.t.Cleanup(func() {
		if complaints := p.complaints(); len(complaints) > 0 {
			p.t.Errorf("the browser complains:\n%s", strings.Join(complaints, "\n"))
		}
	})
}

// mayAsk reports whether a request stays at the application, or is the
// provider's page or of it. What browsers draw in fields of their own is data.
func (a *app) mayAsk(e *network.EventRequestWillBeSent) bool {
	of := func(url, origin string) bool { return strings.HasPrefix(url, origin+"/") }
	return of(e.Request.URL, a.origin) || of(e.Request.URL, "data:image") ||
		of(e.Request.URL, a.provider) && (e.Type == network.ResourceTypeDocument || of(e.DocumentURL, a.provider))
}

func (p *person) note(format string, values ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, fmt.Sprintf(format, values...))
}

// complaints returns what was collected, and forgets it.
func (p *person) complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := slices.Compact(p.seen)
	p.seen = nil
	return all
}

func (p *person) do(actions ...chromedp.Action) {
	p.t.Helper()
	chromium.Run(p.t, p.ctx, actions...)
}

// sees sets the size of the window, and whether scripts run in it.
func (p *person) sees(s setting) {
	p.t.Helper()
	p.do(emulation.SetDeviceMetricsOverride(s.width, s.height, 1, s.mobile),
		emulation.SetScriptExecutionDisabled(!s.scripts))
}

// loadTime is for one page, on a machine that is busy.
const loadTime = time.Minute

// loads does what makes another page load, and checks that page.
func (p *person) loads(what string, actions ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, loadTime)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
	p.fits()
}

// fits checks that nobody has to scroll sideways.
func (p *person) fits() {
	p.t.Helper()
	var over int
	var at string
	p.do(chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &over),
		chromedp.Location(&at))
	if over > 0 {
		p.t.Errorf("%s is wider than the window by %d pixels", at, over)
	}
}

// opens goes to a page by its address.
func (p *person) opens(path string) {
	p.t.Helper()
	p.loads(path, chromedp.Navigate(p.app.origin+p.app.Prefix+path))
}

// follows a link by its text.
func (p *person) follows(text string) {
	p.t.Helper()
	p.loads(text, chromedp.Click(`//a[contains(normalize-space(), "`+text+`")]`, chromedp.BySearch))
}

// fills types into fields, given their IDs, in pairs, in place of what they
// have.
func (p *person) fills(pairs ...string) {
	p.t.Helper()
	for pair := range slices.Chunk(pairs, 2) {
		p.do(chromedp.Clear("#"+pair[0], chromedp.ByQuery), chromedp.SendKeys("#"+pair[0], pair[1], chromedp.ByQuery))
	}
}

// presses the button of a form, given its ID.
func (p *person) presses(form string) {
	p.t.Helper()
	p.loads(form, chromedp.Click("form#"+form+" > .lk-button", chromedp.ByQuery))
}

// clicks what a selector finds, which loads another page.
func (p *person) clicks(selector string) {
	p.t.Helper()
	p.loads(selector, chromedp.Click(selector, chromedp.ByQuery))
}

// reads checks the page's texts; one that begins with ! it must not have.
func (p *person) reads(texts ...string) {
	p.t.Helper()
	var at, title, shown string
	p.do(chromedp.Location(&at), chromedp.Title(&title),
		chromedp.Evaluate(`document.body.innerText + [...document.querySelectorAll("input")].map((i) => "\n" + i.value).join("")`,
			&shown))
	shown = title + "\n" + shown
	for _, text := range texts {
		text, not := strings.CutPrefix(text, "!")
		if strings.Contains(shown, text) == not {
			p.t.Fatalf("%s: has the page %q? %v, want %v\n%s", at, text, !not, not, shown)
		}
	}
}

// isAt checks the address of the page.
func (p *person) isAt(path string) {
	p.t.Helper()
	var at string
	p.do(chromedp.Location(&at))
	if want := p.app.origin + p.app.Prefix + path; at != want {
		p.t.Fatalf("the browser is at %s, want %s", at, want)
	}
}

// hasFocus checks which element has the focus, by its ID.
func (p *person) hasFocus(id string) {
	p.t.Helper()
	var focused string
	p.do(chromedp.Evaluate(`document.activeElement?.id ?? ""`, &focused))
	if focused != id {
		p.t.Errorf("%q has the focus, want %q", focused, id)
	}
}

// hasScripts checks whether the page's script has run, by the buttons that show
// passwords.
func (p *person) hasScripts(want bool) {
	p.t.Helper()
	var shows int
	p.do(chromedp.Evaluate(`document.querySelectorAll(".lk-password button").length`, &shows))
	if (shows > 0) != want {
		p.t.Fatalf("there are %d buttons to show a password; scripts run: %v", shows, want)
	}
}

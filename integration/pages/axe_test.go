package pages_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/latchkey-go/latchkey/integration/chromium"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// readAxe returns the script of axe-core.
func readAxe(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("LATCHKEY_TEST_AXE")
	if folder == "" {
		t.Fatal("LATCHKEY_TEST_AXE, the folder of axe-core's node_modules, is not set: run make test, or this test by tools/servers")
	}
	text, err := os.ReadFile(filepath.Join(folder, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + ";0"
}

// finding is a violation that axe has found.
type finding struct {
	Rule, Impact, Help string
	Where              []string
}

// runAxe runs all rules but the experimental ones, and the size of targets
// (WCAG 2.2, 2.5.8), which is not among the default ones. It sends no requests.
const runAxe = `axe.run(document, {preload: false, resultTypes: ["violations"], rules: {"target-size": {enabled: true}}}).then((r) =>
	r.violations.map((v) => ({rule: v.id, impact: v.impact ?? "", help: v.help, where: v.nodes.map((n) => n.html.slice(0, 300))})))`

// axe returns what is wrong with the page that somebody is at.
func (p *person) axe(script string) (found []finding) {
	p.t.Helper()
	p.do(chromedp.Evaluate(script, nil),
		chromedp.Evaluate(runAxe, &found, func(e *runtime.EvaluateParams) *runtime.EvaluateParams {
			return e.WithAwaitPromise(true)
		}))
	return found
}

// in sets the color scheme that somebody prefers.
func (p *person) in(scheme string) {
	p.t.Helper()
	p.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme},
	}))
}

// Every page, in both color schemes, on a small phone and on a desk: a color
// depends on the scheme alone, and the size of a target on the window alone, so
// that half of the pairs is enough, but for the long run.
func TestAxeFindsNothing(t *testing.T) {
	t.Parallel()
	script := readAxe(t)
	g := newGallery(t, newApp(t, frameworks[1].below, nested, nil), setting{320, 640, true, true})
	for _, s := range stops() {
		p := s.shows(g)
		for i, size := range []setting{{320, 640, true, true}, {1280, 900, false, true}} {
			p.sees(size)
			p.fits()
			for j, scheme := range []string{"light", "dark"} {
				if i == j && !long.Run() {
					continue
				}
				p.in(scheme)
				for _, f := range p.axe(script) {
					t.Errorf("%s, %d pixels, %s: %s (%s): %s\n%s", s.name, size.width, scheme, f.Rule, f.Impact, f.Help,
						strings.Join(f.Where, "\n"))
				}
			}
		}
	}
}

// A label that is missing and a text that is pale make it find something.
func TestAxeFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	script := readAxe(t)
	a := newApp(t, frameworks[1].below, nested, func(o *pagewalk.Options) {
		o.Pages.Templates = fstest.MapFS{"field.html": {Data: []byte(`<input id="{{.ID}}" type="{{.Type}}">`)}}
	})
	p := a.person(t, chromium.Start(t), setting{1280, 900, false, true})
	for rule, spoil := range map[string]string{
		"label":          `0`,
		"color-contrast": `document.querySelector("h1").style.color = "#bbb"`,
		"target-size":    `document.querySelectorAll("footer button").forEach((b) => b.style.cssText = "all: unset; font-size: 6px")`,
	} {
		p.opens("/login")
		p.do(chromedp.Evaluate(spoil, nil))
		found := p.axe(script)
		if !slices.ContainsFunc(found, func(f finding) bool {
			return f.Rule == rule && slices.Contains([]string{"serious", "critical"}, f.Impact)
		}) {
			t.Errorf("axe finds %v, and not %s", found, rule)
		}
	}
}

package browser_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/latchkey-go/latchkey/integration/chromium"
)

// newBrowser starts a browser of its own, which exits with the test.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	return chromium.Start(t).Visitor(t, time.Minute)
}

func run(t *testing.T, ctx context.Context, actions ...chromedp.Action) {
	t.Helper()
	chromium.Run(t, ctx, actions...)
}

// Without a font, no link can be clicked.
func TestTextHasASize(t *testing.T) {
	var width float64
	run(t, newBrowser(t),
		chromedp.Navigate("data:text/html,<span>Hello</span>"),
		chromedp.Evaluate(`document.querySelector("span").getBoundingClientRect().width`, &width))
	if width < 5 {
		t.Errorf("the word Hello is %v pixels wide: the browser finds no font (fc-list lists them)", width)
	}
}

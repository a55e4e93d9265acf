package browser_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// signIn follows a link of the application and goes through the provider's
// pages as a person does.
func signIn(t *testing.T, ctx context.Context, a *app, link, person string) {
	t.Helper()
	run(t, ctx, chromedp.Navigate(a.url+"/"), chromedp.Click(`//a[.="`+link+`"]`, chromedp.BySearch))
	atProvider(t, ctx, person)
}

// atProvider goes through the provider's pages.
func atProvider(t *testing.T, ctx context.Context, person string) {
	t.Helper()
	run(t, ctx,
		chromedp.WaitVisible(`//button[.="login"]`, chromedp.BySearch),
		chromedp.SendKeys(`input[name="username"]`, person, chromedp.ByQuery),
		chromedp.SendKeys(`input[name="password"]`, password, chromedp.ByQuery))
	wantCookies(t, ctx, "__Host-latchkey-oauth-")
	run(t, ctx,
		chromedp.Click(`//button[.="login"]`, chromedp.BySearch),
		chromedp.WaitVisible(`//button[.="consent"]`, chromedp.BySearch),
		chromedp.Click(`//button[.="consent"]`, chromedp.BySearch))
}

// wantCookies checks which of Latchkey's cookies the browser keeps, by the
// beginnings of their names, and that it protects them.
func wantCookies(t *testing.T, ctx context.Context, prefixes ...string) {
	t.Helper()
	var found []*network.Cookie
	run(t, ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		window := chromedp.FromContext(ctx)
		ask := storage.GetCookies().WithBrowserContextID(window.BrowserContextID)
		found, err = ask.Do(cdp.WithExecutor(ctx, window.Browser))
		return err
	}))
	found = slices.DeleteFunc(found, func(c *network.Cookie) bool { return c.Domain != "localhost" || isKnown(t, c) })
	if len(found) != len(prefixes) {
		t.Errorf("the browser keeps %d cookies of the application, want %q", len(found), prefixes)
		return
	}
	for i, c := range found {
		if !strings.HasPrefix(c.Name, prefixes[i]) || !c.Secure || !c.HTTPOnly || c.SameSite != network.CookieSameSiteLax ||
			c.Path != "/" {
			t.Errorf("the browser keeps %+v, want %s… that is Secure, HttpOnly, SameSite=Lax", c, prefixes[i])
		}
	}
}

// isKnown reports whether a cookie is that of a known browser, which outlives a
// login.
func isKnown(t *testing.T, c *network.Cookie) bool {
	t.Helper()
	if c.Name != "__Host-latchkey-known" {
		return false
	}
	if !c.Secure || !c.HTTPOnly || c.SameSite != network.CookieSameSiteLax || c.Path != "/" {
		t.Errorf("the browser keeps %+v", c)
	}
	return true
}

// wantCallbacks checks how the browser has come back from the provider since
// the last call.
func (a *app) wantCallbacks(t *testing.T, want ...string) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Equal(a.callbacks, want) {
		t.Errorf("the callbacks were %q, want %q", a.callbacks, want)
	}
	a.callbacks = nil
}

func TestAPersonSignsInAtAnotherSite(t *testing.T) {
	a := newApp(t)
	t.Run("and out again", func(t *testing.T) {
		ctx := newBrowser(t)
		signIn(t, ctx, a, "Sign in", "ada")
		wantPage(t, ctx, a.url+"/app", "Hello ada@example.org")
		a.wantCallbacks(t, "GET cross-site, 1 cookies")
		wantCookies(t, ctx, "__Host-latchkey")
		run(t, ctx, chromedp.Click("#sign-out", chromedp.ByQuery))
		wantPage(t, ctx, a.url+"/", "Welcome")
		wantCookies(t, ctx)
		var body string
		run(t, ctx, chromedp.Navigate(a.url+"/app"), chromedp.Text("body", &body, chromedp.ByQuery))
		if !strings.Contains(body, "Unauthorized") {
			t.Errorf("after the sign-out the page says %q", body)
		}
	})
	// The browser sends no Lax cookie with a post from another site. The
	// callback responds with a redirect to itself, where it does.
	t.Run("by an answer that the browser posts", func(t *testing.T) {
		ctx := newBrowser(t)
		signIn(t, ctx, a, "Sign in by a form", "bob")
		wantPage(t, ctx, a.url+"/app", "Hello bob@example.org")
		a.wantCallbacks(t, "POST cross-site, 0 cookies", "GET cross-site, 1 cookies")
		wantCookies(t, ctx, "__Host-latchkey")
	})
	t.Run("and the page exchanges its code for a token", func(t *testing.T) {
		ctx := newBrowser(t)
		signIn(t, ctx, a, "Sign in for a token", "ada")
		wantPage(t, ctx, a.url+"/spa", "Hello ada@example.org")
		wantCookies(t, ctx)
	})
}

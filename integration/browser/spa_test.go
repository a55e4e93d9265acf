package browser_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
)

// frontEnd is a page over spa/session.js.
const frontEnd = `<main>Loading</main>
	<form id="log-in"><input name="email"><input name="password" type="password"><button>Log in</button></form>
	<button id="rename">Rename</button><button id="link">Link</button><button id="log-out">Log out</button>
	<script type="module">
		import { call, change, link, logIn, logOut, me } from "/session.js";
		const show = (text) => { document.querySelector("main").textContent = text; };
		const greet = async () => {
			const person = await me(), accounts = await call("GET", "/auth/accounts");
			show(["Hello", person.name, ...accounts.map((account) => account.oauth_name)].join(" "));
		};
		const doing = (step) => async (event) => {
			event?.preventDefault();
			try { await step(); } catch (error) { if (error.status !== 401) show("Failed: " + error.message); }
		};
		addEventListener("logged-out", () => show("Log in, please"));
		const form = document.getElementById("log-in");
		form.onsubmit = doing(() => {
			show("Logging in");
			return logIn(form.email.value, form.password.value).then(greet);
		});
		document.getElementById("rename").onclick = doing(() => change({ name: "Countess" }).then(greet));
		document.getElementById("link").onclick = doing(() => link("acme"));
		document.getElementById("log-out").onclick = doing(() => logOut().then(greet));
		doing(greet)();
	</script>`

// served is an API, and the page on an origin of its own, at localhost.
type served struct {
	auth      *latchkey.Auth[person]
	page, api string
}

// serveFrontEnd lets the page's origins, of the page as URL, use the API.
func serveFrontEnd(t *testing.T, allowed func(url string) []string) served {
	t.Helper()
	pages := http.NewServeMux()
	page(pages, "/{$}", frontEnd)
	front := httptest.NewServer(pages)
	t.Cleanup(front.Close)
	origins := allowed(front.URL)

	routes := http.NewServeMux()
	api := httptest.NewServer(allowOrigins(routes, origins...))
	t.Cleanup(api.Close)
	auth := cookieApp(t, atLocalhost(api.URL), origins...)
	httpauth.Mount(routes, "/auth/web", auth.Login("web"))
	httpauth.Mount(routes, "/auth/associate/acme", auth.Associate("acme"))
	httpauth.Mount(routes, "/auth", auth.Accounts())
	httpauth.Mount(routes, "/users", auth.Users())
	t.Cleanup(func() { _ = auth.Close(context.WithoutCancel(t.Context())) })
	s := served{auth, atLocalhost(front.URL), atLocalhost(api.URL)}
	script(t, pages, "session.js", s.api)
	return s
}

func atLocalhost(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }

// fillIn logs in by the page's form.
func fillIn(t *testing.T, ctx context.Context) {
	t.Helper()
	run(t, ctx,
		chromedp.SetValue(`input[name="email"]`, "ada@example.org", chromedp.ByQuery),
		chromedp.SetValue(`input[name="password"]`, password, chromedp.ByQuery),
		chromedp.Click("#log-in button", chromedp.ByQuery))
}

// To a browser the two ports of localhost are two origins of one site, as
// app.example.com and api.example.com are.
func TestAFrontEndOnASiblingOrigin(t *testing.T) {
	s := serveFrontEnd(t, func(url string) []string { return []string{atLocalhost(url)} })
	ctx, home := newBrowser(t), s.page+"/"
	run(t, ctx, chromedp.Navigate(home))
	wantPage(t, ctx, home, "Log in, please") // 401
	fillIn(t, ctx)
	wantPage(t, ctx, home, "Hello Ada")
	wantCookies(t, ctx, "__Host-latchkey")
	run(t, ctx, chromedp.Click("#rename", chromedp.ByQuery)) // PATCH, after a preflight
	wantPage(t, ctx, home, "Hello Countess")
	run(t, ctx, chromedp.Reload())
	wantPage(t, ctx, home, "Hello Countess")
	run(t, ctx, chromedp.Click("#link", chromedp.ByQuery)) // to another site, and back
	wantPage(t, ctx, home, "Hello Countess acme")
	wantCookies(t, ctx, "__Host-latchkey")

	// The login ends elsewhere.
	ada, err := s.auth.Manager().FindByEmail(t.Context(), "ada@example.org")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.auth.Manager().EndSessions(t.Context(), ada.ID); err != nil {
		t.Fatal(err)
	}
	run(t, ctx, chromedp.Click("#rename", chromedp.ByQuery))
	wantPage(t, ctx, home, "Log in, please")

	fillIn(t, ctx)
	wantPage(t, ctx, home, "Hello Countess acme")
	run(t, ctx, chromedp.Click("#log-out", chromedp.ByQuery))
	wantPage(t, ctx, home, "Log in, please")
	wantCookies(t, ctx)
}

// What the settings are for: without each of them the same page gets nowhere.
func TestAFrontEndThatIsNotAllowed(t *testing.T) {
	t.Run("an origin that is on no list reads nothing", func(t *testing.T) {
		s := serveFrontEnd(t, func(string) []string { return []string{"http://localhost:1"} })
		ctx, home := newBrowser(t), s.page+"/"
		run(t, ctx, chromedp.Navigate(home))
		wantPage(t, ctx, home, "Failed: Failed to fetch")
		fillIn(t, ctx)
		wantPage(t, ctx, home, "Failed: Failed to fetch")
		wantCookies(t, ctx)
	})
	t.Run("on another site no Lax cookie arrives", func(t *testing.T) {
		s := serveFrontEnd(t, func(url string) []string { return []string{url} })
		ctx, home := newBrowser(t), strings.Replace(s.page, "localhost", "127.0.0.1", 1)+"/"
		run(t, ctx, chromedp.Navigate(home))
		wantPage(t, ctx, home, "Log in, please")
		fillIn(t, ctx)
		wantPage(t, ctx, home, "Log in, please") // 204, and the browser has dropped the cookie
		wantCookies(t, ctx)
	})
}

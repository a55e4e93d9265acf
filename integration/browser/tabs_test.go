package browser_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/jwt"
	"github.com/latchkey-go/latchkey/strategies/refresh"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// tabbed is a page over spa/renewing.js or spa/tabs.js.
const tabbed = `<main>Loading</main><script type="module">
	import { call, logIn, logOut, prove } from "/client.js";
	const show = (text) => { document.querySelector("main").textContent = text; };
	const doing = (step) => async () => {
		show("Waiting");
		try { await step(); } catch (error) { show(error.status === 401 ? "Logged out" : "Failed: " + error.message); }
	};
	// A browser sends one request at a time to one URL that it might cache.
	const me = () => call("GET", "/users/me?" + crypto.randomUUID());
	const greet = doing(async () => show("Hello " + (await me()).name));
	addEventListener("logged-in", greet);
	addEventListener("logged-out", () => show("Logged out"));
	Object.assign(window, {
		greet, logOut: doing(logOut), prove: doing(() => prove("` + password + `").then(() => show("Proved"))),
		logIn: doing(() => logIn("ada@example.org", "` + password + `")),
	});
	greet();
</script>`

// renewed is an API of two backends with refresh tokens, and a page on another
// origin of its site over one of them.
type renewed struct {
	*crossing
	auth      *latchkey.Auth[person]
	page, api string
	elapsed   atomic.Int64
}

func (r *renewed) now() time.Time { return time.Now().Add(time.Duration(r.elapsed.Load())) }

// expire lets the access tokens expire, and the grace end.
func (r *renewed) expire() { r.elapsed.Add(int64(11 * time.Minute)) }

func serveTabs(t *testing.T, client string) *renewed {
	t.Helper()
	pages, routes := http.NewServeMux(), http.NewServeMux()
	page(pages, "/{$}", tabbed)
	front := httptest.NewServer(pages)
	t.Cleanup(front.Close)
	r := &renewed{page: atLocalhost(front.URL) + "/"}
	r.crossing = &crossing{Handler: allowOrigins(routes, atLocalhost(front.URL)), meetings: map[string]*meeting{}}
	r.taken()
	api := httptest.NewServer(r.crossing)
	t.Cleanup(api.Close)
	r.api = atLocalhost(api.URL)
	r.newAuth(t, atLocalhost(front.URL))
	for _, backend := range []string{"page", "app"} {
		httpauth.Mount(routes, "/auth/"+backend, r.auth.Login(backend), r.auth.Factors(backend))
	}
	httpauth.Mount(routes, "/users", r.auth.Users())
	scriptAs(t, pages, client, "client.js", r.api)
	return r
}

func (r *renewed) newAuth(t *testing.T, origin string) {
	t.Helper()
	key, err1 := jwt.HS256("2026-05", []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"))
	access, err2 := jwt.New(jwt.Options{Keys: []jwt.Key{key}, Lifetime: 10 * time.Minute, Now: r.now})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	strategy, err1 := refresh.New(memstore.NewSessions(r.now), access, refresh.Options{Now: r.now})
	cookies, err2 := cookie.New(cookie.Options{RefreshPath: "/auth/page", TrustedOrigins: []string{origin}, Now: r.now})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	r.auth, err1 = latchkey.New(memstore.NewUsers[person](), latchkey.Options[person]{
		Backends: []latchkey.Backend{
			{Name: "page", Transport: cookies, Strategy: strategy},
			{Name: "app", Transport: bearer.New(bearer.Options{Now: r.now}), Strategy: strategy},
		},
		BaseURL: r.api, Now: r.now,
	})
	if err1 != nil {
		t.Fatal(err1)
	}
	t.Cleanup(func() { _ = r.auth.Close(context.WithoutCancel(t.Context())) })
	ada := &person{User: latchkey.User{Email: "ada@example.org", IsActive: true}, Name: "Ada"}
	if err := r.auth.Manager().Create(t.Context(), ada, password); err != nil {
		t.Fatal(err)
	}
}

// wantRenewed checks the renewals since the last call: of one login, with one
// successor for all.
func (r *renewed) wantRenewed(t *testing.T, what string, answers, atOnce int) {
	t.Helper()
	is := r.taken()
	good := is.statuses[http.StatusOK] + is.statuses[http.StatusNoContent]
	if good != is.answers || good < 1 || good > answers || len(is.tokens) != 1 || is.atOnce != atOnce {
		t.Errorf("%s: %d renewals, %d of them at once, with %d refresh tokens: %v; want at most %d, %d and 1", what,
			is.answers, is.atOnce, len(is.tokens), is.statuses, answers, atOnce)
	}
	ada, err1 := r.auth.Manager().FindByEmail(t.Context(), "ada@example.org")
	if err1 != nil {
		t.Fatal(err1)
	}
	if logins, err := r.auth.Manager().Sessions(t.Context(), ada.ID); err != nil || len(logins) != 1 {
		t.Errorf("%s: %d logins, %v", what, len(logins), err)
	}
}

// tabs are two of one window.
type tabs [2]context.Context

func newTabs(t *testing.T, home string) (both tabs) {
	t.Helper()
	both[0] = newBrowser(t)
	run(t, both[0], chromedp.Navigate(home)) // which opens the window
	second, cancel := chromedp.NewContext(both[0])
	t.Cleanup(cancel)
	both[1] = second
	run(t, both[1], chromedp.Navigate(home))
	return both
}

// awaited waits for the promise that a script returns.
func awaited(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }

// do calls a function of the page in both tabs.
func (both tabs) do(t *testing.T, call string) {
	t.Helper()
	for _, tab := range both {
		run(t, tab, chromedp.Evaluate(call, nil))
	}
}

func (both tabs) want(t *testing.T, home, text string) {
	t.Helper()
	for _, tab := range both {
		wantPage(t, tab, home, text)
	}
}

// begin logs in in one tab, and the other one learns of it.
func (r *renewed) begin(t *testing.T) tabs {
	t.Helper()
	both := newTabs(t, r.page)
	both.want(t, r.page, "Logged out")
	run(t, both[0], chromedp.Evaluate("logIn()", nil))
	both.want(t, r.page, "Hello Ada")
	r.taken()
	return both
}

var tabClients = map[string]string{"by cookie": "renewing.js", "by bearer token": "tabs.js"}

// TestAttackT02TabsOfABrowser: two tabs of one login, whose access tokens have
// expired, get their 401 at the same moment.
func TestAttackT02TabsOfABrowser(t *testing.T) {
	for name, client := range tabClients {
		t.Run(name, func(t *testing.T) {
			r := serveTabs(t, client)
			both := r.begin(t)
			for range 3 {
				r.expire()
				r.meet("me", 2)
				both.do(t, "greet()")
				both.want(t, r.page, "Hello Ada")
				r.wantRenewed(t, "T02 the tabs take turns", 2, 1)
			}

			r.expire()
			r.loseAnswers(2)
			run(t, both[0], chromedp.Evaluate("greet()", nil))
			wantPage(t, both[0], r.page, "Hello Ada")
			r.wantRenewed(t, "T04 answers get lost", 3, 1)
			run(t, both[1], chromedp.Evaluate("greet()", nil))
			both.want(t, r.page, "Hello Ada")

			// A proof has tokens of its own; those of before end.
			r.expire()
			run(t, both[1], chromedp.Evaluate("prove()", nil))
			wantPage(t, both[1], r.page, "Proved")
			if err := r.auth.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			both.do(t, "greet()")
			both.want(t, r.page, "Hello Ada")
			r.wantRenewed(t, "before the proof", 1, 1)
			r.expire()
			both.do(t, "greet()")
			both.want(t, r.page, "Hello Ada")
			r.wantRenewed(t, "after the proof", 2, 1)

			run(t, both[1], chromedp.Reload())
			wantPage(t, both[1], r.page, "Hello Ada")
			r.expire()
			run(t, both[0], chromedp.Evaluate("logOut()", nil))
			both.want(t, r.page, "Logged out")
			both.do(t, "greet()")
			both.want(t, r.page, "Logged out")
			wantCookies(t, both[0])

			run(t, both[1], chromedp.Evaluate("logIn()", nil))
			both.want(t, r.page, "Hello Ada")
		})
	}
}

// TestAttackT02TabsThatDoNotWait: pages that know nothing of each other, as
// most do, renew at the same moment.
func TestAttackT02TabsThatDoNotWait(t *testing.T) {
	r := serveTabs(t, "renewing.js")
	both := r.begin(t)
	for range 3 {
		r.expire()
		r.meet("refresh", 2)
		both.do(t, `fetch("`+r.api+`/auth/page/refresh", { method: "POST", credentials: "include" })
			.then((answer) => { document.querySelector("main").textContent = "Renewed " + answer.status; }); 0`)
		both.want(t, r.page, "Renewed 204")
		r.wantRenewed(t, "T02 both at once", 2, 2)
		both.do(t, "greet()")
		both.want(t, r.page, "Hello Ada")
		if n := r.taken().answers; n != 0 {
			t.Errorf("T02: %d more renewals", n)
		}
	}
}

// TestAttackT01TabOfAThief: a refresh token of before, taken out of a tab, ends
// the login, and both tabs learn of it.
func TestAttackT01TabOfAThief(t *testing.T) {
	r := serveTabs(t, "tabs.js")
	both := r.begin(t)
	r.expire()
	both.do(t, "greet()")
	both.want(t, r.page, "Hello Ada")
	var stolen string
	for token := range r.taken().tokens {
		stolen = token
	}
	r.expire()
	both.do(t, "greet()") // which replaces it
	both.want(t, r.page, "Hello Ada")
	r.expire()
	var status int
	run(t, both[0], chromedp.Evaluate(`fetch("`+r.api+`/auth/app/refresh", { method: "POST",
		body: new URLSearchParams({ refresh_token: "`+stolen+`" }) }).then((answer) => answer.status)`, &status, awaited))
	if status != http.StatusUnauthorized {
		t.Errorf("T01: the thief gets %d", status)
	}
	both.do(t, "greet()")
	both.want(t, r.page, "Logged out")
}

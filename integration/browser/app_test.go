package browser_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/providers"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/bearer"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// Groups of the application: the provider "node" responds with a redirect,
// "post" with a form that the browser posts.
const (
	byCookie = "/auth/cookie/node"
	byPost   = "/auth/cookie/post"
	byToken  = "/auth/app/node"
)

// app is an application with pages. It is at localhost, and its provider at
// 127.0.0.1: to a browser these are two sites.
type app struct {
	auth   *latchkey.Auth[latchkey.User]
	server *httptest.Server
	url    string

	mu        sync.Mutex
	callbacks []string
}

// formPosting is a provider called with response_mode=form_post.
type formPosting struct{ core.Provider }

func (formPosting) Name() string { return "post" }

func (p formPosting) Begin(ctx context.Context, b core.OAuthBegin) (string, error) {
	target, err := p.Provider.Begin(ctx, b)
	return target + "&response_mode=form_post", err
}

func newApp(t *testing.T) *app {
	t.Helper()
	mux := http.NewServeMux()
	a := &app{}
	a.server = httptest.NewUnstartedServer(nil)
	elsewhere := "http://" + a.server.Listener.Addr().String()
	a.server.Config.Handler = a.noteCallbacks(allowOrigins(mux, elsewhere))
	a.server.Start()
	t.Cleanup(a.server.Close)
	a.url = strings.Replace(a.server.URL, "127.0.0.1", "localhost", 1)
	issuer := startProvider(t, a.url+byCookie+"/callback", a.url+byPost+"/callback", a.url+byToken+"/callback")
	node, err1 := providers.OIDC(providers.OIDCOptions{
		Name: "node", Issuer: issuer, ClientID: clientID, ClientSecret: clientSecret, InsecureLoopback: true,
	})
	social, err2 := oauth.New(oauth.Options{
		Accounts: memstore.NewOAuthAccounts(), Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers: []oauth.Provider{{Provider: node}, {Provider: formPosting{node}}}, RedirectOrigins: []string{a.server.URL},
	})
	sessions, err3 := session.New(memstore.NewSessions(nil), session.Options{})
	cookies, err4 := cookie.New(cookie.Options{})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	var err error
	a.auth, err = latchkey.New(memstore.NewUsers[latchkey.User](), latchkey.Options[latchkey.User]{
		Backends: []latchkey.Backend{
			{Name: "cookie", Transport: cookies, Strategy: sessions},
			{Name: "app", Transport: bearer.New(bearer.Options{}), Strategy: sessions},
		},
		Flows: social.Flows(), Tickets: memstore.NewTickets(nil), BaseURL: a.url,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.auth.Close(context.WithoutCancel(t.Context())) })
	a.routes(t, mux)
	return a
}

func (a *app) routes(t *testing.T, mux *http.ServeMux) {
	t.Helper()
	httpauth.Mount(mux, byCookie, a.auth.OAuth("node", "cookie"))
	httpauth.Mount(mux, byPost, a.auth.OAuth("post", "cookie"))
	httpauth.Mount(mux, byToken, a.auth.OAuth("node", "app"))
	httpauth.Mount(mux, "/auth/cookie", a.auth.Login("cookie"))
	httpauth.Mount(mux, "/auth/app", a.auth.Exchange("app"))
	httpauth.Mount(mux, "/users", a.auth.Users())
	page(mux, "/{$}", `<main>Welcome <a href="`+byCookie+`/authorize?redirect_to=/app">Sign in</a>
		<a href="`+byPost+`/authorize?redirect_to=/app">Sign in by a form</a> <a href="`+byToken+`/authorize?redirect_to=/spa">Sign in for a token</a></main>`)
	page(mux, "/spa", `<main></main><script type="module">`+exchangeCode+`</script>`)
	a.elsewhere(t, mux)
	mux.Handle("GET /app", httpauth.Require(a.auth)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := httpauth.CurrentUser[latchkey.User](r)
		writePage(w, `<main>Hello `+html.EscapeString(user.Email)+`</main><button id="sign-out">Sign out</button><script>
			document.getElementById("sign-out").onclick = () => fetch("/auth/cookie/logout", {method: "POST"}).then(() => location = "/")
		</script>`)
	})))
}

// exchangeCode does what docs/guides/oauth.md says for a single-page
// application, and shows whose token it is.
const exchangeCode = `
	const { access_token } = await (await fetch("/auth/app/exchange", {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ code: new URLSearchParams(location.search).get("code") }),
	})).json();
	history.replaceState(null, "", location.pathname);
	const me = await (await fetch("/users/me", { headers: { Authorization: "Bearer " + access_token } })).json();
	document.querySelector("main").textContent = "Hello " + me.email;`

func page(mux *http.ServeMux, path, body string) {
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { writePage(w, body) })
}

func writePage(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, "<!doctype html><title>Application</title>", body)
}

// noteCallbacks records how the browser comes back from the provider.
func (a *app) noteCallbacks(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/callback") {
			a.mu.Lock()
			a.callbacks = append(a.callbacks,
				fmt.Sprintf("%s %s, %d cookies", r.Method, r.Header.Get("Sec-Fetch-Site"), len(r.Cookies())))
			a.mu.Unlock()
		}
		next.ServeHTTP(w, r)
	})
}

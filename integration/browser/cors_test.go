package browser_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/cors"
	"github.com/labstack/echo/v5"
	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/adapters/echoauth"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/adapters/ginauth"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// allowOrigins lets pages of these origins send requests with the cookie and
// read the answers (CORS, the Fetch standard).
func allowOrigins(next http.Handler, origins ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin") // no cache gives one origin's answer to another
		origin := r.Header.Get("Origin")
		if !slices.Contains(origins, origin) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Origin", origin) // never "*", which excludes cookies
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate")
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" { // a preflight
			w.Header().Set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE")
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			w.Header().Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// fiberOrigins is the same on fiber, whose routes are no http.Handler.
func fiberOrigins(app *fiber.App, origins ...string) {
	app.Use(cors.New(cors.Config{
		AllowOrigins:     origins,
		AllowCredentials: true,
		AllowMethods:     []string{"GET", "POST", "PATCH", "DELETE"},
		AllowHeaders:     []string{"Authorization", "Content-Type"},
		ExposeHeaders:    []string{"Retry-After", "WWW-Authenticate"},
		MaxAge:           600,
	}))
}

// person is a user of the front ends below.
type person struct {
	latchkey.User
	Name string `json:"name" auth:"update"`
}

// acme is a provider at another site. Everybody has the same account there.
type acme struct{ url string }

func (acme) Name() string { return "acme" }

func (a acme) Begin(_ context.Context, b core.OAuthBegin) (string, error) {
	return a.url + "?" + url.Values{"state": {b.State}, "redirect_uri": {b.RedirectURI}}.Encode(), nil
}

func (acme) Finish(context.Context, core.OAuthFinish) (core.OAuthIdentity, core.OAuthTokens, error) {
	return core.OAuthIdentity{Subject: "1", Email: "ada@acme.example"}, core.OAuthTokens{}, nil
}

// newAcme starts it at 127.0.0.1. It asks nothing.
func newAcme(t *testing.T) acme {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		back := r.FormValue("redirect_uri") + "?" + url.Values{"state": {r.FormValue("state")}, "code": {"1"}}.Encode()
		http.Redirect(w, r, back, http.StatusFound)
	}))
	t.Cleanup(server.Close)
	return acme{server.URL}
}

// cookieApp is an application with the backend "web", whose cookie these
// origins may send too.
func cookieApp(t *testing.T, baseURL string, origins ...string) *latchkey.Auth[person] {
	t.Helper()
	cookies, err1 := cookie.New(cookie.Options{TrustedOrigins: origins})
	sessions, err2 := session.New(memstore.NewSessions(nil), session.Options{})
	social, err3 := oauth.New(oauth.Options{
		Accounts: memstore.NewOAuthAccounts(), Secret: []byte("k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"),
		Providers: []oauth.Provider{{Provider: newAcme(t)}}, RedirectOrigins: origins,
	})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[person](), latchkey.Options[person]{
		Backends: []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}},
		Flows:    social.Flows(), Tickets: memstore.NewTickets(nil), BaseURL: baseURL,
	})
	if err != nil {
		t.Fatal(err)
	}
	ada := &person{User: latchkey.User{Email: "ada@example.org", IsActive: true}, Name: "Ada"}
	if err := auth.Manager().Create(t.Context(), ada, password); err != nil {
		t.Fatal(err)
	}
	return auth
}

// servers serves the routes on each framework, with CORS around them, and
// returns their URLs.
func servers(t *testing.T, auth *latchkey.Auth[person], origins ...string) map[string]string {
	t.Helper()
	mux, router, e := http.NewServeMux(), chi.NewRouter(), echo.New()
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	httpauth.Mount(mux, "/auth/web", auth.Login("web"))
	httpauth.Mount(mux, "/users", auth.Users())
	chiauth.Mount(router, "/auth/web", auth.Login("web"))
	chiauth.Mount(router, "/users", auth.Users())
	echoauth.Mount(e, "/auth/web", auth.Login("web"))
	echoauth.Mount(e, "/users", auth.Users())
	ginauth.Mount(engine, "/auth/web", auth.Login("web"))
	ginauth.Mount(engine, "/users", auth.Users())
	urls := map[string]string{}
	for name, h := range map[string]http.Handler{"net/http": mux, "chi": router, "echo": e, "gin": engine} {
		server := httptest.NewServer(allowOrigins(h, origins...))
		t.Cleanup(server.Close)
		urls[name] = server.URL
	}

	app := fiber.New(fiber.Config{ErrorHandler: fiberauth.ErrorHandler})
	fiberOrigins(app, origins...)
	fiberauth.Mount(app, "/auth/web", auth.Login("web"))
	fiberauth.Mount(app, "/users", auth.Users())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = app.Listener(ln, fiber.ListenConfig{DisableStartupMessage: true}) }()
	t.Cleanup(func() { _ = app.Shutdown() })
	urls["fiber"] = "http://" + ln.Addr().String()
	return urls
}

const friend, stranger = "https://app.example.com", "https://app.example.com.evil.example"

// What browsers ask before they send a request of another origin, and what
// they look for in the answer.
func TestPreflights(t *testing.T) {
	auth := cookieApp(t, "https://api.example.com", friend)
	for name, api := range servers(t, auth, friend) {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct{ method, path, headers string }{
				{"PATCH", "/users/me", "content-type"}, {"POST", "/auth/web/login", "content-type"},
				{"POST", "/auth/web/logout", ""}, {"GET", "/users/me", "authorization"},
			} {
				got := ask(t, http.MethodOptions, api+c.path, http.Header{"Origin": {friend},
					"Access-Control-Request-Method": {c.method}, "Access-Control-Request-Headers": {c.headers}}, "")
				if got.status != http.StatusNoContent || !allows(got, friend) ||
					!strings.Contains(got.header.Get("Access-Control-Allow-Methods"), c.method) ||
					!strings.Contains(strings.ToLower(got.header.Get("Access-Control-Allow-Headers")), c.headers) {
					t.Errorf("the preflight of %s %s is answered %d %v", c.method, c.path, got.status, got.header)
				}
				got = ask(t, http.MethodOptions, api+c.path, http.Header{"Origin": {stranger},
					"Access-Control-Request-Method": {c.method}, "Access-Control-Request-Headers": {c.headers}}, "")
				if allows(got, stranger) || got.header.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("a stranger's preflight of %s %s is answered %d %v", c.method, c.path, got.status, got.header)
				}
			}
			const body = `{"username": "ada@example.org", "password": "` + password + `"}`
			form := http.Header{"Origin": {friend}, "Content-Type": {"application/json"}, "Sec-Fetch-Site": {"same-site"}}
			got := ask(t, http.MethodPost, api+"/auth/web/login", form, body)
			cookies := len(got.header.Values("Set-Cookie")) // the session's, and a known browser's
			if got.status != http.StatusNoContent || !allows(got, friend) || cookies != 2 ||
				!slices.Contains(got.header.Values("Vary"), "Origin") {
				t.Errorf("a login is answered %d %v", got.status, got.header)
			}
			form.Set("Origin", stranger)
			got = ask(t, http.MethodPost, api+"/auth/web/login", form, body)
			if got.status != http.StatusForbidden || allows(got, stranger) || len(got.header.Values("Set-Cookie")) != 0 {
				t.Errorf("a stranger's login is answered %d %v", got.status, got.header)
			}
			// A 401 can be read too.
			got = ask(t, http.MethodGet, api+"/users/me", http.Header{"Origin": {friend}}, "")
			if got.status != http.StatusUnauthorized || !allows(got, friend) {
				t.Errorf("without a cookie: %d %v", got.status, got.header)
			}
		})
	}
}

// allows reports whether a browser lets a page of an origin read an answer to
// a request with credentials.
func allows(got answer, origin string) bool {
	return got.header.Get("Access-Control-Allow-Origin") == origin &&
		got.header.Get("Access-Control-Allow-Credentials") == "true"
}

// answer is what a preflight is about.
type answer struct {
	status int
	header http.Header
}

func ask(t *testing.T, method, target string, header http.Header, body string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header.Clone()
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	return answer{got.StatusCode, got.Header}
}

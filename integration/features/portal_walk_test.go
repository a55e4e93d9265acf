package features_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/gofiber/fiber/v3"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// visitor is the portal's user type.
type visitor struct {
	latchkey.User
	FullName string `json:"full_name" auth:"register,update"`
	Internal string // not for clients
}

// unhashed is a hasher for tests that are not about hashing.
type unhashed struct{}

func (unhashed) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash("unhashed$" + password), nil
}
func (unhashed) Knows(h core.PasswordHash) bool { return strings.HasPrefix(string(h), "unhashed$") }
func (unhashed) Verify(h core.PasswordHash, password string) (bool, error) {
	return string(h) == "unhashed$"+password, nil
}
func (unhashed) Outdated(core.PasswordHash) bool { return false }

// serves answers a request, through a framework.
type serves func(*http.Request) (*http.Response, error)

func onChi(g core.Group) serves {
	r := chi.NewRouter()
	r.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(core.WithLanguage(r.Context(), r.Header.Get("Accept-Language"))))
		})
	})
	chiauth.Mount(r, "", g)
	return func(r2 *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, r2)
		return w.Result(), nil
	}
}

func onFiber(g core.Group) serves {
	app := fiber.New(fiber.Config{ErrorHandler: fiberauth.ErrorHandler})
	app.Use(func(c fiber.Ctx) error {
		c.SetContext(core.WithLanguage(c.Context(), strings.Clone(c.Get("Accept-Language"))))
		return c.Next()
	})
	fiberauth.Mount(app, "", g)
	return func(r *http.Request) (*http.Response, error) { return app.Test(r, fiber.TestConfig{Timeout: 0}) }
}

// browser is one with cookies.
type browser struct {
	t     *testing.T
	serve serves
	jar   http.CookieJar
	site  string // Sec-Fetch-Site of its posts
}

func (b *browser) ask(method, path, form string, header ...string) (status int, body string, h http.Header) {
	b.t.Helper()
	r := httptest.NewRequest(method, "https://app.example.org"+path, strings.NewReader(form))
	r.Header.Set("Sec-Fetch-Site", b.site)
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for pair := range slices.Chunk(header, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	u := &url.URL{Scheme: "https", Host: "app.example.org", Path: path}
	for _, c := range b.jar.Cookies(u) {
		r.AddCookie(c)
	}
	resp, err := b.serve(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	b.jar.SetCookies(u, resp.Cookies())
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

// sees checks a page's status and that it has the texts.
func (b *browser) sees(method, path, form string, want int, texts ...string) {
	b.t.Helper()
	status, body, h := b.ask(method, path, form)
	for _, text := range texts {
		if !strings.Contains(body, text) {
			b.t.Errorf("%s %s: the page lacks %q:\n%s", method, path, text, body)
		}
	}
	if media := h.Get("Content-Type"); status != want || media != "text/html; charset=utf-8" {
		b.t.Errorf("%s %s: %d %s, want %d and a page\n%s", method, path, status, media, want, body)
	}
}

// sent checks that a request is answered by a redirect.
func (b *browser) sent(method, path, form, to string) {
	b.t.Helper()
	if status, body, h := b.ask(method, path, form); status != http.StatusSeeOther || h.Get("Location") != to {
		b.t.Errorf("%s %s: %d to %q, want a redirect to %q\n%s", method, path, status, h.Get("Location"), to, body)
	}
}

func newPortal(t *testing.T) core.Group {
	t.Helper()
	sessions, err1 := session.New(memstore.NewSessions(nil), session.Options{})
	cookies, err2 := cookie.New(cookie.Options{})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[visitor](), latchkey.Options[visitor]{
		Backends: []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}},
		Flows:    []latchkey.Flow{portal{at: "/portal"}},
		Hashers:  []core.Hasher{unhashed{}},
		Limits:   latchkey.Limits{LoginFailures: []latchkey.Limit{{Events: 3, Window: 1e12}}},
		Log:      slog.New(slog.DiscardHandler),
		Localize: func(ctx context.Context, key string, _ map[string]any) string {
			if core.Language(ctx) == "de" && key == core.CodeLoginBadCredentials {
				return "Adresse oder Passwort stimmt nicht."
			}
			return ""
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(auth.Login("web").At("/auth"), auth.Register().At("/auth"), auth.Users().At("/users"),
		auth.Flow("portal", "web").At("/portal"))
}

func TestAFlowOfPages(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]func(core.Group) serves{"chi": onChi, "fiber": onFiber} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			b := &browser{t, on(newPortal(t)), jar, "same-origin"}
			status, body, _ := b.ask("POST", "/auth/register", `{"email": "ada@example.org", "password": "analytical engine",
				"full_name": "Ada <b>"}`, "Content-Type", "application/json")
			if status != 201 || strings.Contains(body, "Internal") {
				t.Fatalf("registration: %d %s", status, body)
			}
			b.sent("GET", "/portal/account", "", "/portal/login")
			b.sees("GET", "/portal/login", "", 200, `<form method="post" action="/portal/login">`)
			b.sees("POST", "/portal/login", "username=ada%40example.org&password=wrong", 400,
				"LOGIN_BAD_CREDENTIALS", `value="ada@example.org"`)
			status, body, _ = b.ask("POST", "/portal/login", "username=x%40example.org&password=wrong", "Accept-Language", "de")
			if status != 400 || !strings.Contains(body, "Adresse oder Passwort") {
				t.Errorf("in German: %d %s", status, body)
			}
			b.sent("POST", "/portal/login", "username=ada%40example.org&password=analytical+engine", "/portal/account")
			b.sent("GET", "/portal/login", "", "/portal/account")
			b.sees("GET", "/portal/account", "", 200, "<h1>ada@example.org</h1>", `name="full_name" value="Ada &lt;b&gt;"`)
			b.sent("POST", "/portal/account", "full_name=Grace&is_superuser=true", "/portal/account")
			b.sees("GET", "/portal/account", "", 200, `value="Grace"`, `<p role="status">Saved.`)
			b.sees("POST", "/portal/account", "full_name=a&full_name=b", 422, `role="alert"`)
			b.sees("POST", "/portal/login", "", 415, "UNSUPPORTED_MEDIA_TYPE")

			b.site = "cross-site"
			b.sees("POST", "/portal/login", "username=ada%40example.org&password=analytical+engine", 403, "CROSS_ORIGIN_REFUSED")
			b.site = "same-origin"
			if _, body, _ := b.ask("GET", "/users/me", ""); !strings.Contains(body, `"is_superuser":false`) ||
				!strings.Contains(body, `"full_name":"Grace"`) {
				t.Errorf("the account is %s", body)
			}
		})
	}
}

// The limits are those of the API: failures through both count together.
func TestPagesAndAPIShareTheirLimits(t *testing.T) {
	t.Parallel()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t, onChi(newPortal(t)), jar, "same-origin"}
	for range 2 {
		b.sees("POST", "/portal/login", "username=eve%40example.org&password=wrong", 400, "LOGIN_BAD_CREDENTIALS")
	}
	if status, _, _ := b.ask("POST", "/auth/login", "username=eve%40example.org&password=wrong"); status != 400 {
		t.Errorf("the third failure: %d", status)
	}
	b.sees("POST", "/portal/login", "username=eve%40example.org&password=wrong", 429, "RATE_LIMITED")
}

// One list is mounted and documented; pages are not in the document.
func TestOneListIsMountedAndDocumented(t *testing.T) {
	t.Parallel()
	const want = `POST /auth/login No Content
POST /auth/logout No Content web
POST /auth/register Created
GET /users/me OK web
PATCH /users/me OK web
GET /users/{id} OK web
PATCH /users/{id} OK web
DELETE /users/{id} No Content web
GET /users OK web
POST /users/{id}/suspend No Content web
DELETE /users/{id}/suspend No Content web
GET /users/{id}/sessions OK web
DELETE /users/{id}/sessions No Content web
DELETE /users/{id}/sessions/{session} No Content web
`
	if got := documented(newPortal(t)); got != want {
		t.Errorf("the document has\n%s", got)
	}
}

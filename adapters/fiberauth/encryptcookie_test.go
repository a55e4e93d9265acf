package fiberauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/encryptcookie"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/core"
)

// TestFieldM14EncryptCookie: a cookie that fiber encrypts is not read, as the
// README says, unless the middleware leaves it alone.
func TestFieldM14EncryptCookie(t *testing.T) {
	const name, token = "__Host-latchkey", "k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"
	for _, c := range []struct {
		config encryptcookie.Config
		want   int
	}{
		{encryptcookie.Config{}, http.StatusUnauthorized},
		{encryptcookie.Config{Except: []string{name}}, http.StatusOK},
		{encryptcookie.Config{Next: func(c fiber.Ctx) bool { return c.Path() == "/login" }}, http.StatusOK},
	} {
		c.config.Key = encryptcookie.GenerateKey(32)
		app := fiber.New()
		app.Use(encryptcookie.New(c.config))
		fiberauth.Mount(app, "", core.Group{
			{Route: core.Route{Method: "POST", Pattern: "/login"}, Serve: func(context.Context, *core.Request) *core.Response {
				return &core.Response{Status: 204, Header: http.Header{"Set-Cookie": {name + "=" + token + "; Path=/"}}}
			}},
			{Route: core.Route{Method: "GET", Pattern: "/me"}, Serve: func(_ context.Context, r *core.Request) *core.Response {
				if got, err := core.CookieValue(r, name); err != nil || got != token {
					return core.Empty(http.StatusUnauthorized)
				}
				return core.Empty(http.StatusOK)
			}},
		})
		in := ask(t, app, httptest.NewRequest("POST", "/login", nil))
		cookie, err := http.ParseSetCookie(in.header.Get("Set-Cookie"))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/me", nil)
		r.Header.Set("Cookie", cookie.Name+"="+cookie.Value)
		if got := ask(t, app, r); got.status != c.want {
			t.Errorf("with Except %q the answer is %d, want %d", c.config.Except, got.status, c.want)
		}
	}
}

package fiberauth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/core"
)

func TestAWrongGuardPanicsAtSetUp(t *testing.T) {
	bad := core.Guard{Name: "bad"}
	good := core.Guard{Name: "good", Check: func(context.Context, *core.Current) error { return nil }}
	panics := func(do func()) (panicked bool) {
		defer func() { panicked = recover() != nil }()
		do()
		return false
	}
	for _, verb := range []func(core.FrontDoor, ...core.Guard) fiber.Handler{fiberauth.Require, fiberauth.Optional} {
		if !panics(func() { verb(auth{}, good, bad) }) {
			t.Error("a guard that cannot work is accepted")
		}
		if panics(func() { verb(auth{}, good) }) {
			t.Error("a good guard panics")
		}
	}
}

func TestTheUserSurvivesMiddlewareThatReplacesTheContext(t *testing.T) {
	app := fiber.New()
	app.Use(fiberauth.Require(auth{}), func(c fiber.Ctx) error {
		c.SetContext(context.Background())
		return c.Next()
	})
	app.Get("/", func(c fiber.Ctx) error {
		u, ok := fiberauth.CurrentUser[member](c)
		if _, other := fiberauth.CurrentUser[core.User](c); !ok || other {
			return fiber.ErrTeapot
		}
		return c.SendString(u.Plan)
	})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer ada")
	if got := ask(t, app, r); got.status != 200 || got.body != "gold" {
		t.Errorf("the answer is %d %q", got.status, got.body)
	}
}

func TestAnAnswersHeaderAndThatOfMiddleware(t *testing.T) {
	app := fiber.New()
	app.Use(func(c fiber.Ctx) error {
		for name, value := range map[string]string{"Set-Cookie": "a=1", "Vary": "Origin", "Cache-Control": "public",
			"X-Kept": "1"} {
			c.Set(name, value)
		}
		return c.Next()
	})
	fiberauth.Mount(app, "", core.Group{{
		Route: core.Route{Method: "GET"},
		Serve: func(context.Context, *core.Request) *core.Response {
			return &core.Response{Status: 204, Header: http.Header{
				"Set-Cookie": {"a=2", "b=3"}, "Vary": {"Cookie"}, "Cache-Control": {"no-store"}, "Link": {"<1>", "<2>", "<3>"},
			}}
		},
	}})
	header := ask(t, app, httptest.NewRequest("GET", "/", nil)).header
	for name, want := range map[string][]string{
		"Set-Cookie": {"a=1", "a=2", "b=3"}, "Vary": {"Origin", "Cookie"}, "Cache-Control": {"no-store"}, "X-Kept": {"1"}, "Link": {"<1>", "<2>", "<3>"},
	} {
		if got := header[name]; !slices.Equal(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestPassErrors(t *testing.T) {
	failed := &core.Error{Status: 503, Code: "DOWN", Cause: errors.New("the secret cause")}
	fails := core.Group{{
		Route: core.Route{Method: "GET", Pattern: "/fails"},
		Serve: func(context.Context, *core.Request) *core.Response {
			return &core.Response{Status: 503, Header: http.Header{"Retry-After": {"2"}}, Err: failed}
		},
	}}
	var passed error
	app := fiber.New(fiber.Config{ErrorHandler: func(c fiber.Ctx, err error) error {
		passed = err
		return c.SendString(err.Error())
	}})
	mount := func(r fiber.Router) {
		fiberauth.Mount(r, "", fails, users())
		r.Get("/guarded/plan", fiberauth.Require(auth{}))
	}
	mount(app.Group("/pass", fiberauth.PassErrors))
	mount(app)
	for _, c := range []struct {
		path, header, contentType, body string
		status                          int
		is                              error
	}{
		{"/pass/fails", "Retry-After", "text/plain; charset=utf-8", "DOWN", 503, failed},
		{"/pass/guarded/plan", "Www-Authenticate", "text/plain; charset=utf-8", "Unauthorized", 401, core.Unauthorized()},
		{"/guarded/plan", "Www-Authenticate", "application/json", `{"detail":"Unauthorized"}`, 401, nil},
		{"/pass/me", "", "", `/me /pass/me ""`, 200, nil},
	} {
		passed = nil
		got := ask(t, app, httptest.NewRequest("GET", c.path, nil))
		if got.status != c.status || got.body != c.body {
			t.Errorf("%s: %d %q, want %d %q", c.path, got.status, got.body, c.status, c.body)
		}
		if c.header != "" && (got.header.Get(c.header) == "" || got.header.Get("Content-Type") != c.contentType) {
			t.Errorf("%s: the header is %v", c.path, got.header)
		}
		var e *fiber.Error
		if !errors.Is(passed, c.is) || c.is != nil && (!errors.As(passed, &e) || e.Code != c.status || e.Message != c.body) {
			t.Errorf("%s: fiber was given %v, want %v", c.path, passed, c.is)
		}
	}
}

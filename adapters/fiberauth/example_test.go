package fiberauth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/gofiber/fiber/v3"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/core"
)

// member is an application's user type.
type member struct {
	core.User
	Plan string
}

// auth stands for a *latchkey.Auth. It accepts one bearer token.
type auth struct{}

func (auth) Resolve(optional bool, guards ...core.Guard) func(context.Context, core.Head) (context.Context, error) {
	for _, g := range guards {
		if g.Check == nil {
			panic("the guard " + g.Name + " cannot work")
		}
	}
	return func(ctx context.Context, h core.Head) (context.Context, error) {
		switch {
		case core.Line(h, "Authorization") == "Bearer ada":
			u := &member{User: core.User{ID: "7"}, Plan: "gold"}
			return core.WithCurrent(ctx, core.Current{Session: &core.Session{UserID: u.ID}, User: u}), nil
		case optional:
			return ctx, nil
		}
		return ctx, core.Unauthorized()
	}
}

func (auth) Render(_ context.Context, err error) *core.Response {
	resp := core.Bytes(http.StatusUnauthorized, "application/json", []byte(`{"detail":"Unauthorized"}`))
	resp.Header.Set("Content-Type", "application/json")
	resp.Header.Set("Www-Authenticate", "Bearer")
	errors.As(err, &resp.Err)
	return resp
}

// get prints the response to a GET.
func get(app *fiber.App, path, authorization string) {
	r := httptest.NewRequest("GET", path, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	resp, err := app.Test(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(path, resp.StatusCode, string(body))
}

func ExampleMount() {
	app := fiber.New()
	fiberauth.Mount(app.Group("/api"), "/users", users())

	get(app, "/api/users/me", "")
	get(app, "/api/users/7", "")
	get(app, "/api/users/7/8", "")
	// Output:
	// /api/users/me 200 /me /api/users/me ""
	// /api/users/7 200 /{id} /api/users/7 "7"
	// /api/users/7/8 404 Not Found
}

func ExampleRequire() {
	app := fiber.New()
	app.Get("/plan", fiberauth.Require(auth{}), func(c fiber.Ctx) error {
		u, _ := fiberauth.CurrentUser[member](c)
		return c.SendString(u.Plan)
	})

	get(app, "/plan", "")
	get(app, "/plan", "Bearer ada")
	// Output:
	// /plan 401 {"detail":"Unauthorized"}
	// /plan 200 gold
}

func ExampleOptional() {
	app := fiber.New()
	app.Use(fiberauth.Optional(auth{}))
	app.Get("/", func(c fiber.Ctx) error {
		_, ok := fiberauth.CurrentUser[member](c)
		return c.SendString(fmt.Sprint("known: ", ok))
	})

	get(app, "/", "")
	get(app, "/", "Bearer ada")
	// Output:
	// / 200 known: false
	// / 200 known: true
}

// A service takes a standard context, and finds the user in it.
func ExampleCurrentUser() {
	plan := func(ctx context.Context) string {
		u, _ := core.CurrentUser[member](ctx)
		return u.Plan
	}
	app := fiber.New()
	app.Get("/plan", fiberauth.Require(auth{}), func(c fiber.Ctx) error { return c.SendString(plan(c.Context())) })

	get(app, "/plan", "Bearer ada")
	// Output:
	// /plan 200 gold
}

func ExamplePassErrors() {
	app := fiber.New(fiber.Config{ErrorHandler: func(c fiber.Ctx, err error) error {
		if refused, ok := errors.AsType[*core.Error](err); ok {
			return c.Status(refused.Status).JSON(fiber.Map{"status": refused.Status, "code": refused.Code})
		}
		return fiberauth.ErrorHandler(c, err) // another error's text may contain what the client sent, or secrets
	}})
	app.Use(fiberauth.PassErrors)
	app.Get("/plan", fiberauth.Require(auth{}))

	get(app, "/plan", "")
	get(app, "/nothing", "")
	// Output:
	// /plan 401 {"code":"","status":401}
	// /nothing 404 {"detail":"Not Found"}
}

func ExampleErrorHandler() {
	app := fiber.New(fiber.Config{ErrorHandler: fiberauth.ErrorHandler})
	app.Get("/plan", func(fiber.Ctx) error { return errors.New("database at 10.0.0.7: connection refused") })

	get(app, "/plan", "")
	// Output:
	// /plan 500 {"detail":"Internal Server Error"}
}

func ExampleWrite() {
	app := fiber.New()
	app.Get("/plans", func(c fiber.Ctx) error {
		return fiberauth.Write(c, core.HTML(http.StatusOK, []byte("<h1>Plans</h1>")))
	})

	resp, err := app.Test(httptest.NewRequest("GET", "/plans", nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, resp.Header.Get("Content-Type"), string(body))
	// Output: 200 text/html; charset=utf-8 <h1>Plans</h1>
}

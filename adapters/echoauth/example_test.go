package echoauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/labstack/echo/v5"
	"github.com/latchkey-go/latchkey/adapters/echoauth"
	"github.com/latchkey-go/latchkey/core"
)

// member is an application's user type.
type member struct {
	core.User
	Plan string
}

// auth stands for a *latchkey.Auth. It accepts one bearer token.
type auth struct{}

func (auth) Resolve(optional bool, _ ...core.Guard) func(context.Context, core.Head) (context.Context, error) {
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
	resp.Err, _ = errors.AsType[*core.Error](err)
	return resp
}

func ExampleMount() {
	e := echo.New()
	echoauth.Mount(e.Group("/api"), "/users", users())

	for _, path := range []string{"/api/users/me", "/api/users/7", "/api/users/7/8"} {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(path, w.Code)
	}
	// Output:
	// /api/users/me 200
	// /api/users/7 200
	// /api/users/7/8 404
}

func ExampleRequire() {
	e := echo.New()
	e.GET("/plan", func(c *echo.Context) error {
		u, _ := echoauth.CurrentUser[member](c)
		return c.String(http.StatusOK, u.Plan)
	}, echoauth.Require(auth{}))

	req := httptest.NewRequest("GET", "/plan", nil)
	for range 2 {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, req)
		fmt.Println(w.Code, w.Body)
		req.Header.Set("Authorization", "Bearer ada")
	}
	// Output:
	// 401 {"detail":"Unauthorized"}
	// 200 gold
}

func ExampleOptional() {
	e := echo.New()
	e.Use(echoauth.Optional(auth{}))
	e.GET("/", func(c *echo.Context) error {
		_, ok := echoauth.CurrentUser[member](c)
		return c.String(http.StatusOK, fmt.Sprint("known: ", ok))
	})

	req := httptest.NewRequest("GET", "/", nil)
	for range 2 {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, req)
		fmt.Println(w.Body)
		req.Header.Set("Authorization", "Bearer ada")
	}
	// Output:
	// known: false
	// known: true
}

// Respond to errors in the application's own format.
func ExamplePassErrors() {
	e := echo.New()
	e.HTTPErrorHandler = func(c *echo.Context, err error) {
		if refused, ok := errors.AsType[*core.Error](err); ok {
			_ = c.JSON(refused.Status, map[string]any{"error": map[string]any{"status": refused.Status, "code": refused.Code}})
		}
	}
	e.GET("/plan", func(c *echo.Context) error { return c.NoContent(http.StatusNoContent) }, echoauth.PassErrors,
		echoauth.Require(auth{}))

	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest("GET", "/plan", nil))
	fmt.Print(w.Code, " ", w.Body)
	// Output: 401 {"error":{"code":"","status":401}}
}

func ExampleWrite() {
	e := echo.New()
	e.GET("/plans", func(c *echo.Context) error {
		return echoauth.Write(c, core.HTML(http.StatusOK, []byte("<h1>Plans</h1>")))
	})

	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest("GET", "/plans", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Body)
	// Output: 200 text/html; charset=utf-8 <h1>Plans</h1>
}

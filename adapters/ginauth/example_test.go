package ginauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gin-gonic/gin"
	"github.com/latchkey-go/latchkey/adapters/ginauth"
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
	r := gin.New()
	ginauth.Mount(r.Group("/api"), "/users", users())

	for _, path := range []string{"/api/users/me", "/api/users/7", "/api/users/7/8"} {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(path, w.Code)
	}
	// Output:
	// /api/users/me 200
	// /api/users/7 200
	// /api/users/7/8 404
}

func ExampleRequire() {
	r := gin.New()
	r.GET("/plan", ginauth.Require(auth{}), func(c *gin.Context) {
		u, _ := ginauth.CurrentUser[member](c)
		c.String(http.StatusOK, u.Plan)
	})

	req := httptest.NewRequest("GET", "/plan", nil)
	for range 2 {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		fmt.Println(w.Code, w.Body)
		req.Header.Set("Authorization", "Bearer ada")
	}
	// Output:
	// 401 {"detail":"Unauthorized"}
	// 200 gold
}

func ExampleOptional() {
	r := gin.New()
	r.Use(ginauth.Optional(auth{}))
	r.GET("/", func(c *gin.Context) {
		_, ok := ginauth.CurrentUser[member](c)
		c.String(http.StatusOK, "known: %v", ok)
	})

	req := httptest.NewRequest("GET", "/", nil)
	for range 2 {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		fmt.Println(w.Body)
		req.Header.Set("Authorization", "Bearer ada")
	}
	// Output:
	// known: false
	// known: true
}

// Respond to errors in the application's own format.
func ExamplePassErrors() {
	r := gin.New()
	r.Use(func(c *gin.Context) {
		c.Next()
		for _, err := range c.Errors {
			if refused, ok := errors.AsType[*core.Error](err); ok {
				c.JSON(refused.Status, gin.H{"error": gin.H{"status": refused.Status, "code": refused.Code}})
			}
		}
	})
	r.GET("/plan", ginauth.PassErrors, ginauth.Require(auth{}), func(c *gin.Context) { c.Status(http.StatusNoContent) })

	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/plan", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 401 {"error":{"code":"","status":401}}
}

func ExampleWrite() {
	r := gin.New()
	r.GET("/plans", func(c *gin.Context) {
		ginauth.Write(c, core.HTML(http.StatusOK, []byte("<h1>Plans</h1>")))
	})

	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/plans", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Body)
	// Output: 200 text/html; charset=utf-8 <h1>Plans</h1>
}

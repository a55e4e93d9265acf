package ginauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/latchkey-go/latchkey/adapters/ginauth"
	"github.com/latchkey-go/latchkey/core"
)

// replies returns a route that responds with its pattern, the path of the
// request, and its id.
func replies(method, pattern string) core.Endpoint {
	return core.Endpoint{
		Route: core.Route{Name: method + " users" + pattern, Method: method, Pattern: pattern},
		Serve: func(_ context.Context, r *core.Request) *core.Response {
			return core.Bytes(200, "application/json", []byte(fmt.Sprintf("%s %s %q", pattern, r.Path, r.Param("id"))))
		},
	}
}

func users() core.Group {
	return core.Group{replies("GET", ""), replies("GET", "/me"), replies("GET", "/{id}"), replies("DELETE", "/{id}")}
}

func serveOne(h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	h.ServeHTTP(w, r)
	return w
}

// mark is middleware that sets a header.
func mark(name string) gin.HandlerFunc { return func(c *gin.Context) { c.Header("X-Mark", name) } }

func status(code int) gin.HandlerFunc { return func(c *gin.Context) { c.Status(code) } }

func TestRoutesAreInGinsListing(t *testing.T) {
	r := gin.New()
	ginauth.Mount(r, "/users", users())
	var got []string
	for _, route := range r.Routes() {
		if !strings.Contains(route.Handler, "notAllowed") && !strings.Contains(route.Handler, "withoutSlash") {
			got = append(got, route.Method+" "+route.Path)
		}
	}
	slices.Sort(got)
	want := []string{
		"DELETE /users/:id", "GET /users", "GET /users/", "GET /users/:id", "GET /users/me",
		"HEAD /users", "HEAD /users/", "HEAD /users/:id", "HEAD /users/me",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the listing is %q, want %q", got, want)
	}
}

func TestMountBelowPrefixesAndGroups(t *testing.T) {
	r := gin.New()
	api := r.Group("/api", mark("api"))
	ginauth.Mount(api.Group("", mark("group")), "/users", users())
	ginauth.Mount(api.Group("/v2/:id/users/"), "", users())
	ginauth.Mount(api, "/v3/{tenant}", users())
	ginauth.Mount(r, "", core.Group{replies("GET", "/jwks.json"), replies("GET", "")})
	for _, c := range []struct{ path, body, mark string }{
		{"/api/users/me", `/me /api/users/me ""`, "group"},
		{"/api/users", ` /api/users ""`, "group"},
		{"/api/users/", ` /api/users/ ""`, "group"},
		{"/api/users/7", `/{id} /api/users/7 "7"`, "group"},
		{"/api/users/a%40b", `/{id} /api/users/a@b "a@b"`, "group"},
		{"/api/v2/x/users/7", `/{id} /api/v2/x/users/7 "7"`, "api"},
		{"/api/v2/x%40y/users/a%40b", `/{id} /api/v2/x@y/users/a@b "a@b"`, "api"},
		{"/api/v2/x/users/", ` /api/v2/x/users/ "x"`, "api"},
		{"/api/v3/x/7", `/{id} /api/v3/x/7 "7"`, "api"},
		{"/jwks.json", `/jwks.json /jwks.json ""`, ""},
		{"/", ` / ""`, ""},
	} {
		w := serveOne(r, "GET", c.path)
		if w.Code != 200 || w.Body.String() != c.body || w.Header().Get("X-Mark") != c.mark {
			t.Errorf("GET %s: %d %q with mark %q, want %q with %q", c.path, w.Code, w.Body, w.Header().Get("X-Mark"), c.body,
				c.mark)
		}
	}
}

// An application often has a page at the path of a route, with another method.
func TestAnApplicationsRouteWins(t *testing.T) {
	r := gin.New()
	r.PUT("/users/7", status(418))
	r.POST("/users/:id", status(418))
	r.DELETE("/users/me", status(418))
	ginauth.Mount(r, "/users", users())
	for asked, want := range map[[2]string]int{
		{"PUT", "/users/7"}: 418, {"POST", "/users/8"}: 418, {"DELETE", "/users/me"}: 418, {"DELETE", "/users/7"}: 200, {"PUT", "/users/8"}: 405,
	} {
		if got := serveOne(r, asked[0], asked[1]).Code; got != want {
			t.Errorf("%s: %d, want %d", asked, got, want)
		}
	}
}

// The engine's own redirect loses the prefix of a proxy, and the method.
func TestFindingB5WhateverRedirectTrailingSlashSays(t *testing.T) {
	for _, redirects := range []bool{true, false} {
		r := gin.New()
		r.RedirectTrailingSlash = redirects
		ginauth.Mount(r.Group("/api/:id"), "/users", users())
		for asked, want := range map[[2]string]int{
			{"GET", "/api/x/users/me/"}: 307, {"PUT", "/api/x/users/me/"}: 307, {"DELETE", "/api/x/users/me/"}: 307,
			{"GET", "/api/x/users"}: 200, {"GET", "/api/x/users/"}: 200, {"DELETE", "/api/x/users/me"}: 200,
		} {
			w := serveOne(r, asked[0], asked[1])
			if w.Code != want || want == 307 && w.Header().Get("Location") != "../me" {
				t.Errorf("%s with RedirectTrailingSlash %v: %d to %q, want %d", asked, redirects, w.Code,
					w.Header().Get("Location"), want)
			}
		}
	}
}

func TestFindingB5AnApplicationsSlashStays(t *testing.T) {
	r := gin.New()
	r.GET("/users/me/", status(418))
	ginauth.Mount(r, "/users", users())
	for asked, want := range map[[2]string]int{
		{"GET", "/users/me/"}: 418, {"POST", "/users/me/"}: 307, {"GET", "/users/7/"}: 307,
	} {
		if got := serveOne(r, asked[0], asked[1]).Code; got != want {
			t.Errorf("%s: %d, want %d", asked, got, want)
		}
	}
}

func TestFindingB6JSON(t *testing.T) {
	r := gin.New()
	r.NoRoute(ginauth.NotFound)
	ginauth.Mount(r, "/users", users())
	for asked, want := range map[[2]string][2]string{
		{"GET", "/nothing"}:     {`{"detail":"Not Found"}`, ""},
		{"GET", "/users/a%2Fb"}: {`{"detail":"Not Found"}`, ""},
		{"HEAD", "/nothing"}:    {"", ""},
		{"PUT", "/users/me"}:    {`{"detail":"Method Not Allowed"}`, "GET, HEAD, DELETE"},
		{"OPTIONS", "/users/"}:  {`{"detail":"Method Not Allowed"}`, "GET, HEAD"},
	} {
		w := serveOne(r, asked[0], asked[1])
		if w.Body.String() != want[0] || w.Header().Get("Allow") != want[1] ||
			w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v %s, want %q", asked, w.Code, w.Header(), w.Body, want)
		}
	}
}

func TestMountRefusesAWrongPrefix(t *testing.T) {
	for prefix, wrong := range map[string]bool{"": false, "/users": false, "users": true, "/users/": true, "/": true} {
		func() {
			defer func() {
				if got := recover() != nil; got != wrong {
					t.Errorf("prefix %q: panic is %v, want %v", prefix, got, wrong)
				}
			}()
			ginauth.Mount(gin.New(), prefix, users())
		}()
	}
}

func TestCORSMiddlewareAnswersPreflights(t *testing.T) {
	cors := func(c *gin.Context) {
		if c.Request.Method == http.MethodOptions && c.GetHeader("Access-Control-Request-Method") != "" {
			c.AbortWithStatus(http.StatusNoContent)
		}
	}
	whole := gin.New()
	whole.Use(cors)
	ginauth.Mount(whole, "/users", users())
	part := gin.New()
	ginauth.Mount(part.Group("", cors), "/users", users())
	for name, r := range map[string]*gin.Engine{"of the router": whole, "of a group": part} {
		if w := serveOne(r, "OPTIONS", "/users/7", "Access-Control-Request-Method", "DELETE"); w.Code != 204 {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if w := serveOne(r, "OPTIONS", "/users/7"); w.Code != 405 {
			t.Errorf("%s: no preflight is %d, want 405", name, w.Code)
		}
	}
}

// Require around a whole router also guards paths that do not exist.
func TestRequireOnTheRouter(t *testing.T) {
	r := gin.New()
	r.Use(ginauth.Require(auth{}))
	r.GET("/plan", status(204))
	for asked, want := range map[[2]string]int{
		{"/plan", ""}: 401, {"/plan", "Bearer ada"}: 204, {"/nothing", ""}: 401, {"/nothing", "Bearer ada"}: 404,
	} {
		if got := serveOne(r, "GET", asked[0], "Authorization", asked[1]).Code; got != want {
			t.Errorf("%q: %d, want %d", asked, got, want)
		}
	}
}

func TestWhichContextKnowsTheUser(t *testing.T) {
	for _, fallback := range []bool{false, true} {
		r := gin.New()
		r.ContextWithFallback = fallback
		r.GET("/", ginauth.Require(auth{}), func(c *gin.Context) {
			if u, ok := core.CurrentUser[member](c.Request.Context()); !ok || u.ID != "7" {
				t.Errorf("the request's context says %v, %v", u, ok)
			}
			if _, ok := core.CurrentUser[member](c); ok != fallback {
				t.Errorf("with fallback %v gin's context says %v", fallback, ok)
			}
		})
		serveOne(r, "GET", "/", "Authorization", "Bearer ada")
	}
}

func TestPassErrors(t *testing.T) {
	refused := core.Refuse(core.CodeLoginBadCredentials)
	route := core.Endpoint{
		Route: core.Route{Method: "POST", Pattern: "/login"},
		Serve: func(context.Context, *core.Request) *core.Response {
			return &core.Response{Status: 400, Header: http.Header{"Set-Cookie": {"a="}, "Content-Type": {"x/y"}}, Err: refused}
		},
	}
	var passed []error
	r := gin.New()
	r.Use(func(c *gin.Context) {
		c.Next()
		passed = nil
		for _, err := range c.Errors {
			passed = append(passed, err.Err)
		}
	})
	ginauth.Mount(r.Group("/passed", ginauth.PassErrors), "", core.Group{route, replies("GET", "/me")})
	ginauth.Mount(r, "/answered", core.Group{route})

	w := serveOne(r, "POST", "/passed/login")
	if !slices.Equal(passed, []error{refused}) || w.Code != 400 || w.Body.Len() != 0 {
		t.Errorf("passed: %v, answered %d %s", passed, w.Code, w.Body)
	}
	if w.Header().Get("Set-Cookie") != "a=" || w.Header().Get("Content-Type") != "" {
		t.Errorf("the header is %v", w.Header())
	}
	if w := serveOne(r, "GET", "/passed/me"); w.Code != 200 || passed != nil {
		t.Errorf("a success: %d, %v", w.Code, passed)
	}
	if w := serveOne(r, "POST", "/answered/login"); w.Code != 400 || passed != nil {
		t.Errorf("elsewhere: %d, %v", w.Code, passed)
	}
}

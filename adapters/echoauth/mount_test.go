package echoauth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/labstack/echo/v5"
	"github.com/latchkey-go/latchkey/adapters/echoauth"
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
func mark(name string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			c.Response().Header().Set("X-Mark", name)
			return next(c)
		}
	}
}

func TestRoutesAreInEchosListing(t *testing.T) {
	e := echo.New()
	echoauth.Mount(e, "/users", users())
	var got []string
	for _, route := range e.Router().Routes() {
		if route.Name != "notAllowed" && route.Name != "withoutSlash" {
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
	if path, err := e.Router().Routes().Reverse("DELETE users/{id}", 7); err != nil || path != "/users/7" {
		t.Errorf("reversed: %q, %v", path, err)
	}
}

func TestMountBelowPrefixesAndGroups(t *testing.T) {
	e := echo.New()
	api := e.Group("/api", mark("api"))
	echoauth.Mount(api.Group("", mark("group")), "/users", users())
	echoauth.Mount(api.Group("/v2/:id/users"), "", users())
	echoauth.Mount(api, "/v3/{tenant}", users())
	echoauth.Mount(e, "", core.Group{replies("GET", "/jwks.json"), replies("GET", "")})
	for _, c := range []struct{ path, body, mark string }{
		{"/api/users/me", `/me /api/users/me ""`, "group"},
		{"/api/users", ` /api/users ""`, "group"},
		{"/api/users/", ` /api/users/ ""`, "group"},
		{"/api/users/7", `/{id} /api/users/7 "7"`, "group"},
		{"/api/users/a%40b", `/{id} /api/users/a@b "a@b"`, "group"},
		{"/api/v2/x/users/7", `/{id} /api/v2/x/users/7 "7"`, "api"},
		{"/api/v2/x%40y/users/a%40b", `/{id} /api/v2/x@y/users/a@b "a@b"`, "api"},
		{"/api/v2/x/users", ` /api/v2/x/users "x"`, "api"},
		{"/api/v3/x/7", `/{id} /api/v3/x/7 "7"`, "api"},
		{"/jwks.json", `/jwks.json /jwks.json ""`, ""},
		{"/", ` / ""`, ""},
	} {
		w := serveOne(e, "GET", c.path)
		if w.Code != 200 || w.Body.String() != c.body || w.Header().Get("X-Mark") != c.mark {
			t.Errorf("GET %s: %d %q with mark %q, want %q with %q", c.path, w.Code, w.Body, w.Header().Get("X-Mark"), c.body,
				c.mark)
		}
	}
}

// An application often has a page at the path of a route, with another method.
func TestAnApplicationsRouteWins(t *testing.T) {
	teapot := func(c *echo.Context) error { return c.NoContent(http.StatusTeapot) }
	e := echo.New()
	e.PUT("/users/7", teapot)
	e.POST("/users/:id", teapot)
	echoauth.Mount(e, "/users", users())
	e.DELETE("/users/me", teapot)
	e.PATCH("/users/:id", teapot)
	for asked, want := range map[[2]string]int{
		{"PUT", "/users/7"}: 418, {"POST", "/users/8"}: 418, {"DELETE", "/users/me"}: 418, {"PATCH", "/users/7"}: 418,
		{"DELETE", "/users/7"}: 200, {"PUT", "/users/8"}: 405,
	} {
		if got := serveOne(e, asked[0], asked[1]).Code; got != want {
			t.Errorf("%s: %d, want %d", asked, got, want)
		}
	}
}

func TestFindingB5BelowPrefixesAndGroups(t *testing.T) {
	e := echo.New()
	e.GET("/own/me/", func(c *echo.Context) error { return c.NoContent(http.StatusTeapot) })
	echoauth.Mount(e, "/own", users())
	api := e.Group("/api/:id", mark("api"))
	echoauth.Mount(api.Group("", mark("group")), "/users", users())
	for asked, want := range map[[2]string]int{
		{"GET", "/api/x/users/me/"}: 307, {"PUT", "/api/x/users/me/"}: 307, {"DELETE", "/api/x/users/me/"}: 307,
		{"GET", "/api/x/users/"}: 200, {"DELETE", "/api/x/users/me"}: 200, {"GET", "/api/x/users/me//"}: 404,
		{"GET", "/own/me/"}: 418, {"POST", "/own/me/"}: 307,
	} {
		w := serveOne(e, asked[0], asked[1])
		if w.Code != want || want == 307 && w.Header().Get("Location") != "../me" {
			t.Errorf("%s: %d to %q, want %d", asked, w.Code, w.Header().Get("Location"), want)
		}
	}
}

func TestFindingB6JSON(t *testing.T) {
	e := echo.New()
	e.HTTPErrorHandler = echoauth.ErrorHandler
	echoauth.Mount(e, "/users", users())
	e.GET("/plan", func(*echo.Context) error { return errors.New("the text of an error") })
	e.GET("/sent", func(c *echo.Context) error { return errors.Join(c.String(200, "sent"), errors.New("too late")) })
	for asked, want := range map[[2]string][2]string{
		{"GET", "/nothing"}:     {`{"detail":"Not Found"}`, ""},
		{"GET", "/users/a%2Fb"}: {`{"detail":"Not Found"}`, ""},
		{"HEAD", "/nothing"}:    {"", ""},
		{"PUT", "/users/me"}:    {`{"detail":"Method Not Allowed"}`, "GET, HEAD, DELETE"},
		{"OPTIONS", "/users/"}:  {`{"detail":"Method Not Allowed"}`, "GET, HEAD"},
		{"POST", "/plan"}:       {`{"detail":"Method Not Allowed"}`, "OPTIONS, GET"},
		{"GET", "/plan"}:        {`{"detail":"Internal Server Error"}`, ""},
	} {
		w := serveOne(e, asked[0], asked[1])
		if w.Body.String() != want[0] || w.Header().Get("Allow") != want[1] ||
			w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v %s, want %q", asked, w.Code, w.Header(), w.Body, want)
		}
	}
	if w := serveOne(e, "GET", "/sent"); w.Body.String() != "sent" {
		t.Errorf("after a response another one is sent: %s", w.Body)
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
			echoauth.Mount(echo.New(), prefix, users())
		}()
	}
}

func TestCORSMiddlewareAnswersPreflights(t *testing.T) {
	cors := func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			if c.Request().Method == http.MethodOptions && c.Request().Header.Get("Access-Control-Request-Method") != "" {
				return c.NoContent(http.StatusNoContent)
			}
			return next(c)
		}
	}
	whole := echo.New()
	whole.Use(cors)
	echoauth.Mount(whole, "/users", users())
	part := echo.New()
	echoauth.Mount(part.Group("", cors), "/users", users())
	for name, e := range map[string]*echo.Echo{"of the router": whole, "of a group": part} {
		if w := serveOne(e, "OPTIONS", "/users/7", "Access-Control-Request-Method", "DELETE"); w.Code != 204 {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if w := serveOne(e, "OPTIONS", "/users/7"); w.Code != 405 {
			t.Errorf("%s: no preflight is %d, want 405", name, w.Code)
		}
	}
}

// Require around a whole router also guards paths that do not exist.
func TestRequireOnTheRouter(t *testing.T) {
	e := echo.New()
	e.Use(echoauth.Require(auth{}))
	e.GET("/plan", func(c *echo.Context) error { return c.NoContent(204) })
	for asked, want := range map[[2]string]int{
		{"/plan", ""}: 401, {"/plan", "Bearer ada"}: 204, {"/nothing", ""}: 401, {"/nothing", "Bearer ada"}: 404,
	} {
		if got := serveOne(e, "GET", asked[0], "Authorization", asked[1]).Code; got != want {
			t.Errorf("%q: %d, want %d", asked, got, want)
		}
	}
}

func TestTheRequestsContextKnowsTheUser(t *testing.T) {
	e := echo.New()
	e.GET("/", func(c *echo.Context) error {
		u, ok := core.CurrentUser[member](c.Request().Context())
		if !ok || u.ID != "7" {
			t.Errorf("it says %v, %v", u, ok)
		}
		return nil
	}, echoauth.Require(auth{}))
	serveOne(e, "GET", "/", "Authorization", "Bearer ada")
}

func TestPassErrors(t *testing.T) {
	refused := core.Refuse(core.CodeLoginBadCredentials)
	route := core.Endpoint{
		Route: core.Route{Method: "POST", Pattern: "/login"},
		Serve: func(context.Context, *core.Request) *core.Response {
			return &core.Response{Status: 400, Header: http.Header{"Set-Cookie": {"a="}, "Content-Type": {"x/y"}}, Err: refused}
		},
	}
	e := echo.New()
	var passed error
	handle := e.HTTPErrorHandler
	e.HTTPErrorHandler = func(c *echo.Context, err error) { passed = err; handle(c, err) }
	echoauth.Mount(e.Group("/passed", echoauth.PassErrors), "", core.Group{route, replies("GET", "/me")})
	echoauth.Mount(e, "/answered", core.Group{route})

	w := serveOne(e, "POST", "/passed/login")
	if passed != error(refused) || w.Code != 400 || w.Body.String() != "{\"message\":\"Bad Request\"}\n" {
		t.Errorf("passed: %v, answered %d %s", passed, w.Code, w.Body)
	}
	if w.Header().Get("Set-Cookie") != "a=" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("the header is %v", w.Header())
	}
	passed = nil
	if w := serveOne(e, "GET", "/passed/me"); w.Code != 200 || passed != nil {
		t.Errorf("a success: %d, %v", w.Code, passed)
	}
	if w := serveOne(e, "POST", "/answered/login"); w.Code != 400 || passed != nil {
		t.Errorf("elsewhere: %d, %v", w.Code, passed)
	}
}

package fiberauth_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/core"
)

// replies returns a route that responds with its pattern, the path of the
// request, and its id.
func replies(method, pattern string) core.Endpoint {
	return core.Endpoint{
		Route: core.Route{Name: method + pattern, Method: method, Pattern: pattern},
		Serve: func(_ context.Context, r *core.Request) *core.Response {
			return core.Bytes(200, "application/json", []byte(fmt.Sprintf("%s %s %q", pattern, r.Path, r.Param("id"))))
		},
	}
}

func users() core.Group {
	return core.Group{replies("GET", ""), replies("GET", "/me"), replies("GET", "/{id}"), replies("DELETE", "/{id}")}
}

// An answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

func ask(t testing.TB, app *fiber.App, r *http.Request) answer {
	t.Helper()
	resp, err := app.Test(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return read(t, resp)
}

func read(t testing.TB, resp *http.Response) answer {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func TestRoutesAreInFibersListing(t *testing.T) {
	app := fiber.New()
	fiberauth.Mount(app, "/users", users())
	var got []string
	for _, r := range app.GetRoutes() {
		if r.Name != "" { // the others are redirects
			got = append(got, r.Method+" "+r.Path+" "+r.Name)
		}
	}
	want := []string{
		"GET /users GET", "GET /users/ GET", "GET /users/me GET/me", "GET /users/:id GET/{id}",
		"HEAD /users GET", "HEAD /users/ GET", "HEAD /users/me GET/me", "HEAD /users/:id GET/{id}",
		"DELETE /users/:id DELETE/{id}",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the listing is %q, want %q", got, want)
	}
}

func TestMountBelowPrefixesAndGroups(t *testing.T) {
	mark := func(name string) fiber.Handler {
		return func(c fiber.Ctx) error {
			c.Set("X-Mark", name)
			return c.Next()
		}
	}
	app, inner := fiber.New(), fiber.New()
	fiberauth.Mount(app.Group("/api", mark("group")).Group("/v1"), "/users", users())
	fiberauth.Mount(app.Group("/x/:id/users", mark("parameter")), "", users())
	fiberauth.Mount(app, "/tenants/:tenant", users())
	fiberauth.Mount(inner, "/users", users())
	app.Use("/inner", mark("app"))
	app.Use("/inner", inner)
	fiberauth.Mount(app.Domain("b.example"), "", core.Group{replies("GET", "/jwks.json"), replies("GET", "")})
	for _, c := range []struct{ path, body, mark string }{
		{"/api/v1/users/me", `/me /api/v1/users/me ""`, "group"},
		{"/api/v1/users", ` /api/v1/users ""`, "group"},
		{"/api/v1/users/", ` /api/v1/users/ ""`, "group"},
		{"/api/v1/users/a%20b", `/{id} /api/v1/users/a b "a b"`, "group"},
		{"/x/y/users/7", `/{id} /x/y/users/7 "7"`, "parameter"},
		{"/x/y/users", ` /x/y/users "y"`, "parameter"},
		{"/x/y/users/", ` /x/y/users/ "y"`, "parameter"},
		{"/tenants/x/7", `/{id} /tenants/x/7 "7"`, ""},
		{"/inner/users/me", `/me /inner/users/me ""`, "app"},
		{"/inner/users/", ` /inner/users/ ""`, "app"},
		{"//b.example/jwks.json", `/jwks.json /jwks.json ""`, ""},
		{"//b.example/", ` / ""`, ""},
	} {
		got := ask(t, app, httptest.NewRequest("GET", "http:"+c.path, nil))
		if got.status != 200 || got.body != c.body || got.header.Get("X-Mark") != c.mark {
			t.Errorf("GET %s: %d %q with mark %q, want %q with %q", c.path, got.status, got.body, got.header.Get("X-Mark"),
				c.body, c.mark)
		}
	}
}

// fiber matches other spellings too.
func TestPathsAreComparedExactly(t *testing.T) {
	app := fiber.New()
	fiberauth.Mount(app.Group("/api"), "/users", users())
	app.Get("/api/users/*", func(c fiber.Ctx) error { return c.SendStatus(http.StatusTeapot) })
	for path, want := range map[string]int{
		"/api/users/me": 200, "/api/users/ME": 200, "/api/users/7": 200, "/api/users/": 200,
		"/api/users/me/": 307, "/api/users/7/": 307, "/api/users//": http.StatusTeapot,
		"/API/users/7": http.StatusTeapot, "/api/Users/me": http.StatusTeapot, "/api/users/%6De": http.StatusTeapot,
		"/api/users/a%2Fb": http.StatusTeapot, "/api/users/..": http.StatusTeapot, "/api/users/%2e": http.StatusTeapot,
	} {
		if got := ask(t, app, httptest.NewRequest("GET", path, nil)); got.status != want {
			t.Errorf("GET %s: %d %q, want %d", path, got.status, got.body, want)
		}
	}
	if got := ask(t, app, httptest.NewRequest("GET", "/api/users/ME", nil)); got.body != `/{id} /api/users/ME "ME"` {
		t.Errorf("another case of /me is %q, want an id", got.body)
	}
}

func TestTheRouteThatWins(t *testing.T) {
	teapot := func(c fiber.Ctx) error { return c.SendStatus(http.StatusTeapot) }
	app := fiber.New()
	app.Delete("/users/me", teapot)
	fiberauth.Mount(app, "/users", users(), core.Group{replies("GET", "/export")})
	app.Get("/users/me", teapot)
	for request, want := range map[[2]string]int{
		{"DELETE", "/users/me"}:  http.StatusTeapot, // registered first
		{"DELETE", "/users/7"}:   200,
		{"GET", "/users/me"}:     200, // registered last
		{"GET", "/users/export"}: 200,
	} {
		if got := ask(t, app, httptest.NewRequest(request[0], request[1], nil)); got.status != want {
			t.Errorf("%s: %d %q, want %d", request, got.status, got.body, want)
		}
	}
	if got := ask(t, app, httptest.NewRequest("GET", "/users/export", nil)); got.body != `/export /users/export ""` {
		t.Errorf("the more specific route of a later group does not win: %q", got.body)
	}
}

func TestFindingB5BelowPrefixesAndGroups(t *testing.T) {
	for name, config := range map[string]fiber.Config{"default": {}, "strict": {StrictRouting: true}} {
		t.Run(name, func(t *testing.T) {
			app, inner := fiber.New(config), fiber.New(config)
			app.Get("/own/me/", func(c fiber.Ctx) error { return c.SendStatus(http.StatusTeapot) })
			fiberauth.Mount(app, "/own", users())
			fiberauth.Mount(app.Group("/api/:id").Group("/v1"), "/users", users())
			fiberauth.Mount(inner, "/users", users())
			app.Use("/inner", inner)
			app.Put("/inner/users/me", func(c fiber.Ctx) error { return c.SendStatus(http.StatusTeapot) })
			app.Patch("/inner/users/me", func(fiber.Ctx) error { return fiber.ErrNotFound })
			for asked, want := range map[[2]string]int{
				{"GET", "/api/x/v1/users/me/"}: 307, {"PUT", "/api/x/v1/users/me/"}: 307, {"DELETE", "/api/x/v1/users/me/"}: 307,
				{"GET", "/inner/users/me/"}: 307, {"GET", "/inner/users/"}: 200, {"GET", "/api/x/v1/users/me//"}: 404,
				{"DELETE", "/api/x/v1/users/me"}: 200, {"PUT", "/api/x/v1/users/me"}: 405, {"POST", "/inner/users/me"}: 405,
				{"PUT", "/inner/users/me"}: 418, {"PATCH", "/inner/users/me"}: 404, {"POST", "/own/me/"}: 307, {"GET", "/own/nothing/x"}: 404,
			} {
				got := ask(t, app, httptest.NewRequest(asked[0], asked[1], nil))
				if got.status != want || want == 307 && got.header.Get("Location") != "../me" {
					t.Errorf("%s: %d %v, want %d", asked, got.status, got.header, want)
				}
			}
		})
	}
}

// What fiber lets through as it is sent has no place in a header.
func TestFindingB5ALocationIsOneLine(t *testing.T) {
	app := fiber.New()
	fiberauth.Mount(app, "/users", users())
	for path, want := range map[string]string{
		"/users/7/?\xff": "../7?%FF", `/users/\\evil.example/`: "../%5C%5Cevil.example",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Opaque = path
		if got := ask(t, app, r); got.header.Get("Location") != want {
			t.Errorf("%q: %d %v, want %q", path, got.status, got.header, want)
		}
	}
}

func TestFindingB6JSON(t *testing.T) {
	app := fiber.New(fiber.Config{ErrorHandler: fiberauth.ErrorHandler})
	fiberauth.Mount(app, "/users", users())
	app.Post("/plan", func(c fiber.Ctx) error { return c.SendStatus(http.StatusTeapot) })
	for asked, want := range map[[2]string][2]string{
		{"GET", "/nothing"}:     {`{"detail":"Not Found"}`, ""},
		{"GET", "/users/a%2Fb"}: {`{"detail":"Not Found"}`, ""},
		{"HEAD", "/nothing"}:    {"", ""},
		{"PUT", "/users/me"}:    {`{"detail":"Method Not Allowed"}`, "GET, HEAD, DELETE"},
		{"OPTIONS", "/users/"}:  {`{"detail":"Method Not Allowed"}`, "GET, HEAD"},
		{"GET", "/plan"}:        {`{"detail":"Method Not Allowed"}`, "POST"},
	} {
		got := ask(t, app, httptest.NewRequest(asked[0], asked[1], nil))
		if got.body != want[0] || got.header.Get("Allow") != want[1] || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %v, want %q", asked, got, want)
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
			fiberauth.Mount(fiber.New(), prefix, users())
		}()
	}
}

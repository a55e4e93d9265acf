package chiauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/core"
)

// replies returns a route that responds with its pattern, the path of the
// request, and its id.
func replies(method, pattern string) core.Endpoint {
	return core.Endpoint{
		Route: core.Route{Method: method, Pattern: pattern},
		Serve: func(_ context.Context, r *core.Request) *core.Response {
			return core.Bytes(200, "application/json", []byte(fmt.Sprintf("%s %s %q", pattern, r.Path, r.Param("id"))))
		},
	}
}

func users() core.Group {
	return core.Group{replies("GET", ""), replies("GET", "/me"), replies("GET", "/{id}"), replies("DELETE", "/{id}")}
}

func serveOne(h http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestRoutesAreInChisListing(t *testing.T) {
	r := chi.NewRouter()
	chiauth.Mount(r, "/users", users())
	var got []string
	err := chi.Walk(r, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if strings.Count(route, "/") < 3 { // the others are redirects
			got = append(got, method+" "+route)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	want := []string{
		"DELETE /users/{id}", "GET /users", "GET /users/", "GET /users/me", "GET /users/{id}",
		"HEAD /users", "HEAD /users/", "HEAD /users/me", "HEAD /users/{id}",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the listing is %q, want %q", got, want)
	}
}

func TestMountBelowPrefixesAndGroups(t *testing.T) {
	mark := func(name string) func(http.Handler) http.Handler { return middleware.SetHeader("X-Mark", name) }
	r := chi.NewRouter()
	r.Route("/api", func(r chi.Router) {
		r.Use(mark("api"))
		r.Group(func(r chi.Router) {
			r.Use(mark("group"))
			chiauth.Mount(r, "/users", users())
		})
		r.Route("/v2/{id}/users", func(r chi.Router) { chiauth.Mount(r, "", users()) })
	})
	chiauth.Mount(r.With(mark("with")), "", core.Group{replies("GET", "/jwks.json"), replies("GET", "")})
	for _, c := range []struct{ path, body, mark string }{
		{"/api/users/me", `/me /api/users/me ""`, "group"},
		{"/api/users", ` /api/users ""`, "group"},
		{"/api/users/", ` /api/users/ ""`, "group"},
		{"/api/users/7", `/{id} /api/users/7 "7"`, "group"},
		{"/api/users/a%40b", `/{id} /api/users/a@b "a@b"`, "group"},
		{"/api/v2/x/users/7", `/{id} /api/v2/x/users/7 "7"`, "api"},
		{"/api/v2/x%40y/users/a%40b", `/{id} /api/v2/x@y/users/a@b "a@b"`, "api"},
		{"/api/v2/x/users", ` /api/v2/x/users "x"`, "api"},
		{"/jwks.json", `/jwks.json /jwks.json ""`, "with"},
		{"/", ` / ""`, "with"},
	} {
		w := serveOne(r, "GET", c.path)
		if w.Code != 200 || w.Body.String() != c.body || w.Header().Get("X-Mark") != c.mark {
			t.Errorf("GET %s: %d %q with mark %q, want %q with %q", c.path, w.Code, w.Body, w.Header().Get("X-Mark"), c.body,
				c.mark)
		}
	}
}

func TestAnApplicationsMoreSpecificRouteWins(t *testing.T) {
	r := chi.NewRouter()
	chiauth.Mount(r, "/users", users())
	r.Delete("/users/me", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for path, want := range map[string]int{"/users/me": http.StatusTeapot, "/users/7": 200} {
		if got := serveOne(r, "DELETE", path).Code; got != want {
			t.Errorf("DELETE %s: %d, want %d", path, got, want)
		}
	}
}

func TestFindingB5BelowPrefixesAndGroups(t *testing.T) {
	r := chi.NewRouter()
	r.Get("/own/me/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	chiauth.Mount(r, "/own", users())
	r.Route("/api/{id}", func(r chi.Router) {
		r.Group(func(r chi.Router) {
			r.Use(middleware.NoCache)
			chiauth.Mount(r, "/users", users())
		})
		r.Route("/sub", func(r chi.Router) { chiauth.Mount(r, "", users()) })
	})
	for asked, want := range map[[2]string]int{
		{"GET", "/api/x/users/me/"}: 307, {"PUT", "/api/x/users/me/"}: 307, {"DELETE", "/api/x/users/me/"}: 307,
		{"GET", "/api/x/sub/me/"}: 307, {"GET", "/api/x/sub/"}: 200, {"GET", "/api/x/users/me//"}: 404,
		{"GET", "/api/x/users/"}: 200, {"DELETE", "/api/x/users/me"}: 200,
		{"GET", "/own/me/"}: 418, {"POST", "/own/me/"}: 307,
	} {
		w := serveOne(r, asked[0], asked[1])
		if w.Code != want || want == 307 && w.Header().Get("Location") != "../me" {
			t.Errorf("%s: %d to %q, want %d", asked, w.Code, w.Header().Get("Location"), want)
		}
	}
}

func TestFindingB6JSON(t *testing.T) {
	r := chi.NewRouter()
	r.NotFound(chiauth.NotFound)
	r.MethodNotAllowed(chiauth.MethodNotAllowed)
	r.Route("/api", func(r chi.Router) { chiauth.Mount(r, "/users", users()) })
	for asked, want := range map[[2]string][2]string{
		{"GET", "/nothing"}:          {`{"detail":"Not Found"}`, ""},
		{"GET", "/api/nothing"}:      {`{"detail":"Not Found"}`, ""},
		{"GET", "/api/users/a%2Fb"}:  {`{"detail":"Not Found"}`, ""},
		{"HEAD", "/nothing"}:         {"", ""},
		{"PUT", "/api/users/me"}:     {`{"detail":"Method Not Allowed"}`, "GET HEAD DELETE"},
		{"PATCH", "/api/users/%C3"}:  {`{"detail":"Method Not Allowed"}`, "GET HEAD DELETE"},
		{"OPTIONS", "/api/users"}:    {`{"detail":"Method Not Allowed"}`, "GET HEAD"},
		{"PROPFIND", "/api/users/7"}: {`{"detail":"Method Not Allowed"}`, "GET HEAD DELETE"},
	} {
		w := serveOne(r, asked[0], asked[1])
		if w.Body.String() != want[0] || strings.Join(w.Header()["Allow"], " ") != want[1] ||
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
			chiauth.Mount(chi.NewRouter(), prefix, users())
		}()
	}
}

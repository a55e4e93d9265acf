package chiauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
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
		got = append(got, method+" "+route)
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

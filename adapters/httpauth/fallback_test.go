package httpauth_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

func users() core.Group {
	return core.Group{
		says("GET", "", "users"), says("GET", "/me", "me"), says("PATCH", "/{id}", "patched"),
		says("DELETE", "/{id}", "deleted"),
	}
}

func teapot(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }

func TestFindingB5BelowPrefixes(t *testing.T) {
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/api", users().At("/users"))
	for name, h := range map[string]http.Handler{
		"": mux, "/stripped": http.StripPrefix("/stripped", mux),
	} {
		for asked, want := range map[[2]string]int{
			{"GET", "/api/users/me/"}: 307, {"DELETE", "/api/users/me/"}: 307, {"HEAD", "/api/users/me/"}: 307,
			{"GET", "/api/users/"}: 200, {"GET", "/api/users"}: 200, {"GET", "/api/users/me"}: 200, {"DELETE", "/api/users/me"}: 200,
			{"PUT", "/api/users/me"}: 405, {"PUT", "/api/users/me/"}: 405, {"GET", "/api/users/me/x/"}: 404,
		} {
			w := serve(h, asked[0], name+asked[1]+"?a=b")
			if w.Code != want || want == 307 && w.Header().Get("Location") != "../me?a=b" {
				t.Errorf("%s below %q: %d to %q, want %d", asked, name, w.Code, w.Header().Get("Location"), want)
			}
		}
	}
}

// An application's own routes stay what they are, and may be registered.
func TestFindingB5OfAnApplication(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/avatars/", teapot)
	mux.HandleFunc("DELETE /users/me/{$}", teapot)
	httpauth.Mount(mux, "/users", users())
	httpauth.Mount(mux, "/auth", core.Group{says("POST", "/login", "login")},
		core.Group{says("GET", "/sessions", "sessions")})
	httpauth.Mount(mux, "/auth/sessions", core.Group{says("DELETE", "", "ended")})
	mux.HandleFunc("GET /auth/login", teapot) // a page
	mux.HandleFunc("GET /auth/login/{$}", teapot)
	mux.HandleFunc("GET /", teapot)
	mux.HandleFunc("POST /auth/", teapot)
	for asked, want := range map[[2]string]int{
		{"GET", "/users/avatars/"}: 418, {"GET", "/users/avatars/7"}: 418, {"DELETE", "/users/me/"}: 418, {"GET", "/users/me/"}: 307,
		{"GET", "/auth/login"}: 418, {"GET", "/auth/login/"}: 418, {"POST", "/auth/login/"}: 307, {"POST", "/auth/nothing/"}: 418,
		{"DELETE", "/auth/sessions/"}: 200, {"GET", "/auth/sessions/"}: 307,
	} {
		if w := serve(mux, asked[0], asked[1]); w.Code != want {
			t.Errorf("%s: %d, want %d", asked, w.Code, want)
		}
	}
}

func TestFindingB6JSONErrors(t *testing.T) {
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/users", users())
	mux.HandleFunc("GET /own/{id}", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no "+r.PathValue("id"), http.StatusNotFound)
	})
	h := httpauth.JSONErrors(mux)
	for asked, want := range map[[2]string]string{
		{"GET", "/nothing"}:        `404 {"detail":"Not Found"} Allow []`,
		{"HEAD", "/nothing"}:       `404  Allow []`,
		{"DELETE", "/users/a%2Fb"}: `404 {"detail":"Not Found"} Allow []`,
		{"POST", "/users/me"}:      `405 {"detail":"Method Not Allowed"} Allow [DELETE, GET, HEAD, PATCH]`,
		{"OPTIONS", "/users/7"}:    `405 {"detail":"Method Not Allowed"} Allow [DELETE, PATCH]`,
		{"GET", "/users/me"}:       `200 me Allow []`,
	} {
		w := serve(h, asked[0], asked[1])
		if got := fmt.Sprint(w.Code, " ", w.Body, " Allow ", w.Header()["Allow"]); got != want {
			t.Errorf("%s: %s, want %s", asked, got, want)
		}
		if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("X-Content-Type-Options") != "" {
			t.Errorf("%s: %v", asked, w.Header())
		}
	}
	if w := serve(h, "GET", "/own/7"); w.Code != 404 || w.Body.String() != "no 7\n" {
		t.Errorf("an application's own 404 is %d %s", w.Code, w.Body)
	}
	if w := serve(h, "GET", "/users//me"); w.Code != 307 && w.Code != 301 || w.Header().Get("Location") != "/users/me" {
		t.Errorf("ServeMux's own redirect is %d %v", w.Code, w.Header())
	}
}

func ExampleJSONErrors() {
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/users", core.Group{says("GET", "/me", "me")})
	h := httpauth.JSONErrors(mux)

	fmt.Println(serve(h, "GET", "/nothing").Body)
	fmt.Println(serve(h, "PUT", "/users/me").Body)
	// Output:
	// {"detail":"Not Found"}
	// {"detail":"Method Not Allowed"}
}

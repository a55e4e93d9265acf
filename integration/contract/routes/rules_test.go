package routes_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestRouteNames(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		want := map[string]string{
			"register:register":        "POST /register",
			"reset:forgot_password":    "POST /forgot-password",
			"reset:reset_password":     "POST /reset-password",
			"verify:request-token":     "POST /request-verify-token",
			"verify:verify":            "POST /verify",
			"users:current_user":       "GET /me",
			"users:patch_current_user": "PATCH /me",
			"users:user":               "GET /{id}",
			"users:patch_user":         "PATCH /{id}",
			"users:delete_user":        "DELETE /{id}",
			"users:list_users":         "GET ",
			"users:suspend_user":       "POST /{id}/suspend",
			"users:reinstate_user":     "DELETE /{id}/suspend",
			"users:reset_password":     "POST /{id}/reset-password",
			"users:list_sessions":      "GET /{id}/sessions",
			"users:end_sessions":       "DELETE /{id}/sessions",
			"users:end_session":        "DELETE /{id}/sessions/{session}",
			"sessions:list":            "GET /sessions",
			"sessions:delete":          "DELETE /sessions/{id}",
			"sessions:delete_others":   "DELETE /sessions",
			"keys:jwks":                "GET /jwks.json",
			"auth:jwt.login":           "POST /login",
			"auth:jwt.logout":          "POST /logout",
			"auth:cookie.login":        "POST /login",
			"auth:cookie.logout":       "POST /logout",
			"auth:session.login":       "POST /login",
			"auth:session.logout":      "POST /logout",
		}
		got := map[string]string{}
		groups := []core.Group{a.Register(), a.Reset(), a.Verify(), a.Users(), a.Sessions(), a.Keys()}
		for _, b := range harness.Backends {
			groups = append(groups, a.Login(b))
		}
		for _, route := range slices.Concat(groups...) {
			got[route.Name] = route.Method + " " + route.Pattern
		}
		if !maps.Equal(got, want) {
			t.Errorf("got the routes\n%v, want\n%v", got, want)
		}
	})
}

func TestHead(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Superuser)
		mine := a.LogIn(t, "cookie", u)
		for _, path := range []string{"/users/me", "/users/{id}", "/users", "/users/", "/users?limit=1", "/auth/sessions",
			"/auth/jwks.json"} {
			for status, with := range map[string][]harness.Option{"200": {harness.PathID(u.ID), mine},
				"401": {harness.PathID(u.ID)}} {
				if path == "/auth/jwks.json" && status == "401" {
					continue // for anyone
				}
				get := a.Want(t, "GET "+path+" "+status, with...)
				head := a.Send(t, "HEAD", path, with...)
				t.Run("HEAD "+path+" "+status, func(t *testing.T) {
					get.Header.Del("Date")
					head.Header.Del("Date")
					if head.Body != "" || head.Status != get.Status || fmt.Sprint(head.Header) != fmt.Sprint(get.Header) {
						t.Errorf("got %d %v, GET returned %d %v", head.Status, head.Header, get.Status, get.Header)
					}
				})
			}
		}
	})
}

func TestMethods(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		mine := a.LogIn(t, "cookie", a.NewUser(t, harness.Superuser))
		for path, allowed := range map[string]string{
			"/auth/jwt/login": "POST", "/auth/cookie/login": "POST", "/auth/cookie/logout": "POST", "/auth/register": "POST",
			"/auth/forgot-password": "POST", "/auth/reset-password": "POST", "/auth/request-verify-token": "POST", "/auth/verify": "POST",
			"/users/me": "GET PATCH", "/users/" + harness.NobodyID: "GET PATCH DELETE", "/users": "GET", "/users/": "GET",
			"/auth/sessions": "GET DELETE", "/auth/sessions/" + harness.NobodyID: "DELETE", "/auth/jwks.json": "GET",
		} {
			allowed := strings.Fields(allowed)
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} {
				if slices.Contains(allowed, method) || path == "/users/me" && method == "DELETE" {
					continue // DELETE /users/me is a row of its own
				}
				got := a.Want(t, method+" "+path+" 405", harness.Row, mine, harness.JSON(`{}`))
				allow := strings.FieldsFunc(strings.Join(got.Header["Allow"], ","),
					func(r rune) bool { return r == ',' || r == ' ' })
				for _, m := range allowed {
					if !slices.Contains(allow, m) {
						t.Errorf("%s %s: Allow is %q, want %q", method, path, allow, allowed)
					}
				}
				if slices.Contains(allow, method) {
					t.Errorf("%s %s: 405, and Allow is %q", method, path, allow)
				}
			}
		}
		a.Want(t, "POST /users/me 405 (a method cannot be overridden)", mine,
			harness.Header("X-HTTP-Method-Override", "PATCH"), harness.Form("_method", "PATCH", "full_name", "x"))
	})
}

func TestPaths(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		mine := a.LogIn(t, "cookie", a.NewUser(t, harness.Superuser))
		for _, line := range []string{
			"GET /users/me/x", "GET /userss", "GET /me", "POST /login", "POST /auth/login", "POST /auth/nothing/login", "GET /nothing",
			"GET /auth/sessions/" + harness.NobodyID + "/x", "POST /auth/jwt", "GET /auth", "GET /", "GET /nothing/", "GET /users/me/x/",
		} {
			a.Want(t, line+" 404 (finding b6)", mine)
		}
	})
}

// Front ends write a slash too many, and FastAPI's redirects are followed.
func TestFieldM11FindingB5ASlashTooMany(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		mine := a.LogIn(t, "cookie", a.NewUser(t, harness.Superuser))
		for line, want := range map[string]string{
			"POST /auth/jwt/login/": "../login", "POST /auth/register/?next=%2Fa": "../register?next=%2Fa", "GET /users/me/": "../me",
			"PATCH /users/me/": "../me", "DELETE /users/" + harness.NobodyID + "/": "../" + harness.NobodyID,
			"POST /auth/forgot-password/": "../forgot-password", "GET /auth/sessions/": "../sessions",
			"DELETE /auth/sessions/" + harness.NobodyID + "/": "../" + harness.NobodyID, "GET /auth/jwks.json/": "../jwks.json",
		} {
			t.Run(line, func(t *testing.T) {
				method, path, _ := strings.Cut(line, " ")
				for range 70 { // before the limits, and before who asks
					got := a.Send(t, method, path, harness.JSON(`{`))
					if got.Status != 307 || got.Header.Get("Location") != want || got.Body != "" {
						t.Fatalf("got %d to %q, want %s", got.Status, got.Header.Get("Location"), want)
					}
				}
			})
		}
		u := a.NewUser(t)
		t.Run("it is followed with method, body and credentials", func(t *testing.T) {
			form := url.Values{"username": {u.Email}, "password": {harness.Password}}
			resp, err := http.PostForm(a.URL+"/auth/jwt/login/", form)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			if resp.StatusCode != 200 || resp.Request.URL.Path != "/auth/jwt/login" {
				t.Errorf("got %d at %s", resp.StatusCode, resp.Request.URL)
			}
		})
		a.Want(t, "GET /users/ 200 (a group's root keeps its slash)", mine)
		for _, path := range []string{"/users//", "/users/me//", "//users/me/"} {
			t.Run(path+" is none", func(t *testing.T) {
				if got := a.Send(t, "GET", path, mine); got.Status == 200 || strings.HasPrefix(got.Header.Get("Location"), "..") {
					t.Errorf("got %d to %q", got.Status, got.Header.Get("Location"))
				}
			})
		}
	})
}

func TestAnOwnRouteWins(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		a.Serve(t, func(r harness.Router) {
			r.Handle("DELETE", "/users/me", func(w http.ResponseWriter, r *http.Request) {
				u, _ := latchkey.CurrentUser[harness.Account](r.Context())
				if err := a.Manager().Delete(r.Context(), u.ID); err != nil {
					t.Error(err)
				}
				w.Header().Set("Cache-Control", "no-store")
				w.WriteHeader(http.StatusNoContent)
			})
		})
		u, other, admin := a.NewUser(t), a.NewUser(t), a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
		mine := a.LogIn(t, "session", u)
		a.Want(t, "DELETE /users/me 401 (the application's own, mounted first)")
		a.Want(t, "DELETE /users/me 204 (the application's own, mounted first)", mine)
		a.Want(t, "GET /users/me 401", mine)
		a.Want(t, "GET /users/{id} 404", harness.PathID(u.ID), admin)
		a.Want(t, "DELETE /users/{id} 204 (the group's own still answers)", harness.PathID(other.ID), admin)
	})
}

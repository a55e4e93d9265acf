package chiauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-chi/chi/v5"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
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

func (auth) Render(context.Context, error) *core.Response {
	return core.Bytes(http.StatusUnauthorized, "application/json", []byte(`{"detail":"Unauthorized"}`))
}

func ExampleMount() {
	r := chi.NewRouter()
	r.Route("/api", func(r chi.Router) {
		chiauth.Mount(r, "/users", users())
	})

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
	r := chi.NewRouter()
	r.With(chiauth.Require(auth{})).Get("/plan", func(w http.ResponseWriter, r *http.Request) {
		u, _ := chiauth.CurrentUser[member](r)
		fmt.Fprint(w, u.Plan)
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
	r := chi.NewRouter()
	r.Use(chiauth.Optional(auth{}))
	r.Get("/", func(w http.ResponseWriter, r *http.Request) {
		_, ok := chiauth.CurrentUser[member](r)
		fmt.Fprint(w, "known: ", ok)
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

func ExampleWrite() {
	r := chi.NewRouter()
	r.Get("/plans", func(w http.ResponseWriter, r *http.Request) {
		chiauth.Write(w, r, core.HTML(http.StatusOK, []byte("<h1>Plans</h1>")))
	})

	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/plans", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Body)
	// Output: 200 text/html; charset=utf-8 <h1>Plans</h1>
}

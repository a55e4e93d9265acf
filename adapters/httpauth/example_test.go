package httpauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/latchkey-go/latchkey/adapters/httpauth"
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
	return response(http.StatusUnauthorized, `{"detail":"Unauthorized"}`)
}

// Users returns a group of one route.
func (auth) Users() core.Group {
	return core.Group{bound("GET", "/{id}", func(r *core.Request) *core.Response {
		return response(http.StatusOK, fmt.Sprintf(`{"id":%q}`, r.Param("id")))
	})}
}

func ExampleMount() {
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/users", auth{}.Users())

	for _, method := range []string{"GET", "HEAD", "POST"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(method, "/users/7", nil))
		fmt.Printf("%s %d %q\n", method, w.Code, w.Header().Get("Allow"))
	}
	// Output:
	// GET 200 ""
	// HEAD 200 ""
	// POST 405 "GET, HEAD"
}

func ExampleRequire() {
	plan := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, _ := httpauth.CurrentUser[member](r)
		fmt.Fprint(w, u.Plan)
	})
	h := httpauth.Require(auth{})(plan)

	r := httptest.NewRequest("GET", "/plan", nil)
	for range 2 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
		r.Header.Set("Authorization", "Bearer ada")
	}
	// Output:
	// 401 {"detail":"Unauthorized"}
	// 200 gold
}

func ExampleOptional() {
	h := httpauth.Optional(auth{})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, ok := httpauth.CurrentUser[member](r); ok {
			fmt.Fprint(w, "your plan is ", u.Plan)
			return
		}
		fmt.Fprint(w, "log in to see your plan")
	}))

	r := httptest.NewRequest("GET", "/", nil)
	for range 2 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Body)
		r.Header.Set("Authorization", "Bearer ada")
	}
	// Output:
	// log in to see your plan
	// your plan is gold
}

// With another router, register each route yourself.
func ExampleHandler() {
	routes := map[string]http.Handler{}
	for _, b := range (auth{}).Users() {
		routes[b.Method+" "+b.Pattern] = httpauth.Handler(b)
	}

	r := httptest.NewRequest("GET", "/users/7", nil)
	r.SetPathValue("id", "7") // what the router took from the path
	w := httptest.NewRecorder()
	routes["GET /{id}"].ServeHTTP(w, r)
	fmt.Println(w.Body)
	// Output: {"id":"7"}
}

func ExampleCurrentUser() {
	h := httpauth.Optional(auth{})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, ok := httpauth.CurrentUser[member](r)
		fmt.Println(ok)
		_, ok = httpauth.CurrentUser[core.User](r) // any type but the application's user type reports false
		fmt.Println(ok)
	}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer ada")
	h.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// true
	// false
}

func ExampleWrite() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /plans", func(w http.ResponseWriter, r *http.Request) {
		httpauth.Write(w, r, core.HTML(http.StatusOK, []byte("<h1>Plans</h1>")))
	})

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/plans", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Body)
	// Output: 200 text/html; charset=utf-8 <h1>Plans</h1>
}

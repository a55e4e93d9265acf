package latchkey_test

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// loginForm is a page of the application's own. It posts to the route that
// clients call.
var loginForm = template.Must(template.New("login").Parse(`<!doctype html>
<title>Log in</title>
{{with .Error}}<p role="alert">{{.}}</p>{{end}}
<form method="post" action="/auth/web/login">
<input type="hidden" name="redirect_to" value="{{.Next}}">
<input type="hidden" name="error_to" value="/login?next={{.Next}}">
<label>E-mail <input name="username" type="email" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Log in</button>
</form>`))

// sentences are what the page says about a code.
var sentences = map[string]string{
	core.CodeLoginBadCredentials: "That address and that password do not belong together.",
	core.CodeRateLimited:         "That was too often. Wait a little.",
}

func showLogin(w http.ResponseWriter, r *http.Request) {
	next := r.URL.Query().Get("next")
	if !core.LocalPath(next) { // everybody can write such a link
		next = "/plan"
	}
	code := r.URL.Query().Get("error")
	sentence := sentences[code]
	if sentence == "" && code != "" {
		sentence = "That did not work."
	}
	_ = loginForm.Execute(w, map[string]string{"Next": next, "Error": sentence})
}

// mountForms mounts an application whose pages are rendered by the server.
func mountForms(mux *http.ServeMux, auth *latchkey.Auth[Member]) {
	httpauth.Mount(mux, "", auth.API())
	mux.HandleFunc("GET /login", showLogin)
	members := httpauth.Require(auth, latchkey.LoginPage("/login"))
	mux.Handle("GET /plan", members(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if member, ok := latchkey.CurrentUser[Member](r.Context()); ok {
			fmt.Fprintf(w, "The plan of %s", member.Nick)
		}
	})))
}

// Forms of an application's own post to Latchkey's routes, and LoginPage sends
// an anonymous browser to the login and back.
func ExampleLoginPage() {
	cookies, err := cookie.New(cookie.Options{})
	if err != nil {
		panic(err)
	}
	sessions, err := session.New(memstore.NewSessions(nil), session.Options{})
	if err != nil {
		panic(err)
	}
	auth, err := latchkey.New(memstore.NewUsers[Member](), latchkey.Options[Member]{
		Backends: []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}}, Hashers: cheap(),
	})
	if err != nil {
		panic(err)
	}
	ada := &Member{User: latchkey.User{Email: "ada@example.org", IsActive: true}, Nick: "Ada"}
	if err := auth.Manager().Create(context.Background(), ada, "analytical engine"); err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mountForms(mux, auth)

	browse := func(method, target string, form url.Values, cookie string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
		r.Header.Set("Accept", "text/html")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Header().Get("Location"))))
		return w
	}
	browse("GET", "/plan?year=2026", nil, "")
	form := url.Values{
		"username": {"ada@example.org"}, "password": {"wrong"},
		"redirect_to": {"/plan?year=2026"}, "error_to": {"/login?next=/plan"},
	}
	browse("POST", "/auth/web/login", form, "")
	form.Set("password", "analytical engine")
	in := browse("POST", "/auth/web/login", form, "")
	token, _, _ := strings.Cut(in.Header().Get("Set-Cookie"), ";")
	fmt.Println(browse("GET", "/plan?year=2026", nil, token).Body)
	// Output:
	// 303 /login?next=%2Fplan%3Fyear%3D2026
	// 303 /login?error=LOGIN_BAD_CREDENTIALS&next=%2Fplan
	// 303 /plan?year=2026
	// 200
	// The plan of Ada
}

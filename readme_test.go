package latchkey_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// newMux is the code of the README.
func newMux() (*http.ServeMux, error) {
	type Account struct {
		latchkey.User
		FullName string `json:"full_name" auth:"register,update"`
	}

	sessions, err1 := session.New(memstore.NewSessions(nil), session.Options{})
	cookies, err2 := cookie.New(cookie.Options{})
	auth, err3 := latchkey.New(memstore.NewUsers[Account](), latchkey.Options[Account]{
		Backends: []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}},
	})
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}

	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth/web", auth.Login("web"))
	httpauth.Mount(mux, "/auth", auth.Register(), auth.Sessions())
	httpauth.Mount(mux, "/users", auth.Users())
	mux.Handle("GET /hello", httpauth.Require(auth)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		account, _ := latchkey.CurrentUser[Account](r.Context())
		fmt.Fprintf(w, "Hello %s!\n", account.FullName)
	})))
	return mux, nil
}

func Example() {
	mux, err := newMux()
	if err != nil {
		fmt.Println(err)
		return
	}
	send := func(method, path, cookie, contentType, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	ada := `{"email": "ada@example.org", "password": "analytical engine", "full_name": "Ada"}`
	fmt.Println(send("POST", "/auth/register", "", "application/json", ada).Code)
	login := send("POST", "/auth/web/login", "", "application/x-www-form-urlencoded",
		"username=ada@example.org&password=analytical+engine")
	cookie, _, _ := strings.Cut(login.Header().Get("Set-Cookie"), ";")
	fmt.Println(login.Code, send("GET", "/hello", cookie, "", "").Body)
	fmt.Println(send("GET", "/hello", "", "", "").Code)
	// Output:
	// 201
	// 204 Hello Ada!
	//
	// 401
}

package authtest_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
)

// onNetHTTP is the application under test.
func onNetHTTP(auth *latchkey.Auth[Account]) http.Handler {
	mux := http.NewServeMux()
	verified := httpauth.Require(auth, latchkey.Verified)
	mux.Handle("GET /plan", verified(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		account, _ := httpauth.CurrentUser[Account](r)
		_, _ = io.WriteString(w, account.Plan)
	})))
	return mux
}

func TestPlanOnNetHTTP(t *testing.T) {
	app := authtest.New(t, latchkey.Options[Account]{})
	mux := onNetHTTP(app.Auth)
	gold := authtest.User(func(a *Account) { a.Plan = "gold" })

	client := authtest.As(t, app.Auth, "web", gold)
	if w := client.Do(mux, "GET", "/plan", ""); w.Code != 200 || w.Body.String() != "gold" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := authtest.NewClient(t).Do(mux, "GET", "/plan", ""); w.Code != 401 {
		t.Errorf("somebody who is not logged in: got %d %s", w.Code, w.Body)
	}
	unverified := authtest.User(func(a *Account) { a.IsVerified = false })
	if w := authtest.As(t, app.Auth, "web", unverified).Do(mux, "GET", "/plan", ""); w.Code != 403 {
		t.Errorf("an unverified user: got %d %s", w.Code, w.Body)
	}
}

package authtest_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/authtest"
)

func onChi(auth *latchkey.Auth[Account]) http.Handler {
	r := chi.NewRouter()
	r.With(chiauth.Require(auth, latchkey.Verified)).Get("/plan", func(w http.ResponseWriter, r *http.Request) {
		account, _ := chiauth.CurrentUser[Account](r)
		_, _ = io.WriteString(w, account.Plan)
	})
	return r
}

func TestPlanOnChi(t *testing.T) {
	app := authtest.New(t, latchkey.Options[Account]{})
	gold := authtest.User(func(a *Account) { a.Plan = "gold" })
	client := authtest.As(t, app.Auth, "web", gold)
	if w := client.Do(onChi(app.Auth), "GET", "/plan", ""); w.Code != 200 || w.Body.String() != "gold" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := authtest.NewClient(t).Do(onChi(app.Auth), "GET", "/plan", ""); w.Code != 401 {
		t.Errorf("somebody who is not logged in: got %d %s", w.Code, w.Body)
	}
}

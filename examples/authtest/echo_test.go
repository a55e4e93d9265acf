package authtest_test

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v5"
	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/echoauth"
	"github.com/latchkey-go/latchkey/authtest"
)

func onEcho(auth *latchkey.Auth[Account]) http.Handler {
	e := echo.New()
	e.GET("/plan", func(c *echo.Context) error {
		account, _ := echoauth.CurrentUser[Account](c)
		return c.String(http.StatusOK, account.Plan)
	}, echoauth.Require(auth, latchkey.Verified))
	return e
}

func TestPlanOnEcho(t *testing.T) {
	app := authtest.New(t, latchkey.Options[Account]{})
	gold := authtest.User(func(a *Account) { a.Plan = "gold" })
	client := authtest.As(t, app.Auth, "web", gold)
	if w := client.Do(onEcho(app.Auth), "GET", "/plan", ""); w.Code != 200 || w.Body.String() != "gold" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := authtest.NewClient(t).Do(onEcho(app.Auth), "GET", "/plan", ""); w.Code != 401 {
		t.Errorf("somebody who is not logged in: got %d %s", w.Code, w.Body)
	}
}

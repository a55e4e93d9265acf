package authtest_test

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/ginauth"
	"github.com/latchkey-go/latchkey/authtest"
)

func onGin(auth *latchkey.Auth[Account]) http.Handler {
	r := gin.New()
	r.GET("/plan", ginauth.Require(auth, latchkey.Verified), func(c *gin.Context) {
		account, _ := ginauth.CurrentUser[Account](c)
		c.String(http.StatusOK, account.Plan)
	})
	return r
}

func TestPlanOnGin(t *testing.T) {
	app := authtest.New(t, latchkey.Options[Account]{})
	gold := authtest.User(func(a *Account) { a.Plan = "gold" })
	client := authtest.As(t, app.Auth, "web", gold)
	if w := client.Do(onGin(app.Auth), "GET", "/plan", ""); w.Code != 200 || w.Body.String() != "gold" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := authtest.NewClient(t).Do(onGin(app.Auth), "GET", "/plan", ""); w.Code != 401 {
		t.Errorf("somebody who is not logged in: got %d %s", w.Code, w.Body)
	}
}

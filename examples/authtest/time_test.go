package authtest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
)

func TestEightDaysLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := authtest.New(t, latchkey.Options[Account]{})
		mux := onNetHTTP(app.Auth)
		client := authtest.As(t, app.Auth, "web", authtest.User[Account]())
		for day := range 3 { // who comes every six days stays logged in
			if w := client.Do(mux, "GET", "/plan", ""); w.Code != 200 {
				t.Errorf("visit %d: got %d %s", day+1, w.Code, w.Body)
			}
			time.Sleep(6 * 24 * time.Hour)
		}
		time.Sleep(2 * 24 * time.Hour)
		if w := client.Do(mux, "GET", "/plan", ""); w.Code != 401 {
			t.Errorf("eight days later: got %d %s", w.Code, w.Body)
		}
	})
}

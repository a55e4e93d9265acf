package main

import (
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
)

func TestHello(t *testing.T) {
	app := authtest.New(t, latchkey.Options[Account]{})
	ada := authtest.As(t, app.Auth, "web", authtest.User(func(a *Account) { a.Name = "Ada" }))
	if got := ada.Do(routes(app.Auth), "GET", "/", "").Body.String(); got != "Hello Ada!\n" {
		t.Errorf("the page says %q", got)
	}
}

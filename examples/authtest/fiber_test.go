package authtest_test

import (
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/authtest"
)

func onFiber(auth *latchkey.Auth[Account]) *fiber.App {
	app := fiber.New()
	app.Get("/plan", fiberauth.Require(auth, latchkey.Verified), func(c fiber.Ctx) error {
		account, _ := fiberauth.CurrentUser[Account](c)
		return c.SendString(account.Plan)
	})
	return app
}

// wantStatus fails unless GET /plan is answered with the status.
func wantStatus(t *testing.T, server *fiber.App, client *authtest.Client, status int) {
	t.Helper()
	resp, err := server.Test(client.Request("GET", "/plan", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	client.Keep(resp) // the cookies that the answer sets, if any
	if resp.StatusCode != status {
		t.Errorf("GET /plan is answered with %d, want %d", resp.StatusCode, status)
	}
}

func TestPlanOnFiber(t *testing.T) {
	app := authtest.New(t, latchkey.Options[Account]{})
	server := onFiber(app.Auth)
	wantStatus(t, server, authtest.As(t, app.Auth, "web", authtest.User[Account]()), 200)
	wantStatus(t, server, authtest.NewClient(t), 401)
}

func TestEightDaysLaterOnFiber(t *testing.T) {
	// The first request of a process to any fiber.App starts a goroutine
	// that never ends, which no bubble may have.
	resp, err := fiber.New().Test(httptest.NewRequest("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	synctest.Test(t, func(t *testing.T) {
		app := authtest.New(t, latchkey.Options[Account]{})
		server := onFiber(app.Auth)
		client := authtest.As(t, app.Auth, "web", authtest.User[Account]())
		wantStatus(t, server, client, 200)
		time.Sleep(8 * 24 * time.Hour) // virtual: sessions idle out after seven days
		wantStatus(t, server, client, 401)
	})
}

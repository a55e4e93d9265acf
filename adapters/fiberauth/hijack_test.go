package fiberauth_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/core"
)

// A WebSocket's handler runs after fiber's, when c belongs to nobody. What it
// holds of the login does not change, and its context is done when the server
// stops.
func TestAHijackedConnectionKeepsItsLogin(t *testing.T) {
	app := fiber.New()
	app.Get("/socket", fiberauth.Require(keeper{}), func(c fiber.Ctx) error {
		login := c.Context()
		copied := core.WithCurrent(context.Background(), *core.CurrentFrom(login))
		c.RequestCtx().Hijack(func(conn net.Conn) {
			_, _ = bufio.NewReader(conn).ReadString('\n')
			for _, ctx := range []context.Context{login, copied} {
				u, _ := core.CurrentUser[core.User](ctx)
				_, _ = fmt.Fprintln(conn, u.ID, ctx.Err())
			}
			<-login.Done()
			_, _ = fmt.Fprintln(conn, "the server stops")
		})
		return nil
	})
	app.Get("/", fiberauth.Require(keeper{}), func(c fiber.Ctx) error { return c.SendStatus(204) })
	addr := listen(t, app)
	send := func(path, token string) (net.Conn, *bufio.Reader) {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: app.example\r\nAuthorization: Bearer %s\r\n\r\n", path, token)
		read := bufio.NewReader(conn)
		resp, err := http.ReadResponse(read, nil)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		_ = resp.Body.Close() // it is empty
		return conn, read
	}
	socket, said := send("/socket", "ada-0123456789")
	for i := range 100 {
		send("/", fmt.Sprintf("bob-%010d", i))
	}
	_, _ = io.WriteString(socket, "\n")
	for range 2 {
		if line, err := said.ReadString('\n'); err != nil || line != "ada-0123456789 <nil>\n" {
			t.Errorf("the socket says %q, %v", line, err)
		}
	}
	go func() { _ = app.Shutdown() }()
	if line, err := said.ReadString('\n'); err != nil || line != "the server stops\n" {
		t.Errorf("then it says %q, %v", line, err)
	}
}

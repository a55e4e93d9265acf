package fiberauth_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
)

func BenchmarkRequire(b *testing.B) {
	app := fiber.New()
	app.Get("/bare", func(c fiber.Ctx) error { return c.SendStatus(fiber.StatusNoContent) })
	app.Get("/require", fiberauth.Require(auth{}), func(c fiber.Ctx) error {
		if _, ok := fiberauth.CurrentUser[member](c); !ok {
			return fiber.ErrUnauthorized
		}
		return c.SendStatus(fiber.StatusNoContent)
	})
	app.Handler() // builds the router
	for _, name := range []string{"bare", "require"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			c := &client{b: b, request: "GET /" + name + " HTTP/1.1\r\nHost: app.example\r\nAuthorization: Bearer ada\r\n\r\n"}
			if err := app.Server().ServeConn(c); err != nil {
				b.Fatal(err)
			}
			if !strings.HasPrefix(c.answer, "HTTP/1.1 204 ") {
				b.Fatalf("the answer is %q", c.answer)
			}
		})
	}
}

// client is a connection over which one request comes again and again, as long as the benchmark runs.
type client struct {
	net.Conn
	b               *testing.B
	request, answer string
}

func (c *client) Read(p []byte) (int, error) {
	if !c.b.Loop() {
		return 0, io.EOF
	}
	return copy(p, c.request), nil
}

func (c *client) Write(p []byte) (int, error) {
	if c.answer == "" {
		c.answer = string(p)
	}
	return len(p), nil
}

func (*client) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4711} }
func (*client) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
func (*client) SetReadDeadline(time.Time) error  { return nil }
func (*client) SetWriteDeadline(time.Time) error { return nil }
func (*client) Close() error                     { return nil }

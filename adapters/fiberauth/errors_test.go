package fiberauth_test

import (
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v3"
)

// everything returns what a server sends until it closes the connection.
func everything(t *testing.T, addr, raw string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = io.WriteString(c, raw) // if the server has hung up, what it sent decides
	sent, _ := io.ReadAll(c)
	return string(sent)
}

// fiber passes an error that quotes what it cannot parse to its ErrorHandler.
// Its default handler sends that text, which shows that these are the requests
// that matter.
func TestNothingOfAMalformedRequestIsSentBack(t *testing.T) {
	const secret = "token-of-a-user"
	quiet := listen(t, newApp(fiber.Config{}))
	loud := fiber.New()
	loudAddr, quoted := listen(t, loud), 0
	for name, head := range map[string]string{
		"a space behind a name": "GET / HTTP/1.1\r\nHost: a\r\nAuthorization : Bearer " + secret,
		"a NUL in a value":      "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + secret + "\x00",
		"no colon":              "GET / HTTP/1.1\r\nHost: a\r\nAuthorization Bearer " + secret,
		"no name":               "GET / HTTP/1.1\r\nHost: a\r\n: Bearer " + secret,
		"a name of two words":   "GET / HTTP/1.1\r\nHost: a\r\n" + secret + " x: y",
		"no version":            "GET /?" + secret,
		"another version":       "GET /?" + secret + " HTTP/x",
		"a method that is none": secret + " / HTTP/1.1\r\nHost: a",
		"a bad length":          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + secret,
		"a bad coding":          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + secret,
		"a bad host":            "GET / HTTP/1.1\r\nHost: " + secret + ":x y",
		"a bad target":          "GET http://" + secret + ":x/ HTTP/1.1\r\nHost: a",
		"a long header":         "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=" + strings.Repeat(secret, 1000),
	} {
		raw := head + "\r\nConnection: close\r\n\r\n"
		got := everything(t, quiet, raw)
		if !strings.HasPrefix(got, "HTTP/1.1 4") && !strings.HasPrefix(got, "HTTP/1.1 5") || strings.Contains(got, secret) {
			t.Errorf("%s: %.300q", name, got)
		}
		if strings.Contains(everything(t, loudAddr, raw), secret) {
			quoted++
		}
	}
	if quoted == 0 {
		t.Error("fiber's own handler quotes nothing: is there still a need for another one?")
	}
}

func TestErrorHandler(t *testing.T) {
	app := newApp(fiber.Config{})
	fails := map[string]func() error{
		"500": func() error { panic("the secret panic") },
		"502": func() error { return fmt.Errorf("the secret cause: %w", fiber.NewError(502, "the secret text")) },
		"409": func() error { return fiber.NewError(409, "the secret text") },
	}
	app.Get("/:status", func(c fiber.Ctx) error { return fails[c.Params("status")]() })
	for status, body := range map[int]string{500: "Internal Server Error", 502: "Bad Gateway", 409: "Conflict"} {
		got := ask(t, app, httptest.NewRequest("GET", fmt.Sprint("/", status), nil))
		body = fmt.Sprintf(`{"detail":%q}`, body)
		if got.status != status || got.body != body || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%d: %+v, want %s", status, got, body)
		}
	}
}

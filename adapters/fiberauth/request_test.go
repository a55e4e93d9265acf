package fiberauth_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/core"
)

// responds returns a route that responds with a text made from its request.
func responds(method, pattern string, serve func(context.Context, *core.Request) string) core.Group {
	return core.Group{{
		Route: core.Route{Method: method, Pattern: pattern},
		Serve: func(ctx context.Context, r *core.Request) *core.Response {
			return &core.Response{Status: 200, Header: http.Header{"X-Answer": {serve(ctx, r)}}}
		},
	}}
}

// answers sends raw bytes to addr and returns the X-Answer of each response
// until the server closes the connection.
func answers(t *testing.T, network, addr, raw string) []string {
	c, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, raw); err != nil {
		t.Fatal(err)
	}
	var got []string
	for in := bufio.NewReader(c); ; {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return got
		}
		got = append(got, read(t, resp).header.Get("X-Answer"))
		_ = resp.Body.Close()
	}
}

func TestHost(t *testing.T) {
	app := fiber.New(fiber.Config{TrustProxy: true, TrustProxyConfig: fiber.TrustProxyConfig{Loopback: true}})
	fiberauth.Mount(app, "", responds("GET", "/host", func(_ context.Context, r *core.Request) string { return r.Host() }))
	addr := listen(t, app)
	for target, want := range map[string]string{
		"/host": "App.example:80", "/host?http://evil.example/": "App.example:80", "http://other.example/host": "other.example",
	} {
		raw := "GET " + target +
			" HTTP/1.1\r\nHost: App.example:80\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n"
		if got := answers(t, "tcp", addr, raw); len(got) != 1 || got[0] != want {
			t.Errorf("%s: Host is %q, want %q", target, got, want)
		}
	}
}

// The proxies that fiber trusts are not trusted here.
func TestRemoteIsThePeer(t *testing.T) {
	app := fiber.New(fiber.Config{
		ProxyHeader: "X-Forwarded-For", TrustProxy: true,
		TrustProxyConfig: fiber.TrustProxyConfig{Loopback: true, UnixSocket: true},
	})
	fiberauth.Mount(app, "",
		responds("GET", "/", func(_ context.Context, r *core.Request) string { return r.Remote.String() }))
	socket := filepath.Join(t.TempDir(), "s")
	unix, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	tcp := listen(t, app)
	go func() { _ = app.Server().Serve(unix) }()
	raw := "GET / HTTP/1.1\r\nHost: app.example\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n"
	if got := answers(t, "tcp", tcp, raw); len(got) != 1 || got[0] != "127.0.0.1" {
		t.Errorf("the peer is %q", got)
	}
	if got := answers(t, "unix", socket, raw); len(got) != 1 || got[0] != "invalid IP" {
		t.Errorf("the peer of a socket is %q", got)
	}
}

func TestABodyIsNotDecompressed(t *testing.T) {
	app := fiber.New()
	fiberauth.Mount(app, "", responds("POST", "/echo", func(_ context.Context, r *core.Request) string {
		b, err := io.ReadAll(r.Body)
		return fmt.Sprintf("%s, %v", b, err)
	}))
	r := httptest.NewRequest("POST", "/echo", strings.NewReader("not gzip"))
	r.Header.Set("Content-Encoding", "gzip")
	if got := ask(t, app, r).header.Get("X-Answer"); got != "not gzip, <nil>" {
		t.Errorf("the body is %q", got)
	}
}

// fiber leaves the unread part of a streamed body on the connection.
func TestAnUnreadStreamIsNotTheNextRequest(t *testing.T) {
	app := fiber.New(fiber.Config{StreamRequestBody: true})
	fiberauth.Mount(app, "", responds("POST", "/unread", func(context.Context, *core.Request) string { return "unread" }))
	fiberauth.Mount(app, "",
		responds("GET", "/smuggled", func(context.Context, *core.Request) string { return "smuggled" }))
	app.Post("/guarded", fiberauth.Require(auth{}))
	addr := listen(t, app)
	smuggled := strings.Repeat("GET /smuggled HTTP/1.1\r\nHost: app.example\r\n\r\n", 1000)
	chunked := fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(smuggled), smuggled)
	for _, body := range []string{fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(smuggled), smuggled), chunked} {
		for path, want := range map[string]string{"/unread": "unread", "/guarded": ""} {
			got := answers(t, "tcp", addr, "POST "+path+" HTTP/1.1\r\nHost: app.example\r\n"+body)
			if len(got) != 1 || got[0] != want {
				t.Errorf("%s: there are %d answers, %.200q, want one", path, len(got), got)
			}
		}
	}
}

func TestTheContextEndsWithTheServer(t *testing.T) {
	paths := []string{"/route", "/guarded", "/stream"}
	started, ended := make(chan error, len(paths)), make(chan error, len(paths))
	wait := func(ctx context.Context) {
		started <- ctx.Err()
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second): // only bounds the failure
		}
		ended <- ctx.Err()
	}
	app := fiber.New()
	fiberauth.Mount(app, "", responds("GET", "/route", func(ctx context.Context, _ *core.Request) string {
		wait(ctx)
		return ""
	}))
	app.Get("/guarded", fiberauth.Require(auth{}), func(c fiber.Ctx) error {
		wait(c.Context())
		return nil
	})
	app.Get("/stream", fiberauth.Require(auth{}), func(c fiber.Ctx) error {
		ctx := c.Context()
		return c.SendStreamWriter(func(*bufio.Writer) { wait(ctx) })
	})
	addr := listen(t, app)
	for _, path := range paths {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		_, _ = fmt.Fprintf(c,
			"GET %s HTTP/1.1\r\nHost: app.example\r\nAuthorization: Bearer ada\r\nConnection: close\r\n\r\n", path)
		if err := within(t, started); err != nil {
			t.Errorf("%s: the context has ended before: %v", path, err)
		}
	}
	go func() { _ = app.Shutdown() }()
	for range paths {
		if err := within(t, ended); err != context.Canceled {
			t.Errorf("a context has ended with %v", err)
		}
	}
}

// within waits for a value, at most 10 seconds.
func within[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing happens")
	}
	return v
}

func TestAContextOfTheApplicationsIsKept(t *testing.T) {
	type key struct{}
	app := fiber.New()
	app.Use(func(c fiber.Ctx) error {
		ctx := context.WithValue(context.Background(), key{}, "value")
		if c.Get("X-Ends") != "" {
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(ctx)
			cancel()
		}
		c.SetContext(ctx)
		return c.Next()
	})
	tell := func(ctx context.Context) string { return fmt.Sprint(ctx.Value(key{}), " ", ctx.Err()) }
	fiberauth.Mount(app, "", responds("GET", "/", func(ctx context.Context, _ *core.Request) string { return tell(ctx) }))
	for ends, want := range map[string]string{"": "value <nil>", "1": "value context canceled"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("X-Ends", ends)
		if got := ask(t, app, r).header.Get("X-Answer"); got != want {
			t.Errorf("the context has %q, want %q", got, want)
		}
	}
}

// Programs call an app's handler without a connection, for example in
// benchmarks.
func TestARequestThatWasMadeByHand(t *testing.T) {
	app := fiber.New()
	fiberauth.Mount(app, "",
		responds("GET", "/", func(ctx context.Context, _ *core.Request) string { return fmt.Sprint(ctx.Err()) }))
	h := app.Handler()
	r := argument(h)
	h(r)
	if got := string(r.Response.Header.Peek("X-Answer")); got != "<nil>" {
		t.Errorf("the answer is %q", got)
	}
}

// argument returns a zero value for a function's parameter, whose type fiber
// keeps to itself.
func argument[T any](func(*T)) *T { return new(T) }

package attacks_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// overSocket serves the application's login by a Unix socket too, as behind a
// proxy of the same machine, and returns how a request is sent there.
func overSocket(t *testing.T, a *harness.App) func(with ...harness.Option) harness.Answer {
	t.Helper()
	dir, err := os.MkdirTemp("", "socket") //nolint:usetesting // the path of t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "app")
	ln, err := net.Listen("unix", file)
	if err != nil {
		t.Fatal(err)
	}
	r := a.Adapter(a.Auth)
	r.Mount("/auth/jwt", a.Login("jwt"))
	r.Serve(t, ln)
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", file)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return func(with ...harness.Option) harness.Answer {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://app.example.org/auth/jwt/login", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range with {
			o(req)
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return harness.Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(body)}
	}
}

// TestAttackA11PeersWithoutAnAddress is field F6: a proxy on a Unix socket.
func TestAttackA11PeersWithoutAnAddress(t *testing.T) {
	limits := latchkey.Limits{LoginAttempts: latchkey.Limit{Events: 2, Window: time.Minute}}
	for name, c := range map[string]struct {
		policy latchkey.ClientIP
		from   func(client int) harness.Option
	}{
		"Proxies": {latchkey.Proxies(latchkey.LocalSocket), func(client int) harness.Option {
			return harness.Header("X-Forwarded-For",
				fmt.Sprintf("203.0.113.%d, 198.51.100.%d", time.Now().Nanosecond()%256, client))
		}},
		"Hops": {latchkey.Hops(1), func(client int) harness.Option {
			return harness.Header("X-Forwarded-For",
				fmt.Sprintf("203.0.113.%d, [2001:db8:%x::7]:4711", time.Now().Nanosecond()%256, client))
		}},
		"Header": {latchkey.Header("X-Real-IP"), func(client int) harness.Option {
			return harness.Header("X-Real-IP", fmt.Sprintf("198.51.100.%d", client))
		}},
	} {
		harness.OnEveryAdapter(t, func(_ *harness.App, o *harness.Options) { o.Limits, o.ClientIP = limits, c.policy },
			func(t *testing.T, a *harness.App) {
				t.Run("A11 40 clients behind a proxy on a Unix socket, "+name, func(t *testing.T) {
					u := a.NewUser(t)
					send := overSocket(t, a)
					right := harness.LoginForm(u.Email, harness.Password)
					for client := range 40 {
						for _, want := range []int{200, 200, 429} {
							if got := send(right, c.from(client)); got.Status != want {
								t.Fatalf("client %d: got %d %s, want %d", client, got.Status, got.Body, want)
							}
						}
					}
				})
			})
	}
	var logs harness.PerApp[harness.Journal]
	direct := func(a *harness.App, o *harness.Options) { o.Limits, o.Log = limits, logs.Of(a).Logger() }
	harness.OnEveryAdapter(t, direct, func(t *testing.T, a *harness.App) {
		t.Run("A11 by default they are one count, and the log says so once", func(t *testing.T) {
			u := a.NewUser(t)
			send := overSocket(t, a)
			right := harness.LoginForm(u.Email, harness.Password)
			for i, want := range []int{200, 200, 429, 429} {
				if got := send(right, harness.Header("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))); got.Status != want {
					t.Fatalf("client %d: got %d %s, want %d", i, got.Status, got.Body, want)
				}
			}
			a.Want(t, "POST /auth/jwt/login 200 (twin, a peer with an address)", right)
			if n := strings.Count(logs.Of(a).String(), "Options.ClientIP"); n != 1 {
				t.Errorf("%d lines about it, want 1:\n%s", n, logs.Of(a).String())
			}
		})
	})
	harness.OnEveryAdapter(t, direct, func(t *testing.T, a *harness.App) {
		t.Run("A11 a header that is ignored is mentioned once", func(t *testing.T) {
			u := a.NewUser(t)
			for range 2 {
				a.Want(t, "POST /auth/jwt/login 200", harness.LoginForm(u.Email, harness.Password))
			}
			if log := logs.Of(a).String(); strings.Contains(log, "Options.ClientIP") {
				t.Errorf("a line without such a header:\n%s", log)
			}
			for range 3 {
				a.Want(t, "POST /auth/jwt/login 429 RATE_LIMITED", harness.LoginForm(u.Email, harness.Password),
					harness.Header("X-Forwarded-For", "198.51.100.7"))
			}
			if log := logs.Of(a).String(); strings.Count(log, "Options.ClientIP") != 1 ||
				!strings.Contains(log, "peer=127.0.0.1") {
				t.Errorf("want one line about it:\n%s", log)
			}
		})
	})
}

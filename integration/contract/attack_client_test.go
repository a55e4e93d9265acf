package contract_test

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
)

// overSocket serves the application's login by a Unix socket too, as behind a
// proxy of the same machine, and returns how a request is sent there.
func (a *app) overSocket(t *testing.T) func(with ...option) answer {
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
	r := a.router(a.Auth)
	r.mount("/auth/jwt", a.Login("jwt"))
	r.serve(t, ln)
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", file)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return func(with ...option) answer {
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
		return answer{resp.StatusCode, resp.Header, string(body)}
	}
}

func TestAttackA11PeersWithoutAnAddress(t *testing.T) {
	limits := latchkey.Limits{LoginAttempts: latchkey.Limit{Events: 2, Window: time.Minute}}
	for name, c := range map[string]struct {
		policy latchkey.ClientIP
		from   func(client int) option
	}{
		"Proxies": {latchkey.Proxies(latchkey.LocalSocket), func(client int) option {
			return header("X-Forwarded-For", fmt.Sprintf("203.0.113.%d, 198.51.100.%d", time.Now().Nanosecond()%256, client))
		}},
		"Hops": {latchkey.Hops(1), func(client int) option {
			return header("X-Forwarded-For",
				fmt.Sprintf("203.0.113.%d, [2001:db8:%x::7]:4711", time.Now().Nanosecond()%256, client))
		}},
		"Header": {latchkey.Header("X-Real-IP"), func(client int) option {
			return header("X-Real-IP", fmt.Sprintf("198.51.100.%d", client))
		}},
	} {
		onEveryAdapter(t, func(_ *app, o *options) { o.Limits, o.ClientIP = limits, c.policy }, func(t *testing.T, a *app) {
			t.Run("A11 40 clients behind a proxy on a Unix socket, "+name, func(t *testing.T) {
				u := a.user(t)
				send := a.overSocket(t)
				right := form("username", u.Email, "password", password)
				for client := range 40 {
					for _, want := range []int{200, 200, 429} {
						if got := send(right, c.from(client)); got.status != want {
							t.Fatalf("client %d: got %d %s, want %d", client, got.status, got.body, want)
						}
					}
				}
			})
		})
	}
	var logs per[journal]
	direct := func(a *app, o *options) { o.Limits, o.Log = limits, logs.of(a).logger() }
	onEveryAdapter(t, direct, func(t *testing.T, a *app) {
		t.Run("A11 by default they are one count, and the log says so once", func(t *testing.T) {
			u := a.user(t)
			send := a.overSocket(t)
			right := form("username", u.Email, "password", password)
			for i, want := range []int{200, 200, 429, 429} {
				if got := send(right, header("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))); got.status != want {
					t.Fatalf("client %d: got %d %s, want %d", i, got.status, got.body, want)
				}
			}
			a.want(t, "POST /auth/jwt/login 200 (twin, a peer with an address)", right)
			if n := strings.Count(logs.of(a).String(), "Options.ClientIP"); n != 1 {
				t.Errorf("%d lines about it, want 1:\n%s", n, logs.of(a).String())
			}
		})
	})
	onEveryAdapter(t, direct, func(t *testing.T, a *app) {
		t.Run("A11 a header that is ignored is mentioned once", func(t *testing.T) {
			u := a.user(t)
			for range 2 {
				a.want(t, "POST /auth/jwt/login 200", form("username", u.Email, "password", password))
			}
			if log := logs.of(a).String(); strings.Contains(log, "Options.ClientIP") {
				t.Errorf("a line without such a header:\n%s", log)
			}
			for range 3 {
				a.want(t, "POST /auth/jwt/login 429 RATE_LIMITED", form("username", u.Email, "password", password),
					header("X-Forwarded-For", "198.51.100.7"))
			}
			if log := logs.of(a).String(); strings.Count(log, "Options.ClientIP") != 1 ||
				!strings.Contains(log, "peer=127.0.0.1") {
				t.Errorf("want one line about it:\n%s", log)
			}
		})
	})
}

package streaming_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/session"
	"github.com/latchkey-go/latchkey/transports/cookie"
)

// Account is the application's user type.
type Account struct{ latchkey.User }

// mountSocket is the code of docs/guides/streaming.md.
func mountSocket(mux *http.ServeMux, auth *latchkey.Auth[Account]) {
	mux.Handle("GET /socket",
		httpauth.Require(auth, latchkey.Streaming)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			login, stop := auth.Watch(r.Context())
			defer stop()
			conn, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			defer func() { _ = conn.CloseNow() }()
			for {
				kind, message, err := conn.Read(login) // an error as soon as the login has ended
				if err != nil {
					return
				}
				if err := conn.Write(login, kind, message); err != nil {
					return
				}
			}
		})))
}

// site is a server with a socket that echoes.
type site struct {
	t   *testing.T
	url string
}

func newSite(t *testing.T) *site {
	t.Helper()
	sessions, err1 := session.New(memstore.NewSessions(nil), session.Options{})
	cookies, err2 := cookie.New(cookie.Options{})
	auth, err3 := latchkey.New(memstore.NewUsers[Account](), latchkey.Options[Account]{
		Backends: []latchkey.Backend{{Name: "web", Transport: cookies, Strategy: sessions}},
	})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	httpauth.Mount(mux, "/auth", auth.Register(), auth.Login("web"), auth.Sessions())
	mountSocket(mux, auth)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s := &site{t, server.URL}
	s.send("POST", "/auth/register", "", `{"email": "ada@example.org", "password": "analytical engine"}`, 201)
	return s
}

// send sends a request with a cookie ("" for none), and returns the one that
// the response sets.
func (s *site) send(method, path, cookie, body string, want int) string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", cookie)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != want {
		s.t.Fatalf("%s %s: got %d, want %d", method, path, resp.StatusCode, want)
	}
	set, _, _ := strings.Cut(resp.Header.Get("Set-Cookie"), ";")
	return set
}

func (s *site) login() string {
	s.t.Helper()
	return s.send("POST", "/auth/login", "", `{"username": "ada@example.org", "password": "analytical engine"}`, 204)
}

// dial opens a socket as a page of the origin does, or returns the response
// that refuses it.
func (s *site) dial(cookie, origin string) (conn *websocket.Conn, refused string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, s.url+"/socket",
		&websocket.DialOptions{HTTPHeader: http.Header{"Cookie": {cookie}, "Origin": {origin}}})
	if err == nil {
		s.t.Cleanup(func() { _ = conn.CloseNow() })
		return conn, ""
	}
	if resp == nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return nil, resp.Status + " " + string(body)
}

// open opens a socket that must be let in, and checks that it echoes.
func (s *site) open(cookie string) *websocket.Conn {
	s.t.Helper()
	conn, refused := s.dial(cookie, s.url)
	if conn == nil {
		s.t.Fatal(refused)
	}
	s.echo(conn)
	return conn
}

func (s *site) echo(conn *websocket.Conn) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	if err := conn.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
		s.t.Fatal(err)
	}
	if _, message, err := conn.Read(ctx); err != nil || string(message) != "hello" {
		s.t.Fatalf("the echo is %q, %v", message, err)
	}
}

func TestWebSocketIsGuardedAtItsHandshake(t *testing.T) {
	s := newSite(t)
	cookie := s.login()
	s.open(cookie)
	for _, c := range []struct{ name, cookie, origin, want string }{
		{"hijacked from another site", cookie, "https://evil.example", `403 Forbidden {"detail":"CROSS_ORIGIN_REFUSED"}`},
		{"hijacked from another port", cookie, "http://127.0.0.1:1", `403 Forbidden {"detail":"CROSS_ORIGIN_REFUSED"}`},
		{"nobody", "", s.url, `401 Unauthorized {"detail":"Unauthorized"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, refused := s.dial(c.cookie, c.origin); refused != c.want {
				t.Errorf("got %q, want %q", refused, c.want)
			}
		})
	}
}

func TestWebSocketEndsWithItsLogin(t *testing.T) {
	s := newSite(t)
	one, other := s.login(), s.login()
	ended, lives := s.open(one), s.open(other)
	s.send("DELETE", "/auth/sessions", other, "", 204) // all but this one
	revoked := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, _, err := ended.Read(ctx)
	if after := time.Since(revoked); err == nil || ctx.Err() != nil || after > 5*time.Second {
		t.Errorf("after %v the socket says %v", after, err)
	}
	for range 5 { // longer than Watch takes to check again
		s.echo(lives)
		time.Sleep(500 * time.Millisecond)
	}
}

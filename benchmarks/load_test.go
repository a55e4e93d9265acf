package benchmarks

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/integration/server"
	"github.com/latchkey-go/latchkey/stores/redisstore"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// BenchmarkLoad is requests to a real server over loopback, from 16 connections
// that each wait for the answer before they ask again. The client shares the
// machine's cores with the server, as it does for the bare handler, which gets
// the same request.
func BenchmarkLoad(b *testing.B) {
	redis := newRedis(b, server.Redis(b), redisstore.Options{})
	local := newApp(b, newSessions(b, redis.Sessions()))
	tokens := newApp(b, newJWT(b, -1))
	rounds(b,
		onServer("bare", protection{}, local.token),
		onServer("latchkey session, ID", ours(local, latchkey.SessionOnly), local.token),
		onServer("latchkey JWT, ID", ours(tokens, latchkey.SessionOnly), tokens.token),
		onServer("latchkey JWT, user", ours(tokens), tokens.token),
		onServer("jwtauth", theirJWT(b, tokens.token), tokens.token),
	)
}

// BenchmarkExample is examples/chi, a process of its own with SQLite, which
// serves a page that needs no login, and the current user's account, by a
// JWT and by a session.
func BenchmarkExample(b *testing.B) {
	address := startExample(b)
	candidates := []candidate{{"the page", func(b *testing.B) { load(b, address, get("/", "")) }}}
	for _, backend := range []string{"jwt", "session"} {
		token := logIn(b, address, backend)
		candidates = append(candidates,
			candidate{"account by " + backend, func(b *testing.B) { load(b, address, get("/users/me", token)) }})
	}
	rounds(b, candidates...)
}

func onServer(name string, p protection, token string) candidate {
	return candidate{name, func(b *testing.B) {
		s := httptest.NewServer(p.router())
		defer s.Close()
		load(b, s.Listener.Addr().String(), get("/plan", token))
	}}
}

func get(path, token string) []byte {
	request := "GET " + path + " HTTP/1.1\r\nHost: app.example\r\n"
	if token != "" {
		request += "Authorization: Bearer " + token + "\r\n"
	}
	return []byte(request + "\r\n")
}

// load sends the request again and again, and reports how many were answered a
// second, and how long the slowest of a hundred waited.
func load(b *testing.B, address string, request []byte) {
	const connections, each = 16, 200
	clients := make([]*connection, connections)
	for i := range clients {
		conn, err := net.Dial("tcp", address)
		check(b, err)
		defer conn.Close()
		clients[i] = &connection{conn: conn, in: bufio.NewReader(conn)}
		check(b, clients[i].ask(request)) // warm
		clients[i].waited = make([]time.Duration, 0, 1<<16)
	}
	start, answered := time.Now(), 0
	for b.Loop() {
		var all sync.WaitGroup
		for _, c := range clients {
			all.Go(func() {
				for range each {
					if err := c.ask(request); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		answered += connections * each
	}
	b.ReportMetric(float64(answered)/time.Since(start).Seconds(), "requests/s")
	var waited []time.Duration
	for _, c := range clients {
		waited = append(waited, c.waited...)
	}
	slices.Sort(waited)
	b.ReportMetric(float64(waited[len(waited)*99/100].Microseconds()), "p99-µs")
}

// connection is a client's. It makes no garbage, which a server in the same
// process would have to collect.
type connection struct {
	conn   net.Conn
	in     *bufio.Reader
	waited []time.Duration
}

func (c *connection) ask(request []byte) error {
	began := time.Now()
	if _, err := c.conn.Write(request); err != nil {
		return err
	}
	length := 0
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		switch {
		case err != nil:
			return err
		case first && !bytes.HasPrefix(line, []byte("HTTP/1.1 20")):
			return fmt.Errorf("the answer is %q", line)
		case len(line) == 2:
			_, err := c.in.Discard(length)
			c.waited = append(c.waited, time.Since(began))
			return err
		}
		if text, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(text))); err != nil {
				return err
			}
		}
	}
}

const email, password = "ada@example.org", "on computable numbers"

// startExample builds and starts the program, registers ada, and returns its
// address. It ends with the benchmark.
func startExample(b *testing.B) (address string) {
	b.Helper()
	folder := b.TempDir()
	program := filepath.Join(folder, "chi")
	build := exec.CommandContext(b.Context(), "go", "build", "-C", "../examples", "-o", program, "./chi")
	build.Env = append(os.Environ(), "GOWORK=off")
	build.Stderr = os.Stderr
	check(b, build.Run())
	free := must[net.Listener](b)(net.Listen("tcp", "127.0.0.1:0"))
	address = free.Addr().String()
	check(b, free.Close())
	ctx, stop := context.WithCancel(context.Background())
	run := exec.CommandContext(ctx, program)
	run.Env = append(os.Environ(), "ADDR="+address, "DATABASE_URL=file:"+filepath.Join(folder, "chi.db"),
		"LIMITS=off", "LOCAL_PROVIDER=off")
	check(b, run.Start())
	b.Cleanup(func() { stop(); _ = run.Wait() })
	for tries := 0; ; tries++ {
		resp, err := http.Post("http://"+address+"/auth/register", "application/json",
			strings.NewReader(fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)))
		if err == nil {
			_ = resp.Body.Close()
			check(b, right(resp.StatusCode == http.StatusCreated))
			return address
		}
		if tries > 200 {
			b.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond) // until it listens
	}
}

func logIn(b *testing.B, address, backend string) (token string) {
	b.Helper()
	resp, err := http.PostForm("http://"+address+"/auth/"+backend+"/login",
		url.Values{"username": {email}, "password": {password}})
	check(b, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(b, err)
	_, rest, _ := strings.Cut(string(body), `"access_token":"`)
	token, _, found := strings.Cut(rest, `"`)
	check(b, right(found))
	return token
}

package examples_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The examples that differ only in their framework.
func TestFrameworks(t *testing.T) {
	for name, store := range map[string]string{
		"nethttp": "sqlstore", "chi": "bunstore", "echo": "sqlstore", "fiber": "bunstore", "gin": "sqlstore",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, name, "STORE="+store)
			p.send("POST", "/auth/register", "", ada, 201)
			p.send("POST", "/auth/register", "", ada, 400)
			p.wantLogins()
			p.wantErrors()
			p.wantPages()
			p.wantPasskeys()
			p.wantMoves()
			p.wantKeys()
			p.wantStreams()
		})
	}
}

func (p *process) wantLogins() {
	for _, backend := range []string{"jwt", "cookie", "session"} {
		token := p.login(backend)
		p.wantBody("/users/me", token, "ada@example.org")
		p.wantBody("/authenticated-route", token, `{"message":"Hello ada@example.org!"}`)
		p.send("PATCH", "/users/me", token, `{"full_name": "Ada Lovelace"}`, 200)
		p.wantBody("/", token, "Ada Lovelace")
		p.send("POST", "/auth/"+backend+"/logout", token, "", 204)
		p.send("GET", "/users/me", token, "", 401)
		p.send("GET", "/events", token, "", 401)
	}
}

// wantKeys makes an API key, which opens the route that is open to its scope,
// and no other.
func (p *process) wantKeys() {
	_, made := p.send("POST", "/auth/api-keys", p.login("session"), `{"name": "ci", "scopes": ["read"]}`, 201)
	var answer struct{ Key string }
	if err := json.Unmarshal([]byte(made), &answer); err != nil {
		p.t.Fatal(err)
	}
	p.wantBody("/authenticated-route", answer.Key, "Hello ada@")
	for _, path := range []string{"/users/me", "/auth/api-keys", "/events"} {
		p.send("GET", path, answer.Key, "", 403)
	}
}

// wantErrors is of findings b5 and b6: errors are JSON wherever they come from,
// and one slash too many is followed.
func (p *process) wantErrors() {
	for line, want := range map[string]string{
		"GET /nothing 404":       `{"detail":"Not Found"}`,
		"GET /auth/nothing/ 404": `{"detail":"Not Found"}`,
		"GET /auth/register 405": `{"detail":"Method Not Allowed"}`,
		"PUT /users/me 405":      `{"detail":"Method Not Allowed"}`,
		"GET /users/me/ 401":     `{"detail":"Unauthorized"}`,
		"POST /auth/verify/ 422": `[{"loc":["body","token"]`,
	} {
		method, rest, _ := strings.Cut(line, " ")
		path, status, _ := strings.Cut(rest, " ")
		code, _ := strconv.Atoi(status)
		header, body := p.send(method, path, "", "{}", code)
		if !strings.Contains(body, want) || header.Get("Content-Type") != "application/json" {
			p.t.Errorf("%s: %s %v", line, body, header)
		}
		if code == http.StatusMethodNotAllowed && header.Get("Allow") == "" {
			p.t.Errorf("%s: there is no Allow", line)
		}
	}
}

// wantPasskeys is for the name that the program prints. An address has none,
// but everything else.
func (p *process) wantPasskeys() {
	if !strings.HasPrefix(p.url, "http://localhost:") {
		p.t.Errorf("the program prints %s", p.url)
	}
	for _, backend := range []string{"jwt", "cookie", "session"} {
		path := "/auth/" + backend + "/login/passkey"
		if _, options := p.send("POST", path+"/options", "", "{}", 200); !strings.Contains(options, `"rpId":"localhost"`) {
			p.t.Errorf("%s: the options are %s", backend, options)
		}
		p.send("POST", path, "", `{"credential": {}}`, 400)
	}
	named := p.url
	p.url = strings.Replace(named, "localhost", "127.0.0.1", 1)
	p.wantBody("/users/me", p.login("cookie"), "ada@example.org")
	p.url = named
}

func (p *process) wantPages() {
	p.wantBody("/", "", "Sign in with the local provider")
	header, _ := p.send("GET", "/", "", "", 200)
	if got := header.Get("Content-Type") + " " +
		header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "text/html; charset=utf-8 default-src 'none'") {
		p.t.Errorf("the page's header is %s", got)
	}
	p.wantBody("/page/sign-out.js", "", "/auth/cookie/logout")
	// the provider's, where the redirect leads
	p.wantBody("/auth/cookie/local/authorize?redirect_to=/", "", `<form method="post"`)
	p.wantBody("/auth/jwks.json", "", "keys")
	p.send("POST", "/auth/request-verify-token", "", `{"email": "ada@example.org"}`, 202)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, mails := p.send("GET", "/dev/outbox", "", "", 200); strings.Contains(mails, "ada@example.org") {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatal("the mail is not in the outbox")
		}
	}
}

func (p *process) wantBody(path, token, part string) {
	p.t.Helper()
	if _, body := p.send("GET", path, token, "", 200); !strings.Contains(body, part) {
		p.t.Errorf("%s answers %s, want %s", path, body, part)
	}
}

// wantStreams opens two: one ends with its session, which is revoked elsewhere,
// and the other when the program stops.
func (p *process) wantStreams() {
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	one, other := p.login("cookie"), p.login("cookie")
	if status, _, lines := p.open(ctx, one, "https://evil.example"); status != 403 || !lines.Scan() ||
		!strings.Contains(lines.Text(), "CROSS_ORIGIN_REFUSED") {
		p.t.Errorf("from another origin: %d %s", status, lines.Text())
	}
	ended, lives := p.events(ctx, one), p.events(ctx, other)
	p.send("DELETE", "/auth/sessions", other, "", 204) // all but this one
	revoked := time.Now()
	said := ""
	for ended.Scan() {
		said += ended.Text() + "\n"
	}
	if after := time.Since(revoked); ended.Err() != nil || !strings.HasSuffix(said, "event: signed-out\ndata:\n\n") ||
		after > 5*time.Second {
		p.t.Errorf("after %v it ended (%v), having said\n%s", after, ended.Err(), said)
	}
	for until := time.Now().Add(2 * time.Second); time.Now().Before(until); {
		if !lives.Scan() || strings.HasPrefix(lives.Text(), "event:") {
			p.t.Fatalf("the other session's stream ended: %v %s", lives.Err(), lives.Text())
		}
	}
	asked := time.Now()
	p.stop()
	if took := time.Since(asked); took > 5*time.Second {
		p.t.Errorf("with an open stream it took %v to stop", took)
	}
}

// open requests the events, from a page of an origin.
func (p *process) open(
	ctx context.Context, token, origin string,
) (status int, contentType string, lines *bufio.Scanner) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/events", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	authorize(r, token)
	r.Header.Set("Origin", origin)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp.StatusCode, resp.Header.Get("Content-Type"), bufio.NewScanner(resp.Body)
}

// events opens a stream, and returns its lines after the first event.
func (p *process) events(ctx context.Context, token string) *bufio.Scanner {
	p.t.Helper()
	status, contentType, lines := p.open(ctx, token, p.url)
	if status != 200 || contentType != "text/event-stream" {
		p.t.Fatalf("the events are %d %s", status, contentType)
	}
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "data: ") {
		p.t.Fatalf("the first event is %q: %v", lines.Text(), lines.Err())
	}
	return lines
}

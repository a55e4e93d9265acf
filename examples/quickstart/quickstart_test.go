package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/examples/internal/exampletest"
)

// The test binary can act as the program, so that it is tested as a process:
// signals, exit codes, what it prints.
func TestMain(m *testing.M) { exampletest.Main(m, main) }

// program is a running quickstart, and a client with cookies.
type program struct {
	*exampletest.Process
	t       *testing.T
	cookies map[string]string
	read    int // mails
}

func start(t *testing.T, dir string, env ...string) *program {
	t.Helper()
	return &program{exampletest.Start(t, dir, env...), t, map[string]string{}, 0}
}

// request is what send sends.
type request struct{ method, path, token, accept, contentType, body string }

// send does a request without following redirects, and returns the answer's
// header and body.
func (p *program) send(q request, status int) (http.Header, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), q.method, p.URL+q.path, strings.NewReader(q.body))
	if err != nil {
		p.t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": q.contentType, "Accept": q.accept, "Origin": p.URL, "Sec-Fetch-Site": "same-origin",
	} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	for name, value := range p.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if resp.StatusCode != status {
		p.t.Fatalf("%s %s: got %d %s, want %d", q.method, q.path, resp.StatusCode, body, status)
	}
	for _, c := range resp.Cookies() {
		if p.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(p.cookies, c.Name)
		}
	}
	return resp.Header, string(body)
}

func (p *program) json(method, path, token, body string, status int) string {
	p.t.Helper()
	_, answer := p.send(request{method, path, token, "", "application/json", body}, status)
	return answer
}

// open shows a page, and post sends a form, whose answer is a redirect.
func (p *program) open(path string, parts ...string) string {
	p.t.Helper()
	_, page := p.send(request{method: "GET", path: path, accept: "text/html"}, 200)
	for _, part := range parts {
		if !strings.Contains(page, part) {
			p.t.Errorf("%s lacks %q:\n%s", path, part, page)
		}
	}
	return page
}

func (p *program) post(path, to string, pairs ...string) {
	p.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	header, _ := p.send(request{"POST", path, "", "text/html", "application/x-www-form-urlencoded", form.Encode()}, 303)
	if got := header.Get("Location"); got != to {
		p.t.Fatalf("POST %s leads to %s, want %s", path, got, to)
	}
}

func (p *program) login(email, password string) (token string) {
	p.t.Helper()
	form := url.Values{"username": {email}, "password": {password}}.Encode()
	_, body := p.send(request{"POST", "/auth/jwt/login", "", "", "application/x-www-form-urlencoded", form}, 200)
	var answer map[string]string
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		p.t.Fatal(err)
	}
	return answer["access_token"]
}

// mail waits for the next mail of a kind, and returns its token and the path of
// its link.
func (p *program) mail(kind string) (token, link string) {
	p.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var mails []struct{ Kind, Token, Link string }
		if err := json.Unmarshal([]byte(p.json("GET", "/dev/outbox", "", "", 200)), &mails); err != nil {
			p.t.Fatal(err)
		}
		for i, m := range mails {
			if i >= p.read && m.Kind == kind {
				p.read = i + 1
				return m.Token, strings.TrimPrefix(m.Link, p.URL)
			}
		}
	}
	p.t.Fatalf("no mail of kind %s arrived", kind)
	return "", ""
}

// run runs a command of the program in a folder, and returns what it prints.
func run(t *testing.T, dir, input string, code int, args ...string) string {
	t.Helper()
	cmd := exampletest.Command(t, dir)
	cmd.Args = append(cmd.Args, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != code {
		t.Fatalf("%q: %v, exit code %d, want %d\n%s", args, err, cmd.ProcessState.ExitCode(), code, out)
	}
	return string(out)
}

const ada, password = "ada@example.org", "analytical engine"

func TestTheWalkByClicks(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	header, _ := p.send(request{method: "GET", path: "/", accept: "text/html"}, 303)
	if header.Get("Location") != "/account" {
		t.Errorf("/ leads to %s", header.Get("Location"))
	}
	header, _ = p.send(request{method: "GET", path: "/account", accept: "text/html"}, 303)
	if header.Get("Location") != "/login?next=%2Faccount" {
		t.Errorf("/account leads to %s", header.Get("Location"))
	}
	p.open("/login", "Quickstart", "/register", "/forgot", "/login/local", "For developers", "/dev/outbox", "/docs",
		"users create --superuser")
	p.open("/login", "Log in with a passkey", `autocomplete="username webauthn"`)
	p.open("/register", `name="full_name"`)
	p.post("/register", "/account", "email", ada, "password", password, "fields", "full_name", "full_name", "Ada")
	p.open("/account", ada, "Ada", "Add an authenticator app", "/account/passkeys")
	p.post("/verify", "/account", "email", ada)
	_, link := p.mail("verify")
	p.open("/dev/outbox", `href="`+p.URL+link+`"`)
	p.open(link)
	_, query, _ := strings.Cut(link, "?token=")
	p.post("/verify", "/account", "token", query)
	p.post("/logout", "/login")

	p.post("/forgot", "/login", "email", ada)
	_, link = p.mail("reset")
	p.open(link)
	_, query, _ = strings.Cut(link, "?token=")
	p.post("/reset", "/login", "token", query, "password", "difference engine")
	p.post("/login", "/account", "username", ada, "password", "difference engine")

	p.post("/account/email", "/account", "email", "new@example.org", "current_password", "difference engine")
	for _, step := range [][]string{
		{"email-change", "/email/confirm", "/account"}, {"email-undo", "/email/undo", "/login"},
	} {
		_, link = p.mail(step[0])
		p.open(link)
		_, query, _ = strings.Cut(link, "?token=")
		p.post(step[1], step[2], "token", query)
	}
	_, link = p.mail("reset")
	_, query, _ = strings.Cut(link, "?token=")
	p.post("/reset", "/login", "token", query, "password", password)
	p.post("/login", "/account", "username", ada, "password", password)

	run(t, dir, "", 0, "users", "superuser", ada)
	p.open("/admin/users", ada)
	p.open("/docs", "swagger-ui")
	document := p.json("GET", "/openapi.json", "", "", 200)
	for _, part := range []string{`"/auth/register"`, `"/auth/jwt/login"`, `"/users/me"`, `"full_name"`} {
		if !strings.Contains(document, part) {
			t.Errorf("the document lacks %s", part)
		}
	}
	p.send(request{method: "GET", path: "/dev/strip.css"}, 200)

	// At its address it is the same but for passkeys.
	p.URL, p.cookies = strings.Replace(p.URL, "localhost", "127.0.0.1", 1), map[string]string{}
	p.open("/login", "Passkeys do not work at this address. Please open http://localhost:")
	p.post("/login", "/account", "username", ada, "password", password)
	p.open("/account", ada)
	p.Stop()
}

func TestTheWalkByCurl(t *testing.T) {
	p := start(t, t.TempDir(), "SUPERUSER_EMAIL=root@example.org", "SUPERUSER_PASSWORD=a long secret")
	p.json("POST", "/auth/register", "", `{"email": "`+ada+`", "password": "`+password+`", "full_name": "Ada"}`, 201)
	token := p.login(ada, password)
	if got := p.json("GET", "/authenticated-route", token, "", 200); !strings.Contains(got, "Hello ada@example.org!") {
		t.Errorf("it says %s", got)
	}
	p.json("PATCH", "/users/me", token, `{"full_name": "Ada Lovelace"}`, 200)
	p.json("POST", "/auth/jwt/logout", token, "", 204)
	p.json("GET", "/users/me", token, "", 401)
	p.json("POST", "/auth/cookie/login", "", `{"email": "`+ada+`", "password": "`+password+`"}`, 204)
	p.json("GET", "/auth/sessions", "", "", 200)
	p.json("DELETE", "/auth/sessions", "", "", 204)
	p.json("POST", "/auth/cookie/logout", "", "", 204)

	p.json("POST", "/auth/request-verify-token", "", `{"email": "`+ada+`"}`, 202)
	mailed, _ := p.mail("verify")
	p.json("POST", "/auth/verify", "", `{"token": "`+mailed+`"}`, 200)
	p.json("POST", "/auth/forgot-password", "", `{"email": "`+ada+`"}`, 202)
	mailed, _ = p.mail("reset")
	p.json("POST", "/auth/reset-password", "", `{"token": "`+mailed+`", "password": "difference engine"}`, 200)

	root := p.login("root@example.org", "a long secret")
	p.json("GET", "/users?limit=10&email=ada", root, "", 200)
	p.json("GET", "/nothing", "", "", 404)
	p.Stop()
	if log := p.Log.String(); strings.Contains(log, password) || strings.Contains(log, root) {
		t.Errorf("the log holds a secret:\n%s", log)
	}
}

func TestUsersAndTokensOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	p.json("POST", "/auth/register", "", `{"email": "`+ada+`", "password": "`+password+`"}`, 201)
	token := p.login(ada, password)
	p.Stop()
	p = start(t, dir)
	p.json("GET", "/users/me", token, "", 200)
	p.Stop()
	if info, err := os.Stat(filepath.Join(dir, "latchkey.db.secret")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret's file: %v, %v", info, err)
	}
}

// The program is its own command line, before it has ever served.
func TestItsCommands(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "", 5, "users", "list")
	run(t, dir, "", 0, "migrate", "up")
	run(t, dir, "a long secret\n", 0, "users", "create", "--superuser", "--password-stdin", "root@example.org")
	if got := run(t, dir, "", 0, "users", "list", "--json"); !strings.Contains(got, "root@example.org") {
		t.Errorf("the users are %s", got)
	}
	run(t, dir, "", 2, "users", "create")
	run(t, dir, "", 3, "users", "show", "nobody@example.org")
	p := start(t, dir)
	p.login("root@example.org", "a long secret")
	p.Stop()
}

// Off loopback there is neither the strip nor the provider, and cookies are
// Secure.
func TestWhereOthersMightReachIt(t *testing.T) {
	p := start(t, t.TempDir(), "BASE_URL=https://app.example.com")
	if page := p.open("/login"); strings.Contains(page, "For developers") || strings.Contains(page, "/login/local") {
		t.Errorf("the page is\n%s", page)
	}
	p.json("POST", "/auth/register", "", `{"email": "`+ada+`", "password": "`+password+`"}`, 201)
	header, _ := p.send(request{"POST", "/auth/cookie/login", "", "", "application/json",
		`{"email": "` + ada + `", "password": "` + password + `"}`}, 204)
	if got := header.Get("Set-Cookie"); !strings.HasPrefix(got, "__Host-") || !strings.Contains(got, "Secure") {
		t.Errorf("the cookie is %s", got)
	}
	p.json("GET", "/auth/cookie/local/authorize", "", "", 404)
	p.Stop()
}

// An address has no passkeys, and everything else.
func TestAtAnAddress(t *testing.T) {
	p := start(t, t.TempDir(), "BASE_URL=http://192.0.2.1:8080")
	if page := p.open("/login", "Log in"); strings.Contains(page, "passkey") {
		t.Errorf("the page is\n%s", page)
	}
	p.send(request{method: "POST", path: "/auth/jwt/login/passkey/options"}, 404)
	p.Stop()
}

// main.go stays short enough to read, and brings few modules along.
func TestItsSize(t *testing.T) {
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n > 150 {
		t.Errorf("main.go has %d lines", n)
	}
	built, ok := debug.ReadBuildInfo()
	if !ok || len(built.Deps) < 20 || len(built.Deps) > 38 {
		t.Errorf("%d modules are compiled in: %v", len(built.Deps), built.Deps)
	}
}

func TestWhatCannotWorkIsOneLineAndExitCode1(t *testing.T) {
	for name, c := range map[string]struct{ env, says string }{
		"no such folder":      {"DATABASE_URL=file:no/such/folder/x.db", "no/such/folder"},
		"another database":    {"DATABASE_URL=postgres://127.0.0.1/x", "examples/chi"},
		"half a superuser":    {"SUPERUSER_EMAIL=root@example.org", "SUPERUSER_PASSWORD"},
		"a short secret":      {"SECRET=too short", "32"},
		"no address":          {"ADDR=nonsense", "nonsense"},
		"a strange base URL":  {"BASE_URL=ftp://x", "BaseURL"},
		"an unknown SMTP URL": {"SMTP_URL=http://x", "smtp"},
		"a public provider":   {"LOCAL_PROVIDER_ADDR=0.0.0.0:0", "loopback"},
		"no network":          {"TRUSTED_PROXIES=10.0.0.1", "TRUSTED_PROXIES"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exampletest.Command(t, t.TempDir(), c.env)
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState.ExitCode() != 1 || strings.Count(string(out), "\n") != 1 ||
				!strings.Contains(string(out), c.says) {
				t.Errorf("%v, printed %q, want one line about %s", err, out, c.says)
			}
		})
	}
}

func TestTheServerHasTimeouts(t *testing.T) {
	t.Parallel()
	t.Run("F19 slow loris", func(t *testing.T) {
		p := exampletest.Start(t, t.TempDir())
		p.WantPatienceEnds(10*time.Second, "/login")
		p.Stop()
	})
}

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/examples/internal/exampletest"
)

// The test binary can act as the program, so that it is tested as a process:
// signals, exit codes, what it prints.
func TestMain(m *testing.M) { exampletest.Main(m, main) }

// program is a running example.
type program struct {
	*exampletest.Process
	t *testing.T
}

func start(t *testing.T, dir string, env ...string) *program {
	t.Helper()
	return &program{exampletest.Start(t, dir, env...), t}
}

func (p *program) send(method, path, token, contentType, body string, status int) string {
	p.t.Helper()
	r, err := http.NewRequest(method, p.URL+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if strings.HasPrefix(token, "__Host-") {
		r.Header.Set("Cookie", token)
	} else if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if resp.StatusCode != status {
		p.t.Fatalf("%s %s: got %d %s, want %d", method, path, resp.StatusCode, text, status)
	}
	if cookie, _, ok := strings.Cut(resp.Header.Get("Set-Cookie"), ";"); ok {
		return cookie
	}
	return string(text)
}

func (p *program) json(method, path, token, body string, status int) string {
	p.t.Helper()
	return p.send(method, path, token, "application/json", body, status)
}

func (p *program) login(backend, email, password string) string {
	p.t.Helper()
	form := url.Values{"username": {email}, "password": {password}}.Encode()
	status := 200
	if backend == "cookie" {
		status = 204
	}
	got := p.send("POST", "/auth/"+backend+"/login", "", "application/x-www-form-urlencoded", form, status)
	if backend == "cookie" {
		return got
	}
	return member(p.t, got, "access_token")
}

func member(t *testing.T, object, name string) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(object), &m); err != nil {
		t.Fatalf("%s: %v", object, err)
	}
	s, _ := m[name].(string)
	return s
}

// mail waits for the newest mail of a kind and returns its token.
func (p *program) mail(kind string) string {
	p.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var mails []struct{ To, Subject, Kind, Token, Text, At string }
		if err := json.Unmarshal([]byte(p.send("GET", "/dev/outbox", "", "", "", 200)), &mails); err != nil {
			p.t.Fatal(err)
		}
		if n := len(mails); n > 0 && mails[n-1].Kind == kind {
			return mails[n-1].Token
		}
	}
	p.t.Fatalf("no mail of kind %s arrived", kind)
	return ""
}

func TestTheWalkThatTheREADMEDescribes(t *testing.T) {
	p := start(t, t.TempDir(), "SUPERUSER_EMAIL=root@example.org", "SUPERUSER_PASSWORD=a long secret")
	const ada, password = "ada@example.org", "analytical engine"
	me := p.json("POST", "/auth/register", "",
		`{"email": "ada@example.org", "password": "analytical engine", "full_name": "Ada"}`, 201)
	id := member(t, me, "id")
	tokens := map[string]string{}
	for _, backend := range []string{"jwt", "cookie", "session", "mobile"} {
		tokens[backend] = p.login(backend, ada, password)
		if got := p.send("GET", "/authenticated-route", tokens[backend], "", "", 200); member(t, got,
			"message") != "Hello ada@example.org!" {
			t.Errorf("backend %s is greeted with %s", backend, got)
		}
	}
	if got := p.json("PATCH", "/users/me", tokens["jwt"], `{"full_name": "Ada Lovelace"}`, 200); member(t, got,
		"full_name") != "Ada Lovelace" {
		t.Errorf("PATCH /users/me answers %s", got)
	}
	p.send("GET", "/auth/sessions", tokens["cookie"], "", "", 200)
	p.send("GET", "/auth/audit/me", tokens["cookie"], "", "", 200)
	p.send("GET", "/auth/audit", tokens["cookie"], "", "", 403)
	boss := p.login("session", "root@example.org", "a long secret")
	got := p.send("GET", "/auth/audit?user="+id+"&action=user.updated", boss, "", "", 200)
	if !strings.Contains(got, `"fields":["full_name"]`) {
		t.Errorf("GET /auth/audit answers %s", got)
	}
	p.send("POST", "/auth/jwt/logout", tokens["jwt"], "", "", 204)
	p.send("GET", "/users/me", tokens["jwt"], "", "", 401)
	p.send("GET", "/auth/jwks.json", "", "", "", 200)

	p.json("POST", "/auth/request-verify-token", "", `{"email": "ada@example.org"}`, 202)
	p.json("POST", "/auth/verify", "", `{"token": "`+p.mail("verify")+`"}`, 200)
	p.json("POST", "/auth/forgot-password", "", `{"email": "ada@example.org"}`, 202)
	p.json("POST", "/auth/reset-password", "", `{"token": "`+p.mail("reset")+`", "password": "difference engine"}`, 200)
	p.send("GET", "/users/me", tokens["cookie"], "", "", 401)
	p.send("GET", "/users/me", tokens["session"], "", "", 401)
	p.login("session", ada, "difference engine")

	root := p.login("jwt", "root@example.org", "a long secret")
	p.send("GET", "/users?limit=10&email=ada", root, "", "", 200)
	acting := member(t, p.json("POST", "/auth/jwt/impersonate", root, `{"user_id": "`+id+`", "reason": "the walk"}`, 200),
		"access_token")
	if got := p.send("GET", "/users/me", acting, "", "", 200); member(t, got, "email") != ada {
		t.Errorf("who acts as her is %s", got)
	}
	p.send("POST", "/auth/jwt/impersonate/end", acting, "", "", 204)
	p.send("GET", "/users/me", acting, "", "", 401)
	p.json("POST", "/users/"+id+"/suspend", root, `{"reason": "the walk"}`, 204)
	p.send("DELETE", "/users/"+id+"/suspend", root, "", "", 204)
	p.send("GET", "/users/"+id+"/sessions", root, "", "", 200)
	p.send("DELETE", "/users/"+id+"/sessions", root, "", "", 204)
	p.send("POST", "/users/"+id+"/reset-password", root, "", "", 202)
	p.json("PATCH", "/users/"+id, root, `{"is_active": false}`, 200)
	p.send("DELETE", "/users/"+id, root, "", "", 204)
	p.send("GET", "/users/"+id, root, "", "", 404)
	p.Stop()
	if log := p.Log.String(); strings.Contains(log, password) || strings.Contains(log, root) {
		t.Errorf("the log holds a secret:\n%s", log)
	}
}

// A key opens the one route that is open to its scope, also after a restart,
// and no other.
func TestAPIKeys(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	p.json("POST", "/auth/register", "", `{"email": "ada@example.org", "password": "analytical engine"}`, 201)
	token := p.login("jwt", "ada@example.org", "analytical engine")
	key := func(scope string) string {
		return member(t, p.json("POST", "/auth/api-keys", token, `{"name": "ci", "scopes": ["`+scope+`"]}`, 201), "key")
	}
	read, write := key("read"), key("write")
	p.Stop()
	p = start(t, dir)
	got := p.send("GET", "/authenticated-route", read, "", "", 200)
	if member(t, got, "message") != "Hello ada@example.org!" {
		t.Errorf("the key is greeted with %s", got)
	}
	p.send("GET", "/authenticated-route", write, "", "", 403)
	for _, path := range []string{"/users/me", "/auth/sessions", "/auth/api-keys", "/events"} {
		p.send("GET", path, read, "", "", 403)
	}
	var keys []struct{ ID string }
	if err := json.Unmarshal([]byte(p.send("GET", "/auth/api-keys", token, "", "", 200)), &keys); err != nil {
		t.Fatal(err)
	}
	p.send("DELETE", "/auth/api-keys/"+keys[0].ID, token, "", "", 204)
	p.send("GET", "/authenticated-route", read, "", "", 401)
	p.Stop()
}

// A mobile client renews its login, also by a token to which the answer got
// lost, and ends it.
func TestRefresh(t *testing.T) {
	p := start(t, t.TempDir())
	p.json("POST", "/auth/register", "", `{"email": "ada@example.org", "password": "analytical engine"}`, 201)
	const form = "application/x-www-form-urlencoded"
	login := p.send("POST", "/auth/mobile/login", "", form, "username=ada@example.org&password=analytical+engine", 200)
	first := member(t, login, "refresh_token")
	renewed := p.send("POST", "/auth/mobile/refresh", "", form, "grant_type=refresh_token&refresh_token="+first, 200)
	again := p.json("POST", "/auth/mobile/refresh", "", `{"refresh_token": "`+first+`"}`, 200)
	token := member(t, renewed, "refresh_token")
	if token == first || member(t, again, "refresh_token") != token {
		t.Error("the refresh token is not replaced, or not by the same one")
	}
	p.send("GET", "/users/me", member(t, again, "access_token"), "", "", 200)
	p.send("POST", "/auth/mobile/revoke", "", form, "token="+token, 200)
	p.send("POST", "/auth/mobile/refresh", "", form, "refresh_token="+token, 401)
	p.send("GET", "/users/me", member(t, again, "access_token"), "", "", 401)
}

func TestUsersAndTokensOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	p.json("POST", "/auth/register", "", `{"email": "ada@example.org", "password": "analytical engine"}`, 201)
	tokens := []string{p.login("jwt", "ada@example.org", "analytical engine"),
		p.login("cookie", "ada@example.org", "analytical engine")}
	p.Stop()
	p = start(t, dir)
	for _, token := range tokens {
		p.send("GET", "/users/me", token, "", "", 200)
	}
	p.Stop()
	if info, err := os.Stat(filepath.Join(dir, "latchkey.db.secret")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret's file: %v, %v", info, err)
	}
}

func TestWhatCannotWorkIsOneLineAndExitCode1(t *testing.T) {
	for name, c := range map[string]struct{ env, says string }{
		"no such folder":      {"DATABASE_URL=file:no/such/folder/x.db", "no/such/folder"},
		"another scheme":      {"DATABASE_URL=oracle:x", "DATABASE_URL"},
		"half a superuser":    {"SUPERUSER_EMAIL=root@example.org", "SUPERUSER_PASSWORD"},
		"a short secret":      {"SECRET=too short", "32"},
		"no address":          {"ADDR=nonsense", "ADDR"},
		"a strange base URL":  {"BASE_URL=ftp://x", "BaseURL"},
		"an unknown SMTP URL": {"SMTP_URL=http://x", "smtp"},
		"a public provider":   {"LOCAL_PROVIDER_ADDR=0.0.0.0:0", "loopback"},
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

// Passkeys belong to a name, and can be left out with the other factors.
func TestWhereThereAreNoPasskeys(t *testing.T) {
	for env, status := range map[string]int{
		"FACTORS=off": 404, "BASE_URL=http://127.0.0.1:8080": 404, "BASE_URL=http://localhost:8080": 200, "": 200,
	} {
		p := start(t, t.TempDir(), env)
		p.send("POST", "/auth/cookie/login/passkey/options", "", "application/json", "{}", status)
		named := strings.HasPrefix(p.URL, "http://localhost:")
		if printed := p.Stop(); named != (env == "") || named != strings.Contains(printed, "everything works but passkeys") {
			t.Errorf("%s: the address is %s, and it prints\n%s", env, p.URL, printed)
		}
	}
}

func TestLimitsOffSaysSo(t *testing.T) {
	p := start(t, t.TempDir(), "LIMITS=off")
	for range 8 {
		p.send("POST", "/auth/jwt/login", "", "application/x-www-form-urlencoded", "username=x@example.org&password=wrong",
			400)
	}
	p.Stop()
	if !strings.Contains(p.Log.String(), "InsecureNoLimits") {
		t.Errorf("LIMITS=off was not said aloud:\n%s", p.Log.String())
	}
	p = start(t, t.TempDir())
	for range 5 {
		p.send("POST", "/auth/jwt/login", "", "application/x-www-form-urlencoded", "username=x@example.org&password=wrong",
			400)
	}
	p.send("POST", "/auth/jwt/login", "", "application/x-www-form-urlencoded", "username=x@example.org&password=wrong",
		429)
	p.Stop()
}

func TestTheServerHasTimeouts(t *testing.T) {
	t.Parallel()
	t.Run("F19 slow loris", func(t *testing.T) {
		p := exampletest.Start(t, t.TempDir())
		p.WantPatienceEnds(10*time.Second, "/")
		p.Stop()
	})
}

package examples_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/latchkey-go/latchkey/integration/server"
)

const ada = `{"email": "ada@example.org", "password": "analytical engine", "full_name": "Ada"}`

// Each scheme of DATABASE_URL, and sessions in Redis. (mongodb: is in
// integration/mongostore.)
func TestOnServers(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) []string{
		"PostgreSQL":           func(t *testing.T) []string { return []string{"DATABASE_URL=" + server.Postgres(t)} },
		"PostgreSQL and Redis": func(t *testing.T) []string { return []string{"DATABASE_URL=" + server.Postgres(t), redisURL(t)} },
		"MariaDB":              func(t *testing.T) []string { return []string{mysqlURL(t)} },
		"MariaDB and Redis":    func(t *testing.T) []string { return []string{mysqlURL(t), redisURL(t)} },
		"SQLite and Redis":     func(t *testing.T) []string { return []string{"DATABASE_URL=file:users.db", redisURL(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			env := open(t)
			p := start(t, "chi", env...)
			p.send("POST", "/auth/register", "", ada, 201)
			p.send("POST", "/auth/register", "", ada, 400)
			token, short := p.login("session"), p.login("jwt")
			for _, credential := range []string{token, short} {
				if _, hello := p.send("GET", "/authenticated-route", credential, "", 200); !strings.Contains(hello,
					"ada@example.org") {
					t.Errorf("it says %s", hello)
				}
				p.send("PATCH", "/users/me", credential, `{"full_name": "Ada Lovelace"}`, 200)
			}
			p.send("POST", "/auth/jwt/logout", short, "", 204)
			p.send("GET", "/users/me", short, "", 401)
			p.stop()

			// Nobody is forgotten, whichever store goes on.
			p = start(t, "chi", append(env, "ADDR=127.0.0.1:0", "STORE=sqlstore")...)
			if strings.Contains(name, "SQLite") {
				return // its file was in the folder of the first
			}
			if _, me := p.send("GET", "/users/me", token, "", 200); !strings.Contains(me, "Ada Lovelace") {
				t.Errorf("after a restart: %s", me)
			}
			p.send("GET", "/users/me", short, "", 401)
			p.send("POST", "/auth/session/logout", token, "", 204)
			p.send("GET", "/users/me", token, "", 401)
		})
	}
}

func redisURL(t *testing.T) string { return "REDIS_URL=redis://" + server.Redis(t) }

// mysqlURL returns the driver's DSN as the URL that the examples take.
func mysqlURL(t *testing.T) string {
	t.Helper()
	c, err := mysql.ParseDSN(server.MariaDB(t))
	if err != nil {
		t.Fatal(err)
	}
	return "DATABASE_URL=mysql://" + c.User + "@" + c.Addr + "/" + c.DBName
}

func TestAnExampleSaysWhatIsWrong(t *testing.T) {
	for says, env := range map[string][]string{
		"DATABASE_URL must begin with file:, postgres:, mysql: or mongodb:": {"DATABASE_URL=oracle://x/y", "SECRET=" + secret},
		"SECRET must be set":         {"DATABASE_URL=postgres://127.0.0.1:1/x"},
		"cannot be used":             {"DATABASE_URL=postgres://ada:canary@127.0.0.1:1/x", "SECRET=" + secret},
		"REDIS_URL":                  {"REDIS_URL=redis://:canary@127.0.0.1:1", "SECRET=" + secret},
		"STORE must be":              {"STORE=gormstore", "SECRET=" + secret},
		"TRUSTED_PROXIES must be":    {"TRUSTED_PROXIES=10.0.0.1", "SECRET=" + secret},
		"SUPERUSER_EMAIL and SUPERU": {"SUPERUSER_EMAIL=root@example.org", "SECRET=" + secret},
	} {
		cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "chi"))
		cmd.Dir = t.TempDir()
		cmd.Env = append(env, "ADDR=127.0.0.1:0", "HOME="+cmd.Dir)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), says) || strings.Contains(string(out), "canary") ||
			strings.Count(string(out), "\n") != 1 {
			t.Errorf("%v: it says %s(%v), want one line with %q and no password", env, out, err, says)
		}
	}
}

func TestManyMachines(t *testing.T) {
	p := start(t, "many-machines", "DATABASE_URL="+server.Postgres(t), redisURL(t))
	said := p.until("refused at both")
	for _, want := range []string{"registered at A", "logged in at A", "valid at A", "valid at B", "logged out at B"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say that %s:\n%s", want, said)
		}
	}
	p.send("POST", "/auth/register", "", ada, 201)
	token := p.login("session")
	nodes := map[string]bool{}
	for range 10 {
		header, _ := p.send("GET", "/users/me", token, "", 200)
		nodes[header.Get("X-Node")] = true
	}
	if len(nodes) != 2 {
		t.Errorf("the answers came from %v", nodes)
	}
	if _, sessions := p.send("GET", "/auth/sessions", token, "", 200); !strings.Contains(sessions, `"ip":"127.0.0.1"`) {
		t.Errorf("the client's address is not known behind the proxy: %s", sessions)
	}
}

package server_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/server"
)

func TestMain(m *testing.M) { os.Exit(server.Main(m)) }

// database is a server that speaks SQL.
type database struct {
	driver string
	given  string // the variable with the address of an existing one
	shared func(testing.TB) string
	start  func(testing.TB) *server.Process
}

var databases = map[string]database{
	"PostgreSQL": {"pgx", "LATCHKEY_TEST_POSTGRES", server.Postgres, server.StartPostgres},
	"MariaDB":    {"mysql", "LATCHKEY_TEST_MYSQL", server.MariaDB, server.StartMariaDB},
}

func open(t *testing.T, driver, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func do(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func count(t *testing.T, db *sql.DB) (rows int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM kept").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestDatabasesAreApartAndEndWithTheTest(t *testing.T) {
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			var ended string
			t.Run("two", func(t *testing.T) {
				ended = d.shared(t)
				one, two := open(t, d.driver, ended), open(t, d.driver, d.shared(t))
				for _, db := range []*sql.DB{one, two} {
					do(t, db, "CREATE TABLE kept (letter varchar(9))")
				}
				do(t, one, "INSERT INTO kept VALUES ('é😀')")
				if count(t, one) != 1 || count(t, two) != 0 {
					t.Errorf("%d rows in one database and %d in the other, want 1 and 0", count(t, one), count(t, two))
				}
			})
			if err := open(t, d.driver, ended).Ping(); err == nil {
				t.Error("the database is still there")
			}
		})
	}
}

func TestDatabaseServerThatIsHurt(t *testing.T) {
	for name, d := range databases {
		t.Run(name, func(t *testing.T) {
			p := d.start(t)
			address := p.URL()
			db := open(t, d.driver, address)
			do(t, db, "CREATE TABLE kept (letter varchar(9))")
			for i, end := range []func(){p.Stop, p.Kill} {
				do(t, db, "INSERT INTO kept VALUES ('a')")
				end()
				if err := db.Ping(); err == nil {
					t.Fatal("it answers after its end")
				}
				p.Start()
				if rows := count(t, db); rows != i+1 {
					t.Errorf("%d rows, want %d", rows, i+1)
				}
			}
			p.Pause()
			if _, err := query(t, db, 300*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("paused, it answers with %v", err)
			}
			p.Resume()
			if rows, err := query(t, db, time.Minute); rows != 2 || err != nil {
				t.Errorf("resumed, it has %d rows (%v)", rows, err)
			}
			if p.URL() != address {
				t.Errorf("it was at %s and is at %s", address, p.URL())
			}
			t.Run("which is there already", func(t *testing.T) {
				t.Setenv(d.given, address)
				other := open(t, d.driver, d.shared(t))
				do(t, other, "CREATE TABLE kept (letter varchar(9))")
				p.Stop()
				if err := other.Ping(); err == nil {
					t.Error("the database is on another server")
				}
				p.Start()
			})
			p.Pause() // it is stopped all the same
		})
	}
}

// query counts on a connection that db has, if there is one.
func query(t *testing.T, db *sql.DB, patience time.Duration) (rows int, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return rows, db.QueryRowContext(ctx, "SELECT count(*) FROM kept").Scan(&rows)
}

// tell sends a command to Redis and returns the first line of its reply.
func tell(address, command string) (string, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(conn, command+"\r\n"); err != nil {
		return "", err
	}
	answer := make([]byte, 100)
	n, err := conn.Read(answer)
	return strings.TrimSpace(string(answer[:n])), err
}

func wantTold(t *testing.T, address, command, want string) {
	t.Helper()
	if answer, err := tell(address, command); answer != want || err != nil {
		t.Errorf("%s is answered with %q (%v), want %q", command, answer, err, want)
	}
}

func TestRedisThatIsHurt(t *testing.T) {
	p := server.StartRedis(t, "--databases", "1")
	wantTold(t, p.URL(), "SELECT 1", "-ERR DB index is out of range")
	for _, end := range []func(){p.Stop, p.Kill} {
		wantTold(t, p.URL(), "SET a b", "+OK")
		end()
		if answer, err := tell(p.URL(), "PING"); err == nil {
			t.Errorf("it answers %q after its end", answer)
		}
		p.Start()
		wantTold(t, p.URL(), "EXISTS a", ":0")
	}
	p.Pause()
	var late net.Error
	if _, err := tell(p.URL(), "PING"); !errors.As(err, &late) || !late.Timeout() {
		t.Errorf("paused, it answers with %v", err)
	}
	p.Resume()
	wantTold(t, p.URL(), "PING", "+PONG")
}

func TestRedisIsEmpty(t *testing.T) {
	own := server.Redis(t)
	t.Run("of each test", func(t *testing.T) {
		if other := server.Redis(t); other == own {
			t.Error("two tests share it")
		}
	})
	wantTold(t, own, "SET a b", "+OK")
	t.Setenv("LATCHKEY_TEST_REDIS", own)
	for range 2 {
		t.Run("one that is there already", func(t *testing.T) {
			given := server.Redis(t)
			if given != own {
				t.Errorf("it is %s, want %s", given, own)
			}
			wantTold(t, given, "DBSIZE", ":0")
			wantTold(t, given, "SET a b", "+OK")
		})
	}
	wantTold(t, own, "DBSIZE", ":0")
}

// TestNothingIsLeft: tests run in a process of their own, which exits or is
// killed.
func TestNothingIsLeft(t *testing.T) {
	for name, killed := range map[string]bool{"at the end": false, "by tests that are killed": true} {
		t.Run(name, func(t *testing.T) {
			temp := t.TempDir()
			for folder := temp; folder != os.TempDir(); folder = filepath.Dir(folder) {
				if err := os.Chmod(folder, 0o755); err != nil { // the servers' user passes through it
					t.Fatal(err)
				}
			}
			var said strings.Builder
			cmd := exec.CommandContext(t.Context(), os.Args[0],
				"-test.run=^(TestDatabasesAreApartAndEndWithTheTest|TestRedisThatIsHurt)$")
			cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), "TMPDIR="+temp), &said, &said
			if killed {
				cmd.Args = append(cmd.Args, "-test.count=1000")
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if killed {
				eventually(t, func() bool { return len(runningIn(t, temp)) >= 3 })
				_ = cmd.Process.Kill()
			}
			if err := cmd.Wait(); (err != nil) != killed {
				t.Errorf("%v\n%s", err, &said)
			}
			eventually(t, func() bool { return len(runningIn(t, temp)) == 0 })
			if left, err := filepath.Glob(filepath.Join(temp, "*")); !killed && len(left) > 0 || err != nil {
				t.Errorf("the files %q are left (%v)", left, err)
			}
		})
	}
}

// runningIn returns the servers whose data are below a folder.
func runningIn(t *testing.T, folder string) (folders []string) {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, process := range processes {
		data, err := os.Readlink(process) // fails for others' processes and for those that have exited
		if err == nil && strings.HasPrefix(data, folder) && !slices.Contains(folders, data) {
			folders = append(folders, data)
		}
	}
	return folders
}

// eventually waits for something that another process does.
func eventually(t *testing.T, did func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if did() {
			return
		}
	}
	t.Fatal("it does not happen")
}

func TestMissingProgramFails(t *testing.T) {
	for variable, start := range map[string]func(testing.TB) *server.Process{
		"LATCHKEY_TEST_POSTGRES_BIN": server.StartPostgres,
		"LATCHKEY_TEST_MARIADBD":     server.StartMariaDB,
		"LATCHKEY_TEST_REDIS_SERVER": func(t testing.TB) *server.Process { return server.StartRedis(t) },
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, "")
			said := failure(t, func(t testing.TB) { start(t) })
			if !strings.Contains(said, variable) || !strings.Contains(said, "make test") {
				t.Errorf("the test fails with %q", said)
			}
		})
	}
	t.Run("that does not start", func(t *testing.T) {
		said := failure(t, func(t testing.TB) { server.StartRedis(t, "--no-such-thing", "1") })
		if !strings.Contains(said, "no-such-thing") {
			t.Errorf("the test fails with %q", said)
		}
	})
}

// failing is a test that records why it fails.
type failing struct {
	testing.TB
	said chan string
}

func (f failing) Fatal(args ...any) {
	f.said <- args[0].(error).Error()
	panic(f)
}

// failure returns why a test fails.
func failure(t *testing.T, test func(testing.TB)) string {
	t.Helper()
	f := failing{t, make(chan string, 1)}
	func() {
		defer func() { _ = recover() }()
		test(f)
	}()
	close(f.said)
	return <-f.said
}

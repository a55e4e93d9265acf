package examples_test

import (
	"bufio"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/latchkey-go/latchkey/integration/server"
)

const secret = "k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE"

// programs is the folder of the tested programs.
var programs string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if programs, err = os.MkdirTemp("", "latchkey-examples-"); err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(programs)
	cmd := exec.Command("go", "build", "-o", programs, "./many-machines", "./nethttp", "./chi", "./echo",
		"./fiber", "./gin", "./quickstart")
	cmd.Dir, cmd.Stderr = "../../examples", os.Stderr
	if err := cmd.Run(); err != nil {
		log.Print("the examples are not built: ", err)
		return 1
	}
	return server.Main(m)
}

// process is a running program.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	said *bufio.Reader
	log  strings.Builder
}

var address = regexp.MustCompile(`http://(localhost|[0-9.]+):[0-9]+`)

// start runs a program until the end of the test. Its first line names its
// address.
func start(t *testing.T, program string, env ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(filepath.Join(programs, program))}
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = append([]string{"ADDR=127.0.0.1:0", "SECRET=" + secret, "PATH=" + os.Getenv("PATH"), "HOME=" + p.cmd.Dir},
		env...)
	p.cmd.Stderr = &p.log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	p.said = bufio.NewReader(out)
	line, err := p.said.ReadString('\n')
	if p.url = address.FindString(line); err != nil || p.url == "" {
		t.Fatalf("%s begins with %q (%v)", program, line, err)
	}
	return p
}

// stop stops it as a supervisor does, and expects a clean exit.
func (p *process) stop() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_, _ = io.Copy(io.Discard, p.said)
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("it ended with %v\n%s", err, p.log.String())
	}
}

// until returns the output up to a text.
func (p *process) until(text string) string {
	p.t.Helper()
	var said strings.Builder
	for !strings.Contains(said.String(), text) {
		line, err := p.said.ReadString('\n')
		said.WriteString(line)
		if err != nil {
			p.t.Fatalf("it said\n%s\n%v", &said, err)
		}
	}
	return said.String()
}

// send returns the header and body of a response. Its status must be the
// expected one. A token may be a cookie, with its name.
func (p *process) send(method, path, token, body string, want int) (http.Header, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	authorize(r, token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want {
		p.t.Fatalf("%s %s: got %d %s (%v), want %d\n%s", method, path, resp.StatusCode, text, err, want, p.log.String())
	}
	return resp.Header, string(text)
}

func authorize(r *http.Request, token string) {
	switch {
	case strings.HasPrefix(token, "__Host-"):
		r.Header.Set("Cookie", token)
	case token != "":
		r.Header.Set("Authorization", "Bearer "+token)
	}
}

var tokenMember = regexp.MustCompile(`"access_token":"([^"]+)"`)

// login returns a token of a backend.
func (p *process) login(backend string) string {
	p.t.Helper()
	if backend == "cookie" {
		header, _ := p.send("POST", "/auth/cookie/login", "", ada, 204)
		cookie, _, _ := strings.Cut(header.Get("Set-Cookie"), ";")
		return cookie
	}
	_, answer := p.send("POST", "/auth/"+backend+"/login", "", ada, 200)
	token := tokenMember.FindStringSubmatch(answer)
	if token == nil {
		p.t.Fatalf("a login answers %s", answer)
	}
	return token[1]
}

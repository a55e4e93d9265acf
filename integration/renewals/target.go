package renewals

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
)

// Target is an application, and what of it is killed.
type Target interface {
	Start() (url string) // and once more after a kill
	Kill()               // by SIGKILL; it has ended when Kill returns
}

// process is an application that is killed as a whole.
type process struct {
	t       *testing.T
	command func() *exec.Cmd
	running *exec.Cmd
}

// NewProcess returns the target of a command whose process calls Serve.
func NewProcess(t *testing.T, command func() *exec.Cmd) Target {
	p := &process{t: t, command: command}
	t.Cleanup(p.Kill)
	return p
}

// Start implements Target.
func (p *process) Start() string {
	p.t.Helper()
	p.running = p.command()
	out, err := p.running.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.running.Start(); err != nil {
		p.t.Fatal(err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(url, "http://") {
		p.t.Fatalf("the process says %q (%v)", url, err)
	}
	return strings.TrimSpace(url)
}

// Kill implements Target.
func (p *process) Kill() {
	if p.running != nil {
		_ = p.running.Process.Kill()
		_ = p.running.Wait()
		p.running = nil
	}
}

// Server is a database that can be killed and started again.
type Server interface {
	Kill()
	Start()
}

// database is that of an application in this process.
type database struct {
	Server
	url     string
	started bool
}

// NewDatabase returns the target of an application over a database that runs.
func NewDatabase(t *testing.T, handler http.Handler, s Server) Target {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &database{Server: s, url: server.URL}
}

// Start implements Target.
func (d *database) Start() string {
	if d.started {
		d.Server.Start()
	}
	d.started = true
	return d.url
}

// Package exampletest runs an example as a process and walks through its pages
// as a person at a browser does.
package exampletest

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// marker makes a test binary act as the program.
const marker = "BE_THE_EXAMPLE"

// Main is for TestMain: it runs the program instead of the tests if Command has
// started the test binary.
func Main(m *testing.M, program func()) {
	if os.Getenv(marker) != "" {
		program()
		return
	}
	os.Exit(m.Run())
}

// Command returns a command that runs the program in a folder, with an
// environment of its own, on a free port.
func Command(t *testing.T, dir string, env ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Dir = dir
	cmd.Env = append([]string{marker + "=1", "ADDR=127.0.0.1:0", "PATH=" + os.Getenv("PATH"), "HOME=" + dir}, env...)
	return cmd
}

// Process is a running program.
type Process struct {
	URL string          // where it listens
	Log strings.Builder // what it logs; complete after Stop

	t   *testing.T
	cmd *exec.Cmd
	out *bufio.Reader
}

// Start runs the program until Stop, or the end of the test. Its first line
// names the address.
func Start(t *testing.T, dir string, env ...string) *Process {
	t.Helper()
	p := &Process{t: t, cmd: Command(t, dir, env...)}
	p.cmd.Stderr = &p.Log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	p.out = bufio.NewReader(out)
	line, err := p.out.ReadString('\n')
	if err != nil {
		_ = p.cmd.Wait()
		t.Fatalf("it printed nothing (%v) and logged %s", err, p.Log.String())
	}
	if p.URL = regexp.MustCompile(`http://(localhost|[0-9.]+):[0-9]+`).FindString(line); p.URL == "" {
		t.Fatalf("its first line names no address: %s", line)
	}
	return p
}

// Stop stops the program as a supervisor does, expects a clean exit, and
// returns what it printed after its first line.
func (p *Process) Stop() string {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	printed, err := io.ReadAll(p.out)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("it did not stop cleanly: %v\n%s", err, p.Log.String())
	}
	return string(printed)
}

// WantPatienceEnds checks that the program hangs up on a client that never
// finishes its request (slow loris), and not on another one meanwhile, whom /
// leads to a page.
func (p *Process) WantPatienceEnds(within time.Duration, page string) {
	p.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
		p.t.Fatal(err)
	}
	NewBrowser(p.t).Open(p.URL+"/").Expect(p.t, 200, page, "<main")
	if err := conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		p.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		p.t.Errorf("after %v it still waits: %v", within, err)
	}
}

package mongostore_test

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// The examples' DATABASE_URL accepts mongodb: too; integration/examples tests
// the other schemes.
func TestExample(t *testing.T) {
	db := newDB(t, connect(t, nil))
	program := filepath.Join(t.TempDir(), "chi")
	build := exec.Command("go", "build", "-o", program, "./chi")
	build.Dir = "../../examples"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	at, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	at.Path = "/" + db.Name()

	cmd := exec.Command(program)
	cmd.Env = []string{"ADDR=127.0.0.1:0", "SECRET=k4J0vQeXw9mTz2LrB7nYc5HsUd8GfPaE", "DATABASE_URL=" + at.String(),
		"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(out)
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_, _ = io.Copy(io.Discard, said)
		if err := cmd.Wait(); err != nil {
			t.Errorf("it ended with %v", err)
		}
	})
	line, _ := said.ReadString('\n')
	base := regexp.MustCompile(`http://localhost:[0-9]+`).FindString(line)
	for _, step := range []struct {
		path, body string
		want       int
	}{
		{"/auth/register", `{"email": "ada@example.org", "password": "analytical engine", "full_name": "Ada"}`, 201},
		{"/auth/register", `{"email": "ada@example.org", "password": "analytical engine"}`, 400},
		{"/auth/session/login", `{"email": "ada@example.org", "password": "analytical engine"}`, 200},
		{"/auth/session/login", `{"email": "ada@example.org", "password": "another engine"}`, 400},
		{"/auth/forgot-password", `{"email": "ada@example.org"}`, 202},
	} {
		resp, err := http.Post(base+step.path, "application/json", strings.NewReader(step.body))
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != step.want {
			t.Errorf("%s: got %d %s, want %d", step.path, resp.StatusCode, answer, step.want)
		}
	}
}

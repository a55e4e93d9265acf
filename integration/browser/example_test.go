package browser_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/latchkey-go/latchkey/integration/long"
)

// startExample runs an example as a newcomer does, but on a free port, and
// returns its URL.
func startExample(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./"+name)
	build.Dir = filepath.Join("..", "..", "examples")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(program) // stopped below
	cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), "ADDR=127.0.0.1:0")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	said, err := bufio.NewReader(stdout).ReadString('\n')
	port := regexp.MustCompile(`http://localhost(:\d+)`).FindStringSubmatch(said)
	if err != nil || port == nil {
		t.Fatalf("%s says %q (%v)", name, said, err)
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	return "http://localhost" + port[1] // a name that browsers trust without TLS, so that __Host- cookies work
}

// wantPage waits for a text on the page at a path.
func wantPage(t *testing.T, ctx context.Context, url, text string) {
	t.Helper()
	var at, shown string
	run(t, ctx, chromedp.WaitVisible(`//main[contains(., "`+text+`")]`, chromedp.BySearch), chromedp.Location(&at),
		chromedp.Text("main", &shown, chromedp.ByQuery))
	if at != url {
		t.Errorf("the browser is at %s, want %s; the page says %q", at, url, shown)
	}
}

func sessionCookie(t *testing.T, ctx context.Context) (found *network.Cookie) {
	t.Helper()
	run(t, ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		cookies, err := network.GetCookies().Do(ctx)
		for _, c := range cookies {
			if strings.HasPrefix(c.Name, "__Host-latchkey") && !isKnown(t, c) {
				found = c
			}
		}
		return err
	}))
	return found
}

func TestAPersonSignsInAtTheLocalProviderAndOutAgain(t *testing.T) {
	examples := []string{"chi"}
	if long.Run() {
		examples = append(examples, "fiber") // the framework that is least like net/http
	}
	for _, name := range examples {
		t.Run(name, func(t *testing.T) { signInAtTheLocalProvider(t, startExample(t, name)+"/") })
	}
}

func signInAtTheLocalProvider(t *testing.T, home string) {
	t.Helper()
	ctx := newBrowser(t)
	run(t, ctx, chromedp.Navigate(home))
	wantPage(t, ctx, home, "Nobody is signed in")
	run(t, ctx,
		chromedp.Click(`a[href^="/auth/cookie/local/"]`, chromedp.ByQuery),
		chromedp.WaitVisible(`button[value="deny"]`, chromedp.ByQuery),
		chromedp.Click(`button[value="deny"]`, chromedp.ByQuery))
	wantPage(t, ctx, home+"?error=access_denied", "access_denied")
	run(t, ctx,
		chromedp.Click(`a[href^="/auth/cookie/local/"]`, chromedp.ByQuery),
		chromedp.WaitVisible(`button[value="allow"]`, chromedp.ByQuery),
		chromedp.SetValue(`input[name="email"]`, "grace@example.org", chromedp.ByQuery),
		chromedp.SetValue(`input[name="name"]`, "Grace Hopper", chromedp.ByQuery),
		chromedp.Click(`button[value="allow"]`, chromedp.ByQuery))
	wantPage(t, ctx, home, "Grace Hopper")
	c := sessionCookie(t, ctx)
	if c == nil || c.Name != "__Host-latchkey" || !c.Secure || !c.HTTPOnly || c.SameSite != network.CookieSameSiteLax ||
		c.Path != "/" {
		t.Errorf("the browser keeps the cookie %+v, want __Host-latchkey and none of a flow", c)
	}
	run(t, ctx, chromedp.Click("#sign-out", chromedp.ByQuery))
	wantPage(t, ctx, home, "Nobody is signed in")
	if c := sessionCookie(t, ctx); c != nil {
		t.Errorf("after the sign-out the browser keeps %s", c.Name)
	}
}

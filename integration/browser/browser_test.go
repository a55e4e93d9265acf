package browser_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	browserTime = time.Minute      // for everything a test does
	exitTime    = 10 * time.Second // to exit, before it is killed
)

// newBrowser starts a browser of its own, which exits with the test. Its
// profile is removed after all of its processes have exited: they write into
// it until then.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	path := os.Getenv("LATCHKEY_TEST_CHROMIUM")
	if path == "" {
		t.Fatal("LATCHKEY_TEST_CHROMIUM is not set: run make test, or this test by tools/servers")
	}
	profile := t.TempDir() // removed after the cleanups below
	running, stop := context.WithCancel(context.Background())
	// No sandbox: with one it does not start as root, and it only sees
	// pages of this machine. No GPU, and little shared memory: containers.
	cmd := exec.CommandContext(running, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--password-store=basic", "--use-mock-keychain", "--force-color-profile=srgb",
		"--user-data-dir="+profile, "--remote-debugging-port=0", "about:blank")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = exitTime
	said, says := io.Pipe()
	cmd.Stderr = says // not a file, so that Wait also waits for the children that write to it
	if err := cmd.Start(); err != nil {
		stop()
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = says.CloseWithError(cmd.Wait())
	}()
	t.Cleanup(func() {
		stop()
		<-exited
	})
	ctx, cancel := context.WithTimeout(context.Background(), browserTime)
	t.Cleanup(cancel)
	address, err := debuggerOf(said)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	ctx, cancel = chromedp.NewRemoteAllocator(ctx, address, chromedp.NoModifyURL)
	t.Cleanup(cancel)
	// Messages of a newer browser that chromedp does not know are not our
	// errors.
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	return ctx
}

// debuggerOf returns the address at which a browser takes commands, from its
// output.
func debuggerOf(output io.Reader) (string, error) {
	lines := bufio.NewScanner(output)
	var said strings.Builder
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "DevTools listening on "); ok {
			return address, nil
		}
		said.WriteString(lines.Text() + "\n")
	}
	return "", fmt.Errorf("the browser does not start: %w\n%s", lines.Err(), said.String())
}

func run(t *testing.T, ctx context.Context, actions ...chromedp.Action) {
	t.Helper()
	err := chromedp.Run(ctx, actions...)
	if errors.Is(err, chromedp.ErrInvalidDimensions) {
		t.Fatal("what was to be clicked has no size; links have none where the browser finds no font " +
			"(fc-list lists them)")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Without a font, no link can be clicked.
func TestTextHasASize(t *testing.T) {
	var width float64
	run(t, newBrowser(t),
		chromedp.Navigate("data:text/html,<span>Hello</span>"),
		chromedp.Evaluate(`document.querySelector("span").getBoundingClientRect().width`, &width))
	if width < 5 {
		t.Errorf("the word Hello is %v pixels wide: the browser finds no font (fc-list lists them)", width)
	}
}

// Package chromium starts browsers for tests, without a screen.
package chromium

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
	startTime = time.Minute      // to listen, on a machine that is busy
	exitTime  = 10 * time.Second // to exit, before it is killed
)

// Browser is a process of Chromium.
type Browser struct {
	ctx context.Context
}

// Start starts a browser of its own, which exits with the test. Its profile is
// removed after all of its processes have exited: they write into it until
// then.
func Start(t testing.TB) *Browser {
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
	late := time.AfterFunc(startTime, stop)
	address, err := debuggerOf(said)
	if err != nil {
		t.Fatal(err)
	}
	late.Stop()
	go func() { _, _ = io.Copy(io.Discard, said) }()
	ctx, cancel := chromedp.NewRemoteAllocator(context.Background(), address, chromedp.NoModifyURL)
	t.Cleanup(cancel)
	// Messages of a newer browser that chromedp does not know are not our
	// errors.
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil { // which connects
		t.Fatal(err)
	}
	return &Browser{ctx}
}

// Visitor returns a window of somebody else, without cookies, which lives for a
// time at most.
func (b *Browser) Visitor(t testing.TB, life time.Duration) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, life)
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

// Run does what a person does.
func Run(t testing.TB, ctx context.Context, actions ...chromedp.Action) {
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

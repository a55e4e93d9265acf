package command_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/latchkey-go/latchkey/command"
)

// terminal is a pseudo-terminal: what a person types, and sees.
type terminal struct {
	t      *testing.T
	master *os.File // the person's side
	slave  *os.File // the program's

	mu   sync.Mutex
	seen bytes.Buffer
}

// left keeps the program's sides open: a question that was interrupted reads
// on, by a number that another file would get.
var left struct {
	sync.Mutex
	files []*os.File
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(master.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := &terminal{t: t, master: master, slave: slave}
	t.Cleanup(func() { _ = master.Close() })
	left.Lock()
	left.files = append(left.files, slave)
	left.Unlock()
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := master.Read(b)
			w.mu.Lock()
			w.seen.Write(b[:n])
			w.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return w
}

// screen is what was printed so far.
func (w *terminal) screen() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen.String()
}

// sees waits until the text was printed.
func (w *terminal) sees(text string) {
	w.t.Helper()
	for begun := time.Now(); !strings.Contains(w.screen(), text); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > 30*time.Second {
			w.t.Fatalf("no %q on the screen: %q", text, w.screen())
		}
	}
}

// answers types a line once a question was printed.
func (w *terminal) answers(question, line string) {
	w.t.Helper()
	w.sees(question)
	if _, err := w.master.WriteString(line + "\n"); err != nil {
		w.t.Fatal(err)
	}
}

// secretly is answers to a question whose answer is hidden.
func (w *terminal) secretly(question, line string) {
	w.t.Helper()
	w.sees(question)
	w.hides()
	w.answers(question, line)
}

// hides waits until what is typed is not shown.
func (w *terminal) hides() {
	w.t.Helper()
	for begun := time.Now(); w.echoes(); time.Sleep(time.Millisecond) {
		if time.Since(begun) > 30*time.Second {
			w.t.Fatal("the terminal goes on showing what is typed")
		}
	}
}

// echoes reports whether the terminal shows what is typed.
func (w *terminal) echoes() bool {
	w.t.Helper()
	settings, err := unix.IoctlGetTermios(int(w.slave.Fd()), unix.TCGETS)
	if err != nil {
		w.t.Fatal(err)
	}
	return settings.Lflag&unix.ECHO != 0
}

// runs begins a command at the terminal, whose exit code comes.
func (w *terminal) runs(ctx context.Context, s *shop, args ...string) <-chan int {
	root := command.New(command.App[account]{Name: "shop", Open: s.open})
	root.SetArgs(args)
	root.SetIn(w.slave)
	root.SetOut(w.slave)
	root.SetErr(w.slave)
	code := make(chan int, 1)
	go func() {
		err := root.ExecuteContext(ctx)
		if err != nil {
			fmt.Fprintln(w.slave, err)
		}
		code <- command.Code(err)
	}()
	return code
}

func TestPrompts(t *testing.T) {
	t.Parallel()
	s := databases["sqlite"](t)
	s.random = newRandom()
	s.want(0, "migrate up")

	t.Run("a password is asked for twice, and not shown", func(t *testing.T) {
		w := newTerminal(t)
		code := w.runs(t.Context(), s, "users", "create", "ada@example.org")
		w.secretly("Password: ", "analytical engine")
		w.secretly("Again: ", "analytical engine")
		if got := <-code; got != 0 {
			t.Errorf("exit code %d", got)
		}
		w.sees("is created")
		if strings.Contains(w.screen(), "analytical") {
			t.Errorf("the screen shows the password: %q", w.screen())
		}
		if !w.echoes() {
			t.Error("the terminal shows no more what is typed")
		}
	})
	t.Run("two passwords that differ", func(t *testing.T) {
		w := newTerminal(t)
		code := w.runs(t.Context(), s, "users", "create", "bob@example.org")
		w.secretly("Password: ", "analytical engine")
		w.secretly("Again: ", "difference engine")
		if got := <-code; got != 1 {
			t.Errorf("exit code %d", got)
		}
		s.want(3, "users show bob@example.org")
	})
	t.Run("an interrupt during a question", func(t *testing.T) {
		w := newTerminal(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		code := w.runs(ctx, s, "users", "set-password", "ada@example.org")
		w.sees("Password: ")
		w.hides()
		cancel()
		if got := <-code; got != 1 {
			t.Errorf("exit code %d", got)
		}
		w.sees("interrupted")
		if !w.echoes() {
			t.Error("the terminal shows no more what is typed")
		}
	})
	t.Run("a deletion asks", func(t *testing.T) {
		for _, c := range []struct {
			answer      string
			code, shown int
		}{{"", 1, 0}, {"no", 1, 0}, {"yes", 0, 3}} {
			w := newTerminal(t)
			code := w.runs(t.Context(), s, "users", "delete", "ada@example.org")
			w.answers("for good? [y/N] ", c.answer)
			if got := <-code; got != c.code {
				t.Errorf("%q: exit code %d, want %d", c.answer, got, c.code)
			}
			s.want(c.shown, "users show ada@example.org")
		}
	})
	t.Run("an import looks first, and shows a bar", func(t *testing.T) {
		w := newTerminal(t)
		code := w.runs(t.Context(), s, "import", "jsonl", lines(t, 1200))
		w.answers("Import 1200 users? [y/N] ", "y")
		if got := <-code; got != 0 {
			t.Errorf("exit code %d", got)
		}
		w.sees("1200 imported")
		if screen := w.screen(); !strings.Contains(screen, "[#") ||
			strings.Contains(screen[strings.LastIndex(screen, "imported"):], "[#") {
			t.Errorf("the screen is %q", screen)
		}
	})
}

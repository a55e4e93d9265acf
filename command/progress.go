package command

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress shows how far long work is: on a terminal a bar that is drawn anew,
// elsewhere a line now and then, so that a log shows that it goes on. It is
// safe for concurrent use.
type progress struct {
	out      io.Writer
	what     string
	terminal bool
	every    time.Duration
	began    time.Time
	stop     chan struct{}
	stopped  sync.WaitGroup

	mu          sync.Mutex
	done, total int
	shown       bool
}

const (
	redraw = 100 * time.Millisecond
	relog  = time.Second
)

// progress begins to show work of so many steps, 0 for an unknown number. What
// is over within a second leaves nothing behind.
func (p *printer) progress(what string, total int) *progress {
	b := &progress{out: p.err, what: what, terminal: isTerminal(p.err), every: relog, began: time.Now(),
		stop: make(chan struct{}), total: total}
	switch {
	case b.terminal:
		b.every = redraw
	case p.json: // its standard error is for a program
		b.out = io.Discard
	}
	b.stopped.Go(b.run)
	return b
}

// set says how far it is; a total of 0 leaves that as it is.
func (b *progress) set(done, total int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = done
	if total > 0 {
		b.total = total
	}
}

// end removes the bar.
func (b *progress) end() {
	close(b.stop)
	b.stopped.Wait()
	if b.terminal && b.shown {
		_, _ = io.WriteString(b.out, "\r\x1b[K")
	}
}

func (b *progress) run() {
	tick := time.NewTicker(b.every)
	defer tick.Stop()
	for {
		select {
		case <-b.stop:
			return
		case now := <-tick.C:
			b.show(now.Sub(b.began))
		}
	}
}

func (b *progress) show(took time.Duration) {
	b.mu.Lock()
	line := b.line(took)
	b.shown = true
	b.mu.Unlock()
	if b.terminal {
		line = "\r" + line + "\x1b[K"
	} else {
		line += "\n"
	}
	_, _ = io.WriteString(b.out, line)
}

// barWidth is how many columns a full bar takes.
const barWidth = 24

// line is the present state.
func (b *progress) line(took time.Duration) string {
	line := clean(b.what, false)
	if b.total > 0 && b.terminal {
		full := min(barWidth*b.done/b.total, barWidth)
		line += " [" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "]"
	}
	switch {
	case b.total > 0:
		line += fmt.Sprintf(" %d of %d", b.done, b.total)
	case b.done > 0:
		line += fmt.Sprintf(" %d", b.done)
	}
	line += fmt.Sprintf(", %.0f s", took.Seconds())
	if left := b.left(took); left > 0 {
		line += fmt.Sprintf(", %v left", left)
	}
	return line
}

// left is how much longer it takes, if it goes on like this.
func (b *progress) left(took time.Duration) time.Duration {
	if b.total <= 0 || b.done <= 0 || b.done >= b.total || took < time.Second {
		return 0
	}
	return time.Duration(float64(took) * float64(b.total-b.done) / float64(b.done)).Round(time.Second)
}

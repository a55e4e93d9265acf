package harness

import (
	"bytes"
	"log/slog"
	"sync"
	"sync/atomic"
)

// Moment is something that happens once, in the middle of a request.
type Moment struct{ do atomic.Pointer[func()] }

func (m *Moment) Arm(do func()) { m.do.Store(&do) }

func (m *Moment) Pass() {
	if do := m.do.Swap(nil); do != nil {
		(*do)()
	}
}

// PerApp keeps something for each of a test's applications: made while its
// options are changed, asked in the test.
type PerApp[T any] struct{ sync.Map }

func (p *PerApp[T]) Of(a *App) *T {
	kept, _ := p.LoadOrStore(a, new(T))
	return kept.(*T)
}

// CallLog keeps the names of calls that reach the stores.
type CallLog struct {
	mu    sync.Mutex
	calls []string
}

func (l *CallLog) Add(call string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, call)
}

// Take returns what was noted since it was asked last.
func (l *CallLog) Take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	l.calls = nil
	return calls
}

// Journal is a log at debug level, kept as text.
type Journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *Journal) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
}

func (j *Journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(line)
}

func (j *Journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

package harness

import (
	"bytes"
	"log/slog"
	"sync"
	"sync/atomic"
)

// Moment is something that happens once, in the middle of a request.
type Moment struct{ do atomic.Pointer[func()] }

// Arm sets what happens when the moment passes next.
func (m *Moment) Arm(do func()) { m.do.Store(&do) }

// Pass lets happen what was armed, once.
func (m *Moment) Pass() {
	if do := m.do.Swap(nil); do != nil {
		(*do)()
	}
}

// PerApp keeps something for each of a test's applications: made while the
// options are changed, read in the test.
type PerApp[T any] struct{ sync.Map }

// Of returns what is kept for an application.
func (p *PerApp[T]) Of(a *App) *T {
	kept, _ := p.LoadOrStore(a, new(T))
	return kept.(*T)
}

// CallLog keeps the names of calls that reach the stores.
type CallLog struct {
	mu    sync.Mutex
	calls []string
}

// Add notes a call. It serves as Outage.Note.
func (l *CallLog) Add(call string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, call)
}

// Take returns the calls since Take was called last.
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

// Logger returns a logger that writes to the journal.
func (j *Journal) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
}

// Write appends to the journal.
func (j *Journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(line)
}

// String returns everything that was logged.
func (j *Journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

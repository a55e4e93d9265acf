// Package seldom writes the log lines that any client can cause, so that a log
// does not grow with an attack.
//
//	lines := seldom.New(slog.Default())
//	lines.Log(ctx, slog.LevelError,
//		"queue full", "the queue is full", "job", name)
//
// The first line of a kind is written at once. Those that follow within a
// minute are counted, and the count is one line at the minute's end. It has no
// goroutines of its own and needs no closing.
package seldom

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	pause    = time.Minute
	maxKinds = 100
)

// Log is safe for concurrent use. Make it with New.
type Log struct {
	log   *slog.Logger
	mu    sync.Mutex
	kinds map[string]*kind
}

// kind is a kind of line within a minute that began with one of them.
type kind struct {
	until time.Time
	more  int // lines that were not written
}

// New returns a Log that writes to log.
func New(log *slog.Logger) *Log { return &Log{log: log, kinds: map[string]*kind{}} }

// Log writes a line, unless one of its kind was written within the last minute.
// At most 100 kinds are distinguished at a time; the others count as one.
func (l *Log) Log(ctx context.Context, level slog.Level, name, msg string, args ...any) {
	if l.first(level, name, msg) {
		l.log.Log(ctx, level, msg, args...)
	}
}

// first reports whether the line is the first of its minute, and counts it if
// it is not.
func (l *Log) first(level slog.Level, name, msg string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	name = l.known(name, now)
	k := l.kinds[name]
	if k == nil || k.more == 0 && !now.Before(k.until) {
		l.kinds[name] = &kind{until: now.Add(pause)}
		return true
	}
	if k.more++; k.more == 1 {
		time.AfterFunc(k.until.Sub(now), func() { l.count(level, name, msg) })
	}
	return false
}

// known is name, or "" where there are too many names. l.mu is held.
func (l *Log) known(name string, now time.Time) string {
	if l.kinds[name] != nil || len(l.kinds) < maxKinds {
		return name
	}
	for other, k := range l.kinds {
		if k.more == 0 && !now.Before(k.until) {
			delete(l.kinds, other)
		}
	}
	if len(l.kinds) < maxKinds {
		return name
	}
	return ""
}

// count writes how many lines were left out, and begins another minute.
func (l *Log) count(level slog.Level, name, msg string) {
	l.mu.Lock()
	more := l.kinds[name].more
	l.kinds[name] = &kind{until: time.Now().Add(pause)}
	l.mu.Unlock()
	l.log.Log(context.Background(), level, msg+" (again)", "times", more, "kind", name)
}

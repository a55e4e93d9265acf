package recent

import (
	"time"
	"unique"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/elapsed"
)

// Sessions are the decoded sessions of tokens, by their digests.
type Sessions struct {
	*Cache[[32]byte, session]
	// Clock is the one of all times.
	Clock elapsed.Clock
}

type session struct {
	core.Session
	label unique.Handle[string] // holds the session's, which is a browser's name: sessions share those
}

// NewSessions returns a cache of about so many sessions, each believed for
// maxAge.
func NewSessions(sessions int, maxAge time.Duration, clock elapsed.Clock) *Sessions {
	return &Sessions{New[[32]byte, session](sessions, maxAge, Digest), clock}
}

// Find is [Cache.Find].
func (c *Sessions) Find(d [32]byte, now time.Duration) *core.Session {
	if known := c.Cache.Find(d, now); known != nil {
		return &known.Session
	}
	return nil
}

// Keep is [Cache.Keep].
func (c *Sessions) Keep(d [32]byte, s core.Session, asked, left time.Duration, generation uint64) *core.Session {
	label := unique.Make(s.Label)
	s.Label = label.Value()
	return &c.Cache.Keep(d, session{s, label}, asked, left, generation).Session
}

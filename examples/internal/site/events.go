package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// WriteWithin is how long a client may take to read an event.
const WriteWithin = 10 * time.Second

// Events answers GET /events on net/http, behind the guard latchkey.Streaming.
func (s *Site) Events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	s.Stream(r.Context(), w, func() error {
		// the server's own deadline is for short responses
		return errors.Join(out.SetWriteDeadline(time.Now().Add(WriteWithin)), out.Flush())
	})
}

// Stream writes the time every second, as server-sent events, while the login
// of ctx is valid. Then it sends an event that says so, and returns.
func (s *Site) Stream(ctx context.Context, w io.Writer, flush func() error) {
	login, stop := s.Auth.Watch(ctx)
	defer stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for now := time.Now(); ; {
		fmt.Fprintf(w, "data: %s\n\n", now.UTC().Format(time.TimeOnly))
		if flush() != nil { // the client has gone
			return
		}
		select {
		case now = <-tick.C:
		case <-s.stopping:
			return
		case <-login.Done():
			if errors.Is(context.Cause(login), core.Unauthorized()) {
				fmt.Fprint(w, "event: signed-out\ndata:\n\n")
				_ = flush()
			}
			return
		}
	}
}

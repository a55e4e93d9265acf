package adaptertest

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// A server is an adapter under test, with everything its fakes have seen.
type server struct {
	addr string
	// patience is the time for one exchange; a server that takes longer
	// counts as hung.
	patience time.Duration
	host     *host
	// served counts the routes of groups that ran; started counts the
	// guarded handlers.
	served, started atomic.Int64
	// sent counts the requests whose response was read.
	sent atomic.Int64
	// resolved is the number of Resolve calls after the adapter was set up.
	resolved int64

	mu     sync.Mutex
	kept   []kept
	faults []string
}

// kept is a string that a request handed over, with a copy made at that time.
type kept struct{ what, original, copied string }

func start(t *testing.T, serve func(t *testing.T, ln net.Listener, app App)) *server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("no loopback listener: %v", err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	s := &server{addr: ln.Addr().String(), patience: 10 * time.Second}
	s.host = &host{server: s, asked: make(chan struct{}), decide: make(chan struct{})}
	app := App{Host: s.host, Mounts: s.mounts(), Guarded: s.guarded()}
	for path, response := range written() {
		app.Written = append(app.Written, Written{path, response})
	}
	serve(t, listener{ln.(*net.TCPListener)}, app)
	s.resolved = s.host.resolved.Load()
	return s
}

// keep stores a string beyond its request (A01).
func (s *server) keep(what, original string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, kept{what, original, strings.Clone(original)})
}

func (s *server) keepHead(h core.Head) {
	s.keep("Method", h.Method())
	s.keep("Host", h.Host())
	for _, name := range []string{"Authorization", "Cookie", "User-Agent"} {
		for _, line := range h.Lines(name) {
			s.keep(name, line)
		}
	}
}

func (s *server) fault(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, what)
}

// inspect is the first thing every route does with its request.
func (s *server) inspect(ctx context.Context, r *core.Request) {
	s.served.Add(1)
	switch {
	case ctx == nil || r.Head == nil || r.Body == nil || r.Param == nil:
		s.fault("a part of the Request is nil: " + r.Path)
		return
	case ctx.Err() != nil:
		s.fault("the context was done while the route ran: " + r.Path)
	case r.Param("no-such-name") != "":
		s.fault("a parameter that the pattern does not have is not empty: " + r.Path)
	}
	s.keepHead(r)
	s.keep("Path", r.Path)
	s.keep("id", r.Param("id"))
	for name, values := range r.Query {
		s.keep("Query", name)
		s.keep("Query", values[0])
	}
}

func (s *server) guarded() []Guarded {
	answer := func(u *User, ok bool) string {
		s.started.Add(1)
		if !ok {
			return "nobody"
		}
		return u.ID
	}
	pass := core.Guard{Name: "pass"}
	superuser := core.Guard{Name: "superuser", Check: func(_ context.Context, c *core.Current) error {
		if !c.User.Base().IsSuperuser {
			return core.Forbidden()
		}
		return nil
	}}
	member := core.Guard{Name: "member", CheckRequest: func(_ context.Context, h core.Head, c *core.Current) error {
		org, ok := core.PathValue(h, "org")
		if _, other := core.PathValue(h, "id"); other {
			s.fault("a parameter that the pattern does not have has a value")
		}
		s.keep("org", org)
		if !ok || org != c.User.Base().ID {
			return core.Forbidden()
		}
		return nil
	}}
	asked := core.Guard{Name: "asked", CheckRequest: func(_ context.Context, h core.Head, _ *core.Current) error {
		return &core.Error{Status: 418, Code: core.Target(h)}
	}}
	return []Guarded{
		{Path: "/required", Answer: answer},
		{Path: "/superuser", Guards: []core.Guard{pass, superuser}, Answer: answer},
		{Path: "/optional", Optional: true, Answer: answer},
		{Path: "/optional/superuser", Optional: true, Guards: []core.Guard{pass, superuser}, Answer: answer},
		{Path: "/orgs/{org}/plan", Guards: []core.Guard{member}, Answer: answer},
		{Path: "/optional/orgs/{org}", Optional: true, Guards: []core.Guard{member}, Answer: answer},
		{Path: "/target", Guards: []core.Guard{asked}, Answer: answer},
		{Path: "/panics", Answer: func(*User, bool) string { panic(panicText) }},
	}
}

const panicText = "the-text-of-a-panic"

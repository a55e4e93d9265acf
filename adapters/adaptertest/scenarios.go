package adaptertest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// scenarios returns the rules that take more than one request.
func scenarios() []section {
	one := func(rule string, run func(*server) error) section {
		return section{rule: rule, extras: []check{{"scenario", run}}}
	}
	return []section{
		one("A01 a string taken from a request stays what it was", stringsStay),
		one("A01 thousands of requests at the same time change no string that a route or a guard kept", stringsStayUnderLoad),
		one("A04 after a panic in a handler the next request of the same user works, and nobody sees the panic", panics),
		one("A08 a handler behind Require starts only after the decision", decisionFirst),
		one("an unread body is never taken for the next request", unreadBody),
		one("requests at the same time each see their own user and their own parameters", concurrent),
		// The last two look back at all requests before them.
		one("guards are resolved once, when the handler is set up", resolvedOnce),
		one("a Request is complete: a living context, a body, and a Param that is empty for unknown names", complete),
	}
}

// endlessBody writes chunks until the server refuses them. Frameworks that read
// a body before they route respond in their own words.
func endlessBody(s *server) error {
	w, err := s.dial(defaultPeer)
	if err != nil {
		return err
	}
	defer func() { _ = w.Close() }()
	go func() {
		_, err := io.WriteString(w, "POST /auth/echo HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding: chunked\r\n\r\n")
		chunk := "1000\r\n" + strings.Repeat("f", 0x1000) + "\r\n"
		for err == nil {
			_, err = io.WriteString(w, chunk)
		}
	}()
	a, err := w.read("POST")
	if err != nil {
		return err
	}
	if a.status != 413 {
		return fmt.Errorf("status %d, want 413", a.status)
	}
	return w.end()
}

// talk sends requests one after another over one connection.
func (s *server) talk(rows ...row) ([]answer, error) {
	w, err := s.dial(defaultPeer)
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.Close() }()
	var all []answer
	for _, r := range rows {
		r.stays = true
		_, _ = io.WriteString(w, r.raw()) // a failed write shows in the response
		a, err := w.read(r.method())
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

func stringsStay(s *server) error {
	s.forget()
	var rows []row
	for i := range 21 {
		rows = append(rows, distinct(string(rune('a'+i)))...)
	}
	return errors.Join(s.converse(rows...), s.unchanged())
}

// stringsStayUnderLoad keeps many connections busy, so that memory a framework
// recycles is reused by other requests.
func stringsStayUnderLoad(s *server) error {
	const connections, rounds = 32, 32
	s.forget()
	errs := make([]error, connections)
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			var rows []row
			for j := range rounds {
				rows = append(rows, distinct(fmt.Sprintf("c%dr%d", i, j))...)
			}
			errs[i] = s.converse(rows...)
		})
	}
	wg.Wait()
	return errors.Join(errors.Join(errs...), s.unchanged())
}

// converse is talk, and fails if a request gets no response.
func (s *server) converse(rows ...row) error {
	all, err := s.talk(rows...)
	for i, a := range all {
		if a.status == 0 {
			return fmt.Errorf("%s: no answer", rows[i].name())
		}
	}
	return err
}

// distinct returns requests to routes and to a guard in which every string
// contains mark.
func distinct(mark string) []row {
	head := fmt.Sprintf("\nHost: %s.example\nAuthorization: Bearer %s\nCookie: a=%s\nUser-Agent: %s/1", mark, mark, mark,
		mark)
	return []row{
		{send: fmt.Sprintf("GET /users/%s%s?%s=%s", mark, mark, mark, mark) + head},
		{send: "GET /required" + head},
		{send: fmt.Sprintf("DELETE /users/%s?%s=%s", mark, mark, mark) + head},
	}
}

func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = nil
}

func (s *server) unchanged() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) == 0 {
		return errors.New("no request arrived")
	}
	for _, k := range s.kept {
		if k.original != k.copied {
			return fmt.Errorf("%s was %q and has become %q", k.what, k.copied, k.original)
		}
	}
	return nil
}

func panics(s *server) error {
	a, err := row{send: "GET /panics\nAuthorization: Bearer ada"}.exchange(s)
	if err != nil {
		return err
	}
	if a.status != 0 && a.status != 500 || strings.Contains(a.body, panicText) {
		return fmt.Errorf("status %d and body %.200q, want 500 without the panic's text, or no answer", a.status, a.body)
	}
	return row{send: "GET /required\nAuthorization: Bearer ada", want: ok("ada")}.check().run(s)
}

func decisionFirst(s *server) error {
	before := s.started.Load()
	refused := make(chan error, 1)
	go func() {
		refused <- row{send: "GET /required\nAuthorization: Bearer slow", want: detail(401, "Unauthorized")}.check().run(s)
	}()
	select {
	case <-s.host.asked:
	case err := <-refused:
		return errors.Join(errors.New("answered before the host decided"), err)
	case <-time.After(s.patience):
		return errors.New("the host was never called")
	}
	early := s.started.Load() != before
	s.host.decide <- struct{}{}
	err := <-refused
	if early || s.started.Load() != before {
		return errors.New("the handler of a refused request ran")
	}
	return err
}

func unreadBody(s *server) error {
	smuggled := "DELETE /users/7 HTTP/1.1\r\nHost: app.example\r\n\r\n"
	got, err := s.talk(
		row{send: "POST /auth/unread", body: smuggled},
		row{send: "GET /required", body: smuggled},
		row{send: "GET /users/me"})
	if err != nil {
		return err
	}
	for i, want := range []want{ok("unread"), detail(401, "Unauthorized"), ok("me")} {
		if got[i].status == 0 && i > 0 {
			return nil // closing the connection is valid too
		}
		if err := want.compare(got[i], "GET"); err != nil {
			return fmt.Errorf("answer %d: %w", i+1, err)
		}
	}
	return nil
}

func concurrent(s *server) error {
	const n = 64
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			id := fmt.Sprintf("user-%02d", i)
			for _, r := range []row{
				{send: "GET /required\nAuthorization: Bearer " + id, want: ok(id)},
				{send: "GET /optional\nAuthorization: Bearer " + id, want: ok(id)},
				{send: "GET /users/" + id, want: ok(fmt.Sprintf("user %q", id))},
			} {
				errs[i] = errors.Join(errs[i], r.check().run(s))
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func resolvedOnce(s *server) error {
	if s.resolved == 0 {
		return errors.New("Resolve was not called while the adapter was set up")
	}
	if n := s.host.resolved.Load(); n != s.resolved {
		return fmt.Errorf("Resolve was called %d times after that", n-s.resolved)
	}
	return nil
}

func complete(s *server) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) > 0 {
		return errors.New(s.faults[0])
	}
	return nil
}

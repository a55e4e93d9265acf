package adaptertest

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A row is one request and the one response expected to it.
type row struct {
	// send is the request line without its version, and the header lines;
	// Host is added if it is missing.
	send string
	// body is sent as is, with its Content-Length unless the header has a
	// Transfer-Encoding.
	body string
	// exact is the request's bytes if they are not well-formed; send is
	// then only its name.
	exact string
	peer  string // "" for defaultPeer
	want  want
	// stays leaves "Connection: close" out of the request, so that closing
	// the connection is the server's own decision.
	stays bool
}

// A want is the response that a row expects.
type want struct {
	status []int // any of these
	body   string
	// header has lines "Name: value" that the response must have (all lines
	// of that name, in order), and "!Name" for one it must not have.
	header  []string
	anyBody bool
	// routers is set if the framework's router responds, in its own words,
	// and no route may run.
	routers bool
}

func ok(body string) want { return want{status: []int{200}, body: body} }

func replies(status int, body string, header ...string) want {
	return want{status: []int{status}, body: body, header: header}
}

func detail(status int, x string, header ...string) want {
	return replies(status, `{"detail":"`+x+`"}`, append(header, "Content-Type: application/json")...)
}

func notFound() want { return want{status: []int{404}, routers: true} }

// elsewhere wants a 404, or a redirect to another path of the same host: many
// routers clean paths.
func elsewhere() want { return want{status: []int{404, 301, 307, 308}, routers: true} }

// malformed wants the framework's server to refuse the request before anything
// else.
func malformed() want { return want{status: []int{400}, routers: true} }

// notAllowed wants a 405; Allow must list the given methods, and not the one
// that was refused.
func notAllowed(allow ...string) want {
	return want{status: []int{405}, header: []string{"Allow: " + strings.Join(allow, ", ")}, routers: true}
}

// or431 lets the framework refuse a header that is too long for it.
func (w want) or431() want {
	w.status = append(w.status, http.StatusRequestHeaderFieldsTooLarge)
	return w
}

// or400 lets the framework refuse what RFC 9112 only allows a recipient to
// accept.
func (w want) or400() want {
	w.status = append(w.status, http.StatusBadRequest)
	return w
}

func (r row) method() string {
	method, _, _ := strings.Cut(r.send, " ")
	return method
}

func (r row) isGet() bool { return r.method() == http.MethodGet }

func (r row) name() string {
	name := strings.ReplaceAll(r.send, "\n", ", ")
	if r.peer != "" {
		name += " from " + r.peer
	}
	return fmt.Sprintf("%.100q", name)
}

// raw returns the request's bytes.
func (r row) raw() string {
	if r.exact != "" {
		return r.exact
	}
	line, header, _ := strings.Cut(r.send, "\n")
	var b strings.Builder
	put := func(s string) { b.WriteString(s + "\r\n") }
	put(line + " HTTP/1.1")
	if !strings.Contains("\n"+header, "\nHost:") {
		put("Host: app.example")
	}
	if header != "" {
		put(strings.ReplaceAll(header, "\n", "\r\n"))
	}
	if r.body != "" && !strings.Contains(header, "Transfer-Encoding:") {
		put(fmt.Sprintf("Content-Length: %d", len(r.body)))
	}
	if !r.stays {
		put("Connection: close")
	}
	return b.String() + "\r\n" + r.body
}

func (r row) exchange(s *server) (answer, error) {
	peer := r.peer
	if peer == "" {
		peer = defaultPeer
	}
	a, err := s.exchange(peer, r.raw())
	if err != nil {
		err = fmt.Errorf("%s: %w", r.name(), err)
	}
	return a, err
}

func (r row) check() check {
	return check{r.name(), func(s *server) error {
		before := s.served.Load()
		a, err := r.exchange(s)
		if err != nil {
			return err
		}
		if r.want.routers && s.served.Load() != before {
			return errors.New(r.name() + ": a route ran")
		}
		if err := r.want.compare(a, r.method()); err != nil {
			return fmt.Errorf("%s: %w", r.name(), err)
		}
		return nil
	}}
}

func (w want) compare(a answer, method string) error {
	if !slices.Contains(w.status, a.status) {
		return fmt.Errorf("status %d, want %d; body %.200q", a.status, w.status[0], a.body)
	}
	if location := a.header.Get("Location"); w.routers &&
		(strings.Contains(location, "://") || strings.HasPrefix(location, "//")) {
		return fmt.Errorf("it is a redirect to another host: %q", location)
	}
	if a.status != w.status[0] {
		return nil // a response of the framework's own
	}
	if !w.routers && !w.anyBody && a.body != w.body {
		return fmt.Errorf("body %.300q, want %.300q", a.body, w.body)
	}
	expected := map[string][]string{}
	for _, line := range w.header {
		name, value, there := strings.Cut(line, ": ")
		switch absent, not := strings.CutPrefix(name, "!"); {
		case not && a.header[absent] != nil:
			return fmt.Errorf("%s is %q, want none", absent, a.header[absent])
		case there:
			expected[name] = append(expected[name], value)
		}
	}
	for name, lines := range expected {
		got := a.header[name]
		if name == "Allow" {
			if err := allows(got, lines[0], method); err != nil {
				return err
			}
		} else if !slices.Equal(got, lines) {
			return fmt.Errorf("%s is %q, want %q", name, got, lines)
		}
	}
	return nil
}

// allows checks an Allow header, which may list more methods than the wanted
// ones.
func allows(lines []string, wanted, refused string) error {
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
	}
	got := split(strings.Join(lines, ","))
	for _, m := range split(wanted) {
		if !slices.Contains(got, m) {
			return fmt.Errorf("the Allow header is %q, without %s", lines, m)
		}
	}
	if slices.Contains(got, refused) {
		return fmt.Errorf("the Allow header is %q and names the refused %s", lines, refused)
	}
	return nil
}

// headCheck sends the row as HEAD and as GET and compares the responses.
func (r row) headCheck() check {
	head := r
	head.send = http.MethodHead + strings.TrimPrefix(r.send, http.MethodGet)
	return check{head.name(), func(s *server) error {
		of, err := r.exchange(s)
		if err != nil {
			return err
		}
		got, err := head.exchange(s)
		if err != nil {
			return err
		}
		delete(of.header, "Date")
		delete(got.header, "Date")
		switch {
		case got.status != of.status:
			return fmt.Errorf("%s: status %d, and %d for GET", head.name(), got.status, of.status)
		case got.body != "":
			return fmt.Errorf("%s: there is a body: %q", head.name(), got.body)
		case !maps.EqualFunc(got.header, of.header, slices.Equal):
			return fmt.Errorf("%s: header %v, and %v for GET", head.name(), got.header, of.header)
		}
		return nil
	}}
}

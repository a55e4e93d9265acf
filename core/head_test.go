package core_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// head is a request's head as an adapter would hand it over.
type head struct {
	method, host string
	header       http.Header
}

func (h head) Method() string               { return h.method }
func (h head) Host() string                 { return h.host }
func (h head) Lines(header string) []string { return h.header[header] }

// post is a request with a body of the given type; no type, no Content-Type
// line.
func post(body io.Reader, contentType ...string) *core.Request {
	return &core.Request{
		Head: head{method: "POST", host: "app.example", header: http.Header{"Content-Type": contentType}},
		Body: body,
	}
}

func postJSON(body string) *core.Request { return post(strings.NewReader(body), "application/json") }

// wantProblem checks that err is a 422 with one problem of the type at the
// location.
func wantProblem(t *testing.T, err error, kind string, loc ...any) {
	t.Helper()
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Status != http.StatusUnprocessableEntity || len(e.Problems) != 1 {
		t.Fatalf("got %v, want a 422 with one problem", err)
	}
	p := e.Problems[0]
	if p.Type != kind {
		t.Errorf("type is %q (%s), want %q", p.Type, p.Msg, kind)
	}
	if len(p.Loc) != len(loc) {
		t.Fatalf("loc is %v, want %v", p.Loc, loc)
	}
	for i := range loc {
		if p.Loc[i] != loc[i] {
			t.Errorf("loc is %v, want %v", p.Loc, loc)
		}
	}
}

// wantStatus checks that err is an *Error of that status and code.
func wantStatus(t *testing.T, err error, status int, code string) *core.Error {
	t.Helper()
	if !errors.Is(err, &core.Error{Status: status, Code: code}) {
		t.Fatalf("got %v, want %d %s", err, status, code)
	}
	e, _ := errors.AsType[*core.Error](err)
	return e
}

// failing is a body that breaks off with an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// endless is a body without an end; it counts what was read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += len(p)
	return len(p), nil
}

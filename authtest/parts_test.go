package authtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
)

// Member is the user type of these tests.
type Member struct {
	latchkey.User
	Nick string `json:"nick" auth:"register,update"`
}

type options = latchkey.Options[Member]

// stopped is a test that keeps what it was stopped with.
type stopped struct {
	testing.TB
	said string
}

func (s *stopped) Helper() {}
func (s *stopped) Fatalf(format string, args ...any) {
	s.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// saying returns the sentence that misuse ends a test with, "" for none.
func saying(t *testing.T, misuse func(t testing.TB)) string {
	t.Helper()
	s := &stopped{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		misuse(s)
	}()
	<-done
	return s.said
}

// site serves what the tests visit: the routes of both backends, and GET /home
// behind the guards.
func site(auth *latchkey.Auth[Member], guards ...latchkey.Guard) *http.ServeMux {
	mux := http.NewServeMux()
	httpauth.Mount(mux, "", auth.Register().At("/auth"), auth.Users().At("/users"))
	mux.Handle("/home", httpauth.Require(auth, guards...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, _ := httpauth.CurrentUser[Member](r)
		_, _ = fmt.Fprintf(w, "%s home of %s", r.Method, u.Email)
	})))
	return mux
}

// wantStatus fails unless a visit of /home is answered with the status.
func wantStatus(t *testing.T, c *authtest.Client, h http.Handler, status int) {
	t.Helper()
	if w := c.Do(h, "GET", "/home", ""); w.Code != status {
		t.Errorf("/home answers %d %s, want %d", w.Code, w.Body, status)
	}
}

// ownHeader is a transport of an application's own, whose login answer has the
// token in a form that As does not read.
type ownHeader struct{}

func (ownHeader) Extract(h core.Head) (string, error) {
	if token := core.Line(h, "X-Token"); token != "" {
		return token, nil
	}
	return "", core.ErrNoCredential
}
func (ownHeader) Protect(core.Head) error { return nil }
func (ownHeader) Attach(resp *core.Response, t core.Token) {
	resp.Body = []byte(`{"token": "` + t.Raw + `"}`)
}
func (ownHeader) Clear(*core.Response)    {}
func (ownHeader) Scheme() json.RawMessage { return json.RawMessage(`{"type": "apiKey"}`) }

// step is a second factor of a third party: a PIN, terms to accept, or one that
// is never content.
type step struct {
	method string
	asks   func(done []core.Proof) bool
	enrols bool
}

func (s step) Name() string     { return s.method }
func (s step) PerBackend() bool { return true }
func (s step) Method() string   { return s.method }
func (s step) Asks(_ context.Context, _ core.AnyUser, done []core.Proof) (bool, error) {
	return s.asks(done), nil
}
func (s step) Enrols(context.Context, core.AnyUser) (bool, error) { return s.enrols, nil }
func (s step) Routes(svc *core.Services) ([]core.Route, error) {
	return []core.Route{{
		Name: s.method + ":" + svc.Backend.Name + ".prove", Method: http.MethodPost, Pattern: "/" + s.method, Public: true,
		Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
			admission, err := svc.Gate.Continue(ctx, "", r, func(context.Context, core.AnyUser) (core.Proof, error) {
				return core.Proof{}, core.Refuse("WRONG_PIN")
			})
			return admission.Answer, err
		},
	}}, nil
}

// lacks reports whether no proof is by a method.
func lacks(method string) func([]core.Proof) bool {
	return func(done []core.Proof) bool {
		for _, p := range done {
			if p.Method == method {
				return false
			}
		}
		return true
	}
}

func wantSentence(t *testing.T, got string, parts ...string) {
	t.Helper()
	for _, part := range append(parts, "authtest: ") {
		if !strings.Contains(got, part) {
			t.Errorf("the test ends with %q, want %q in it", got, part)
		}
	}
}

// logged is a test with a log of its own.
type logged struct {
	testing.TB
	to io.Writer
}

func (l logged) Output() io.Writer { return l.to }

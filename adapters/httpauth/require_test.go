package httpauth_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

// door is a front door that lets everyone in as one user.
type door struct{ current core.Current }

func newDoor() door {
	return door{core.Current{Session: &core.Session{UserID: "7"}, User: &core.User{ID: "7"}}}
}

func (d door) Resolve(_ bool, guards ...core.Guard) func(context.Context, core.Head) (context.Context, error) {
	for _, g := range guards {
		if g.Check == nil {
			panic("the guard " + g.Name + " cannot work")
		}
	}
	return func(ctx context.Context, _ core.Head) (context.Context, error) {
		return core.WithCurrent(ctx, d.current), nil
	}
}

func (door) Render(context.Context, error) *core.Response { return response(500, "{}") }

func TestAWrongGuardPanicsAtSetUp(t *testing.T) {
	bad := core.Guard{Name: "bad"}
	good := core.Guard{Name: "good", Check: func(context.Context, *core.Current) error { return nil }}
	for _, verb := range []func(core.FrontDoor, ...core.Guard) func(http.Handler) http.Handler{httpauth.Require,
		httpauth.Optional} {
		if !panics(func() { verb(newDoor(), good, bad) }) {
			t.Error("a guard that cannot work is accepted")
		}
		if panics(func() { verb(newDoor(), good) }) {
			t.Error("a good guard panics")
		}
	}
}

// Streaming, hijacking and http.ResponseController work behind Require because
// it does not wrap the writer.
func TestRequirePassesTheWriterOn(t *testing.T) {
	w := httptest.NewRecorder()
	var got http.ResponseWriter
	h := httpauth.Require(newDoor())(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { got = w }))
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got != http.ResponseWriter(w) {
		t.Errorf("the handler got a %T", got)
	}
}

func TestRequireCostsOneContextAndOneRequest(t *testing.T) {
	h := httpauth.Require(newDoor())(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, ok := httpauth.CurrentUser[core.User](r); !ok {
			t.Error("there is no user")
		}
	}))
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	if n := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); n > 2 {
		t.Errorf("%v allocations a request, want 2", n)
	}
}

func BenchmarkRequire(b *testing.B) {
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	guarded := httpauth.Require(newDoor())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := httpauth.CurrentUser[core.User](r); ok {
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	for _, c := range []struct {
		name string
		h    http.Handler
	}{{"bare", bare}, {"require", guarded}} {
		b.Run(c.name, func(b *testing.B) {
			w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
			b.ReportAllocs()
			for b.Loop() {
				c.h.ServeHTTP(w, r)
			}
		})
	}
}

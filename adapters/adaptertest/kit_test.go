package adaptertest

import (
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

// An adapter is httpauth, with parts that a test replaces with broken ones.
type adapter struct {
	mount       func(mux *http.ServeMux, prefix string, groups ...core.Group)
	require     func(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler
	optional    func(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler
	currentUser func(r *http.Request) (*User, bool)
	write       func(w http.ResponseWriter, r *http.Request, resp *core.Response)
	around      func(http.Handler) http.Handler
	listen      func(net.Listener) net.Listener
}

func sound() adapter {
	return adapter{
		mount: httpauth.Mount, require: httpauth.Require, optional: httpauth.Optional,
		currentUser: httpauth.CurrentUser[User],
		write:       httpauth.Write,
		around:      func(h http.Handler) http.Handler { return h },
		listen:      func(ln net.Listener) net.Listener { return ln },
	}
}

func (a adapter) serve(t *testing.T, ln net.Listener, app App) {
	mux := http.NewServeMux()
	for _, m := range app.Mounts {
		a.mount(mux, m.Prefix, m.Groups...)
	}
	for _, g := range app.Guarded {
		verb := a.require
		if g.Optional {
			verb = a.optional
		}
		mux.Handle("GET "+g.Path, verb(app.Host, g.Guards...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, g.Answer(a.currentUser(r)))
		})))
	}
	for _, h := range app.Written {
		mux.HandleFunc("GET "+h.Path, func(w http.ResponseWriter, r *http.Request) { a.write(w, r, h.Response()) })
	}
	server := &http.Server{Handler: a.around(mux), ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(a.listen(ln)) }()
	t.Cleanup(func() { _ = server.Close() })
}

func TestASoundAdapterPasses(t *testing.T) {
	Run(t, sound().serve)
}

// TestBrokenAdaptersFail breaks every rule of the kit at least once, and checks
// that the kit reports it.
func TestBrokenAdaptersFail(t *testing.T) {
	broken := map[string]bool{}
	for _, f := range fakes() {
		t.Run(f.name, func(t *testing.T) {
			a := sound()
			f.breakIt(&a)
			s := start(t, a.serve)
			s.patience = time.Second
			sec := find(t, f.rule)
			broken[sec.rule] = true
			for _, warmUp := range guards() { // the rules that look back need requests to look at
				violations(s, warmUp)
			}
			violations(s, paths()[0])
			if errs := violations(s, sec); len(errs) == 0 {
				t.Errorf("the kit does not notice it; the rule is: %s", sec.rule)
			} else {
				t.Logf("%d violations, the first: %v", len(errs), errs[0])
			}
		})
	}
	for _, sec := range sections() {
		if !broken[sec.rule] {
			t.Errorf("no fake breaks the rule %q", sec.rule)
		}
	}
}

func TestTheTableIsLarge(t *testing.T) {
	distinct := map[string]bool{}
	for _, sec := range sections() {
		for _, r := range sec.rows {
			distinct[r.peer+r.raw()] = true
		}
	}
	if len(distinct) < 420 {
		t.Errorf("%d requests; the kit has lost rows", len(distinct))
	}
	t.Logf("%d requests", len(distinct))
}

func violations(s *server, sec section) (errs []error) {
	for _, c := range sec.checks() {
		if err := c.run(s); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func find(t *testing.T, rule string) section {
	t.Helper()
	for _, sec := range sections() {
		if strings.HasPrefix(sec.rule, rule) {
			return sec
		}
	}
	t.Fatalf("there is no rule %q", rule)
	return section{}
}

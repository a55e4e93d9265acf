package transporttest_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/transports/transporttest"
)

func TestGoodHolder(t *testing.T) {
	transporttest.Run(t, transporttest.Harness{New: func(*testing.T) core.Transport { return holder() }, Ambient: true})
}

func TestBrokenHolders(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(f *holding)
		fails []string
	}{
		{"keeps the first", func(f *holding) {
			f.hold = func(resp *core.Response, pending string, _ time.Duration) {
				resp.Header.Add("Set-Cookie", "p="+pending+"; HttpOnly; Path=/"+pending[:1])
			}
		}, []string{"hold", "release"}},
		{"holds it in the session's cookie", func(f *holding) {
			f.hold = func(resp *core.Response, pending string, _ time.Duration) {
				resp.Header.Add("Set-Cookie", "s="+pending+"; Path=/; HttpOnly")
			}
			f.held = func(h core.Head) string { s, _ := f.extract(h); return s }
			f.release = f.clear
		}, []string{"hold", "hold no credential", "release"}},
		{"for scripts", func(f *holding) {
			f.hold = func(resp *core.Response, pending string, _ time.Duration) {
				resp.Header.Add("Set-Cookie", "p="+pending+"; Path=/")
			}
		}, []string{"hold quietly"}},
		{"in a URL too", func(f *holding) {
			hold := f.hold
			f.hold = func(resp *core.Response, pending string, age time.Duration) {
				hold(resp, pending, age)
				resp.Header.Set("Location", "/?pending="+pending)
			}
		}, []string{"hold quietly"}},
		{"with a status", func(f *holding) {
			hold := f.hold
			f.hold = func(resp *core.Response, pending string, age time.Duration) {
				hold(resp, pending, age)
				resp.Status = http.StatusForbidden
			}
		}, []string{"hold quietly"}},
		{"releases nothing", func(f *holding) { f.release = func(*core.Response) {} }, []string{"release"}},
		{"releases the session", func(f *holding) {
			release := f.release
			f.release = func(resp *core.Response) { release(resp); f.clear(resp) }
		}, []string{"release"}},
		{"takes the first of two", func(f *holding) {
			held := f.held
			f.held = func(h core.Head) string { return held(oneLine{h}) }
		}, []string{"hold malformed"}},
		{"does not look at the origin", func(f *holding) {
			f.held = func(h core.Head) string { s, _ := core.CookieValue(h, "p"); return s }
		}, []string{"hold cross-origin"}},
		{"holds nothing", func(f *holding) {
			f.hold = func(*core.Response, string, time.Duration) {}
		}, []string{"hold", "hold quietly", "hold cross-origin"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := holder()
			c.spoil(f)
			if got := failing(f, transporttest.Harness{Ambient: true}); !slices.Equal(got, c.fails) {
				t.Errorf("fails %q, want %q", got, c.fails)
			}
		})
	}
}

package chiauth_test

import (
	"io"
	"log"
	"net"
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/latchkey-go/latchkey/adapters/adaptertest"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
)

// serve runs the kit's application on r. root is the handler for
// the kit's paths; r is mounted in it.
func serve(t *testing.T, ln net.Listener, app adaptertest.App, r chi.Router, root http.Handler) {
	for _, m := range app.Mounts {
		chiauth.Mount(r, m.Prefix, m.Groups...)
	}
	for _, g := range app.Guarded {
		verb := chiauth.Require
		if g.Optional {
			verb = chiauth.Optional
		}
		r.With(verb(app.Host, g.Guards...)).Get(g.Path, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, g.Answer(chiauth.CurrentUser[adaptertest.User](r)))
		})
	}
	for _, h := range app.Written {
		r.Get(h.Path, func(w http.ResponseWriter, r *http.Request) { chiauth.Write(w, r, h.Response()) })
	}
	server := &http.Server{Handler: root, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
}

func TestConformance(t *testing.T) {
	adaptertest.Run(t, func(t *testing.T, ln net.Listener, app adaptertest.App) {
		r := chi.NewRouter()
		serve(t, ln, app, r, r)
	})
}

func TestConformanceBelowARouter(t *testing.T) {
	adaptertest.Run(t, func(t *testing.T, ln net.Listener, app adaptertest.App) {
		outer, inner := chi.NewRouter(), chi.NewRouter()
		outer.Mount("/", inner)
		serve(t, ln, app, inner, outer)
	})
}

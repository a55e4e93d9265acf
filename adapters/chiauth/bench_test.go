package chiauth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
)

func BenchmarkRequire(b *testing.B) {
	done := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	r := chi.NewRouter()
	r.Get("/bare", done)
	r.With(chiauth.Require(auth{})).Get("/require", func(w http.ResponseWriter, r *http.Request) {
		if _, ok := chiauth.CurrentUser[member](r); ok {
			done(w, r)
		}
	})
	for _, name := range []string{"bare", "require"} {
		b.Run(name, func(b *testing.B) {
			w, req := httptest.NewRecorder(), httptest.NewRequest("GET", "/"+name, nil)
			req.Header.Set("Authorization", "Bearer ada")
			b.ReportAllocs()
			for b.Loop() {
				r.ServeHTTP(w, req)
			}
		})
	}
}

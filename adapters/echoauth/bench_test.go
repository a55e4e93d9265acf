package echoauth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v5"
	"github.com/latchkey-go/latchkey/adapters/echoauth"
)

func BenchmarkRequire(b *testing.B) {
	r := echo.New()
	r.GET("/bare", func(c *echo.Context) error { return c.NoContent(http.StatusNoContent) })
	r.GET("/require", func(c *echo.Context) error {
		if _, ok := echoauth.CurrentUser[member](c); !ok {
			return echo.ErrUnauthorized
		}
		return c.NoContent(http.StatusNoContent)
	}, echoauth.Require(auth{}))
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

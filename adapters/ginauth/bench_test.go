package ginauth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/latchkey-go/latchkey/adapters/ginauth"
)

func BenchmarkRequire(b *testing.B) {
	r := gin.New()
	r.GET("/bare", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	r.GET("/require", ginauth.Require(auth{}), func(c *gin.Context) {
		if _, ok := ginauth.CurrentUser[member](c); ok {
			c.Status(http.StatusNoContent)
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

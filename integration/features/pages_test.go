package features_test

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gofiber/fiber/v3"
	"github.com/labstack/echo/v5"

	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/adapters/echoauth"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/adapters/ginauth"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

// TestPagesOnEveryFramework walks through all pages, at the root and below a
// prefix.
func TestPagesOnEveryFramework(t *testing.T) {
	t.Parallel()
	gin.SetMode(gin.ReleaseMode)
	for name, on := range map[string]func(prefix string, g core.Group) pagewalk.Serve{
		"net/http": func(prefix string, g core.Group) pagewalk.Serve {
			mux := http.NewServeMux()
			httpauth.Mount(mux, prefix, g)
			return pagewalk.Handler(mux)
		},
		"chi": func(prefix string, g core.Group) pagewalk.Serve {
			r := chi.NewRouter()
			chiauth.Mount(r, prefix, g)
			return pagewalk.Handler(r)
		},
		"echo": func(prefix string, g core.Group) pagewalk.Serve {
			e := echo.New()
			e.HTTPErrorHandler = echoauth.ErrorHandler
			echoauth.Mount(e, prefix, g)
			return pagewalk.Handler(e)
		},
		"gin": func(prefix string, g core.Group) pagewalk.Serve {
			engine := gin.New()
			engine.RedirectTrailingSlash = false
			ginauth.Mount(engine, prefix, g)
			return pagewalk.Handler(engine)
		},
		"fiber": func(prefix string, g core.Group) pagewalk.Serve {
			app := fiber.New(fiber.Config{ErrorHandler: fiberauth.ErrorHandler, ReadBufferSize: 64 << 10})
			fiberauth.Mount(app, prefix, g)
			return func(r *http.Request) (*http.Response, error) { return app.Test(r, fiber.TestConfig{Timeout: 0}) }
		},
	} {
		for _, prefix := range []string{"", "/nested/deep"} {
			t.Run(name+" at "+prefix, func(t *testing.T) {
				t.Parallel()
				a := pagewalk.New(t, prefix, nil)
				a.Walk(t, on(prefix, a.Routes()))
			})
		}
	}
}

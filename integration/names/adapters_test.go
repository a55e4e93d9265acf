package names_test

import (
	"net/http"
	"net/http/httptest"
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
)

// serve answers a request, through a framework.
type serve func(t *testing.T, r *http.Request) *http.Response

// adapters mount the routes in each framework's router.
var adapters = map[string]func(core.Group) serve{
	"net-http": func(g core.Group) serve {
		mux := http.NewServeMux()
		httpauth.Mount(mux, "", g)
		return recorded(mux)
	},
	"chi": func(g core.Group) serve {
		r := chi.NewRouter()
		chiauth.Mount(r, "", g)
		return recorded(r)
	},
	"echo": func(g core.Group) serve {
		e := echo.New()
		e.HTTPErrorHandler = echoauth.ErrorHandler
		echoauth.Mount(e, "", g)
		return recorded(e)
	},
	"gin": func(g core.Group) serve {
		gin.SetMode(gin.ReleaseMode)
		engine := gin.New()
		ginauth.Mount(engine, "", g)
		return recorded(engine)
	},
	"fiber": func(g core.Group) serve {
		app := fiber.New(fiber.Config{ErrorHandler: fiberauth.ErrorHandler})
		fiberauth.Mount(app, "", g)
		return func(t *testing.T, r *http.Request) *http.Response {
			resp, err := app.Test(r, fiber.TestConfig{})
			if err != nil {
				t.Fatal(err)
			}
			return resp
		}
	},
}

func recorded(h http.Handler) serve {
	return func(_ *testing.T, r *http.Request) *http.Response {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result()
	}
}

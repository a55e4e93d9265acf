package harness

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gofiber/fiber/v3"
	"github.com/labstack/echo/v5"
	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/chiauth"
	"github.com/latchkey-go/latchkey/adapters/echoauth"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
	"github.com/latchkey-go/latchkey/adapters/ginauth"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

// Prefix is what the routers of Below have before the application's prefixes.
const Prefix = "/tenants/7/api"

// Below are the ways in which frameworks put routes below a prefix. Handle is
// not there.
var Below = map[string]Adapter{
	"http.StripPrefix": func(*latchkey.Auth[Account]) Router {
		outer, mux := http.NewServeMux(), http.NewServeMux()
		outer.Handle(Prefix+"/", http.StripPrefix(Prefix, mux))
		return below(func(prefix string, groups ...core.Group) { httpauth.Mount(mux, prefix, groups...) }, outer)
	},
	"chi.Route": func(*latchkey.Auth[Account]) Router {
		r := chi.NewRouter()
		var inner chi.Router
		r.Route("/tenants/{tenant}", func(r chi.Router) { r.Route("/api", func(r chi.Router) { inner = r.With() }) })
		return below(func(prefix string, groups ...core.Group) { chiauth.Mount(inner, prefix, groups...) }, r)
	},
	"chi.Mount": func(*latchkey.Auth[Account]) Router {
		r, inner := chi.NewRouter(), chi.NewRouter()
		r.Mount(Prefix, inner)
		return below(func(prefix string, groups ...core.Group) { chiauth.Mount(inner, prefix, groups...) }, r)
	},
	"echo.Group": func(*latchkey.Auth[Account]) Router {
		e := echo.New()
		pass := func(next echo.HandlerFunc) echo.HandlerFunc { return next }
		g := e.Group("/tenants/:tenant").Group("/api", pass)
		return below(func(prefix string, groups ...core.Group) { echoauth.Mount(g, prefix, groups...) }, e)
	},
	"gin.Group": func(*latchkey.Auth[Account]) Router {
		gin.SetMode(gin.ReleaseMode)
		engine := gin.New()
		g := engine.Group("/tenants/:tenant").Group("/api", func(*gin.Context) {})
		return below(func(prefix string, groups ...core.Group) { ginauth.Mount(g, prefix, groups...) }, engine)
	},
	"fiber.Group": func(*latchkey.Auth[Account]) Router {
		app := fiber.New(fiber.Config{ErrorHandler: fiberauth.ErrorHandler, ReadTimeout: time.Minute})
		g := app.Group("/tenants/:tenant").Group("/api", func(c fiber.Ctx) error { return c.Next() })
		return Router{Mount: func(prefix string, groups ...core.Group) { fiberauth.Mount(g, prefix, groups...) },
			Handle: noHandle, Serve: overFiber(app), Over: checked}
	},
	"fiber.App mounted": func(*latchkey.Auth[Account]) Router {
		app, inner := fiber.New(fiber.Config{ErrorHandler: fiberauth.ErrorHandler, ReadTimeout: time.Minute}), fiber.New()
		app.Use(Prefix, inner)
		return Router{Mount: func(prefix string, groups ...core.Group) { fiberauth.Mount(inner, prefix, groups...) },
			Handle: noHandle, Serve: overFiber(app), Over: checked}
	},
}

func below(mount func(string, ...core.Group), h http.Handler) Router {
	return Router{Mount: mount, Handle: noHandle, Serve: overHTTP(h)}
}

func noHandle(string, string, http.HandlerFunc) {}

package fiberauth_test

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/latchkey-go/latchkey/adapters/adaptertest"
	"github.com/latchkey-go/latchkey/adapters/fiberauth"
)

// newApp returns an app configured as the package comment says.
func newApp(config fiber.Config) *fiber.App {
	config.DisablePreParseMultipartForm, config.ReadTimeout, config.ErrorHandler = true, 10*time.Second,
		fiberauth.ErrorHandler
	app := fiber.New(config)
	app.Use(recover.New())
	return app
}

// start serves app, and stops it at the end of the test.
func start(t *testing.T, app *fiber.App, ln net.Listener) {
	var listening sync.WaitGroup
	listening.Go(func() { _ = app.Listener(ln, fiber.ListenConfig{DisableStartupMessage: true}) })
	t.Cleanup(func() {
		_ = app.Shutdown()
		listening.Wait()
	})
}

func listen(t *testing.T, app *fiber.App) (addr string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	start(t, app, ln)
	return ln.Addr().String()
}

// serve runs the kit's application on app. at returns the router for one of the
// kit's prefixes, and what is left of the prefix.
func serve(
	t *testing.T, ln net.Listener, kit adaptertest.App, app *fiber.App, at func(prefix string) (fiber.Router, string),
) {
	for _, m := range kit.Mounts {
		r, prefix := at(m.Prefix)
		fiberauth.Mount(r, prefix, m.Groups...)
	}
	r, _ := at("")
	for _, g := range kit.Guarded {
		verb := fiberauth.Require
		if g.Optional {
			verb = fiberauth.Optional
		}
		r.Get(colons.Replace(g.Path), verb(kit.Host, g.Guards...), func(c fiber.Ctx) error {
			return c.SendString(g.Answer(fiberauth.CurrentUser[adaptertest.User](c)))
		})
	}
	for _, h := range kit.Written {
		r.Get(h.Path, func(c fiber.Ctx) error { return fiberauth.Write(c, h.Response()) })
	}
	start(t, app, ln)
}

// colons writes "{org}" as ":org".
var colons = strings.NewReplacer("{", ":", "}", "")

func TestConformance(t *testing.T) {
	for name, config := range map[string]fiber.Config{
		"default": {},
		"opposite": {
			StrictRouting: true, CaseSensitive: true, DisableHeadAutoRegister: true, SkipUnmatchedRoutes: true,
			Immutable: true, ReduceMemoryUsage: true, StreamRequestBody: true, DisableHeaderNormalizing: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			adaptertest.Run(t, func(t *testing.T, ln net.Listener, kit adaptertest.App) {
				app := newApp(config)
				serve(t, ln, kit, app, func(prefix string) (fiber.Router, string) { return app, prefix })
			})
		})
	}
}

func TestConformanceBelowAGroup(t *testing.T) {
	for name, config := range map[string]fiber.Config{"default": {}, "strict": {StrictRouting: true}} {
		t.Run(name, func(t *testing.T) {
			adaptertest.Run(t, func(t *testing.T, ln net.Listener, kit adaptertest.App) {
				app := newApp(config)
				pass := func(c fiber.Ctx) error { return c.Next() }
				serve(t, ln, kit, app, func(prefix string) (fiber.Router, string) { return app.Group(prefix, pass), "" })
			})
		})
	}
}

func TestConformanceBelowAnApp(t *testing.T) {
	adaptertest.Run(t, func(t *testing.T, ln net.Listener, kit adaptertest.App) {
		app, inner := newApp(fiber.Config{}), fiber.New()
		app.Use("/", inner)
		serve(t, ln, kit, app, func(prefix string) (fiber.Router, string) { return inner, prefix })
	})
}

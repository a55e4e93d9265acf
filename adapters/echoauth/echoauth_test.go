package echoauth_test

import (
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v5"
	"github.com/latchkey-go/latchkey/adapters/adaptertest"
	"github.com/latchkey-go/latchkey/adapters/echoauth"
)

// router is what the kit's application needs from *echo.Echo and *echo.Group.
type router interface {
	echoauth.Router
	GET(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) echo.RouteInfo
}

// serve runs the kit's application on e, with its routes on r.
func serve(t *testing.T, ln net.Listener, app adaptertest.App, e *echo.Echo, r router) {
	e.Logger = slog.New(slog.DiscardHandler)
	for _, m := range app.Mounts {
		echoauth.Mount(r, m.Prefix, m.Groups...)
	}
	for _, g := range app.Guarded {
		verb := echoauth.Require
		if g.Optional {
			verb = echoauth.Optional
		}
		r.GET(colons.Replace(g.Path), func(c *echo.Context) error {
			return c.String(http.StatusOK, g.Answer(echoauth.CurrentUser[adaptertest.User](c)))
		}, verb(app.Host, g.Guards...))
	}
	for _, h := range app.Written {
		r.GET(h.Path, func(c *echo.Context) error { return echoauth.Write(c, h.Response()) })
	}
	server := &http.Server{Handler: e, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
}

// colons writes "{org}" as ":org".
var colons = strings.NewReplacer("{", ":", "}", "")

func TestConformance(t *testing.T) {
	adaptertest.Run(t, func(t *testing.T, ln net.Listener, app adaptertest.App) {
		e := echo.New()
		serve(t, ln, app, e, e)
	})
}

func TestConformanceInAGroup(t *testing.T) {
	adaptertest.Run(t, func(t *testing.T, ln net.Listener, app adaptertest.App) {
		e := echo.New()
		serve(t, ln, app, e, e.Group("", func(next echo.HandlerFunc) echo.HandlerFunc { return next }))
	})
}

func TestConformanceWithOtherSettings(t *testing.T) {
	for name, config := range map[string]echo.RouterConfig{
		"UnescapePathParamValues":   {UnescapePathParamValues: true, AutoHandleHEAD: true},
		"UseEscapedPathForMatching": {UseEscapedPathForMatching: true, AllowOverwritingRoute: true},
	} {
		t.Run(name, func(t *testing.T) {
			adaptertest.Run(t, func(t *testing.T, ln net.Listener, app adaptertest.App) {
				e := echo.NewWithConfig(echo.Config{Router: echo.NewRouter(config)})
				serve(t, ln, app, e, e)
			})
		})
	}
}

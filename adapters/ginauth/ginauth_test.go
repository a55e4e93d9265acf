package ginauth_test

import (
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/latchkey-go/latchkey/adapters/adaptertest"
	"github.com/latchkey-go/latchkey/adapters/ginauth"
)

// TestMain discards gin's output, so that tests can use gin.Default().
func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	gin.DefaultWriter, gin.DefaultErrorWriter = io.Discard, io.Discard
	os.Exit(m.Run())
}

// serve runs the kit's application on engine, with its routes on r.
func serve(t *testing.T, ln net.Listener, app adaptertest.App, engine *gin.Engine, r gin.IRouter) {
	for _, m := range app.Mounts {
		ginauth.Mount(r, m.Prefix, m.Groups...)
	}
	for _, g := range app.Guarded {
		verb := ginauth.Require
		if g.Optional {
			verb = ginauth.Optional
		}
		r.GET(colons.Replace(g.Path), verb(app.Host, g.Guards...), func(c *gin.Context) {
			c.String(http.StatusOK, "%s", g.Answer(ginauth.CurrentUser[adaptertest.User](c)))
		})
	}
	for _, h := range app.Written {
		r.GET(h.Path, func(c *gin.Context) { ginauth.Write(c, h.Response()) })
	}
	server := &http.Server{Handler: engine, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = server.Close() })
}

// colons writes "{org}" as ":org".
var colons = strings.NewReplacer("{", ":", "}", "")

func TestConformance(t *testing.T) {
	adaptertest.Run(t, func(t *testing.T, ln net.Listener, app adaptertest.App) {
		engine := gin.Default()
		serve(t, ln, app, engine, engine)
	})
}

func TestConformanceInAGroup(t *testing.T) {
	adaptertest.Run(t, func(t *testing.T, ln net.Listener, app adaptertest.App) {
		engine := gin.Default()
		serve(t, ln, app, engine, engine.Group("/", func(*gin.Context) {}))
	})
}

func TestConformanceWithOtherSettings(t *testing.T) {
	for name, set := range map[string]func(*gin.Engine){
		"UseRawPath": func(e *gin.Engine) { e.UseRawPath = true },
		"UseEscapedPath": func(e *gin.Engine) {
			e.UseEscapedPath, e.UnescapePathValues, e.RedirectTrailingSlash = true, false, false
		},
		"cleaned paths": func(e *gin.Engine) { e.RemoveExtraSlash, e.RedirectFixedPath = true, true },
	} {
		t.Run(name, func(t *testing.T) {
			adaptertest.Run(t, func(t *testing.T, ln net.Listener, app adaptertest.App) {
				engine := gin.Default()
				set(engine)
				serve(t, ln, app, engine, engine)
			})
		})
	}
}

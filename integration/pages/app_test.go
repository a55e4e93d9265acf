package pages_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/flows/passkey"
	"github.com/latchkey-go/latchkey/integration/chromium"
	"github.com/latchkey-go/latchkey/integration/long"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
	"github.com/latchkey-go/latchkey/providers/localprovider"
)

// app is an application at localhost, and its provider at 127.0.0.1: to a
// browser these are two sites.
type app struct {
	*pagewalk.App
	origin   string
	provider string // its origin
}

// newApp starts one, whose pages are below prefix. edit may be nil.
func newApp(t *testing.T, route func(core.Group) router, prefix string, edit func(*pagewalk.Options)) *app {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	local, err := localprovider.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = local.Close() })
	client, err := local.Client()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := passkey.New(passkey.Options{Secret: authtest.Secret(), Name: "Acme"})
	if err != nil {
		t.Fatal(err)
	}
	a := &app{origin: strings.Replace("http://"+ln.Addr().String(), "127.0.0.1", "localhost", 1), provider: local.Issuer}
	a.App = pagewalk.New(t, prefix, func(o *pagewalk.Options) {
		o.BaseURL, o.Pages.App = a.origin, "Acme"
		o.Providers = []oauth.Provider{{Provider: client, VerifiedByDefault: true}}
		o.Flows = append(o.Flows, keys)
		if edit != nil {
			edit(o)
		}
	})
	route(a.Routes()).Listen(t, ln)
	return a
}

// visitorTime is for everything that one person does.
var visitorTime = time.Duration(long.Count(5, 30)) * time.Minute

// setting is how somebody sees the pages.
type setting struct {
	width, height int64
	mobile        bool
	scripts       bool
}

// person is somebody at a window of a browser, who is at the pages of an
// application.
func (a *app) person(t *testing.T, b *chromium.Browser, s setting) *person {
	t.Helper()
	p := &person{t: t, app: a, ctx: b.Visitor(t, visitorTime)}
	p.watch()
	p.sees(s)
	return p
}

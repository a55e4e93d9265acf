// Package adaptertest is the conformance kit for adapters: one table of
// requests with one expected response each, for every web framework.
//
// The author of an adapter serves an App on a listener that the kit supplies;
// the kit speaks HTTP/1.1 to it over loopback, byte by byte, so that nothing
// between the wire and the adapter is taken for granted. A failure quotes the
// rule that was broken. On net/http:
//
//	serve := func(t *testing.T, ln net.Listener, app adaptertest.App) {
//		mux := http.NewServeMux()
//		for _, m := range app.Mounts {
//			httpauth.Mount(mux, m.Prefix, m.Groups...)
//		}
//		for _, g := range app.Guarded {
//			verb := httpauth.Require
//			if g.Optional {
//				verb = httpauth.Optional
//			}
//			guard := verb(app.Host, g.Guards...)
//			mux.Handle("GET "+g.Path, guard(answer(g)))
//		}
//		for _, handler := range app.Written {
//			mux.Handle("GET "+handler.Path, write(handler))
//		}
//		server := &http.Server{Handler: mux}
//		go server.Serve(ln)
//		t.Cleanup(func() { server.Close() })
//	}
//	adaptertest.Run(t, serve)
//
// where answer returns the handler that writes
// g.Answer(httpauth.CurrentUser[adaptertest.User](r)), and write the one that
// calls httpauth.Write(w, r, handler.Response()).
//
// Security notes. The front door in the kit is a fake that accepts any bearer
// token: the kit proves that an adapter passes requests and responses on
// faithfully, and proves nothing about who is let in.
package adaptertest

import (
	"net"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// App is what an adapter's test has to serve.
type App struct {
	// Host is the front door to pass to Require and Optional.
	Host core.FrontDoor
	// Mounts lists the calls to make of the adapter's Mount, in this order,
	// all on one router.
	Mounts []Mount
	// Guarded lists routes to register with the framework itself.
	Guarded []Guarded
	// Written lists routes to register with the framework itself, which
	// send a Response by the adapter's Write.
	Written []Written
}

// Mount is one call of an adapter's Mount.
type Mount struct {
	Prefix string
	Groups []core.Group
}

// Guarded is a handler for GET at Path, in which "{org}" is a parameter, behind
// the adapter's Require, or Optional, with Guards. It responds with a 200 and
// the text that Answer returns for the adapter's CurrentUser[adaptertest.User].
//
// Answer may panic. The adapter lets the panic through; a framework that does
// not recover by itself needs its recovery middleware.
type Guarded struct {
	Path     string
	Optional bool
	Guards   []core.Guard
	Answer   func(u *User, ok bool) string
}

// Written is a handler for GET at Path that responds with Response, by the
// adapter's Write.
type Written struct {
	Path     string
	Response func() *core.Response
}

// User is the kit's user type.
type User struct {
	core.User
}

// Run checks the adapter that serve puts behind ln. serve starts a server and
// returns; it stops the server in t.Cleanup. At the end Run logs how many
// requests it sent.
//
// The framework should be configured as most applications configure it. Run the
// kit again for each setting that changes how it treats paths.
func Run(t *testing.T, serve func(t *testing.T, ln net.Listener, app App)) {
	s := start(t, serve)
	t.Cleanup(func() { t.Logf("adaptertest: %d requests", s.sent.Load()) })
	for _, sec := range sections() {
		t.Run(sec.rule, func(t *testing.T) {
			for _, c := range sec.checks() {
				t.Run(c.name, func(t *testing.T) {
					if err := c.run(s); err != nil {
						t.Errorf("%v\nThe rule: %s.", err, sec.rule)
					}
				})
			}
		})
	}
}

// A section is a rule and what checks it.
type section struct {
	rule string // begins with the attack case's ID, if there is one
	rows []row
	// head sends each GET of the rows as HEAD too.
	head   bool
	extras []check
}

// A check is one test; it returns the first failure.
type check struct {
	name string
	run  func(*server) error
}

func (sec section) checks() []check {
	var all []check
	for _, r := range sec.rows {
		all = append(all, r.check())
		if sec.head && r.isGet() {
			all = append(all, r.headCheck())
		}
	}
	return append(all, sec.extras...)
}

func sections() []section {
	var all []section
	for _, part := range [][]section{
		paths(), contract(), forms(), methods(), parameters(), queries(), credentials(), heads(), peers(), decisions(),
		wires(), bodies(),
		nestedPaths(), answers(), writtenAnswers(), guards(), scenarios(),
	} {
		all = append(all, part...)
	}
	return all
}

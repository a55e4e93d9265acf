package httpauth_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/latchkey-go/latchkey/adapters/adaptertest"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

func TestConformance(t *testing.T) {
	adaptertest.Run(t, func(t *testing.T, ln net.Listener, app adaptertest.App) {
		mux := http.NewServeMux()
		for _, m := range app.Mounts {
			httpauth.Mount(mux, m.Prefix, m.Groups...)
		}
		for _, g := range app.Guarded {
			verb := httpauth.Require
			if g.Optional {
				verb = httpauth.Optional
			}
			mux.Handle("GET "+g.Path, verb(app.Host, g.Guards...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, g.Answer(httpauth.CurrentUser[adaptertest.User](r)))
			})))
		}
		for _, h := range app.Written {
			mux.HandleFunc("GET "+h.Path, func(w http.ResponseWriter, r *http.Request) { httpauth.Write(w, r, h.Response()) })
		}
		server := &http.Server{Handler: mux, ErrorLog: log.New(io.Discard, "", 0)}
		go func() { _ = server.Serve(ln) }()
		t.Cleanup(func() { _ = server.Close() })
	})
}

// bound returns a route that responds with what serve returns for its request.
func bound(method, pattern string, serve func(r *core.Request) *core.Response) core.Endpoint {
	return core.Endpoint{
		Route: core.Route{Method: method, Pattern: pattern},
		Serve: func(_ context.Context, r *core.Request) *core.Response { return serve(r) },
	}
}

// says returns a route that responds with a text.
func says(method, pattern, text string) core.Endpoint {
	return bound(method, pattern, func(*core.Request) *core.Response { return response(200, text) })
}

func response(status int, body string) *core.Response {
	return core.Bytes(status, "application/json", []byte(body))
}

func serve(h http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func panics(do func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	do()
	return false
}

func TestMountRefusesAWrongPrefix(t *testing.T) {
	for prefix, wrong := range map[string]bool{
		"": false, "/users": false, "/a/b": false,
		"users": true, "/": true, "/users/": true, "users/": true, "GET /users": true, "/a//b": true,
	} {
		got := panics(func() { httpauth.Mount(http.NewServeMux(), prefix, core.Group{says("GET", "/me", "me")}) })
		if got != wrong {
			t.Errorf("prefix %q: panic is %v, want %v", prefix, got, wrong)
		}
	}
}

func TestTheMoreSpecificRouteWins(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("DELETE /users/me", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "own") })
	httpauth.Mount(mux, "/users", core.Group{says("GET", "/me", "me"), says("DELETE", "/{id}", "ours")})
	for path, want := range map[string]string{"/users/me": "own", "/users/7": "ours"} {
		if got := serve(mux, "DELETE", path).Body.String(); got != want {
			t.Errorf("DELETE %s: %q, want %q", path, got, want)
		}
	}
	if !panics(func() { httpauth.Mount(mux, "/users", core.Group{says("GET", "/me", "again")}) }) {
		t.Error("the same route twice does not panic")
	}
}

func TestHandlerTakesPathValuesOfAnotherRouter(t *testing.T) {
	h := httpauth.Handler(bound("GET", "/{id}",
		func(r *core.Request) *core.Response { return response(200, r.Param("id")) }))
	w := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.SetPathValue("id", "7")
		h.ServeHTTP(w, r)
	}), "GET", "/anything")
	if w.Body.String() != "7" {
		t.Errorf("the parameter is %q, want 7", w.Body)
	}
}

func TestRemoteWhereMiddlewareSetIt(t *testing.T) {
	h := httpauth.Handler(bound("GET", "",
		func(r *core.Request) *core.Response { return response(200, r.Remote.String()) }))
	for remote, want := range map[string]string{
		"192.0.2.7:1": "192.0.2.7", "192.0.2.7": "192.0.2.7", "2001:db8::7": "2001:db8::7", "::ffff:192.0.2.7": "192.0.2.7",
		"[::ffff:192.0.2.7]:1": "192.0.2.7", "fe80::7%eth0": "fe80::7", "@": "invalid IP", "": "invalid IP",
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = remote
		if h.ServeHTTP(w, r); w.Body.String() != want {
			t.Errorf("RemoteAddr %q is %s, want %s", remote, w.Body, want)
		}
	}
}

func TestHeadersOfOuterMiddleware(t *testing.T) {
	h := httpauth.Handler(bound("GET", "", func(*core.Request) *core.Response {
		resp := response(200, "{}")
		resp.Header = http.Header{"Set-Cookie": {"ours=1"}, "Vary": {"Cookie"}, "Content-Type": {"application/json"}}
		return resp
	}))
	w := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "theirs=1")
		w.Header().Set("Vary", "Origin")
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("X-Frame-Options", "DENY")
		h.ServeHTTP(w, r)
	}), "GET", "/")
	for name, want := range map[string][]string{
		"Set-Cookie": {"theirs=1", "ours=1"}, "Vary": {"Origin", "Cookie"},
		"Content-Type": {"application/json"}, "X-Frame-Options": {"DENY"},
	} {
		if got := w.Header()[name]; !slices.Equal(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestNoBodyWhereThereIsNone(t *testing.T) {
	for _, c := range []struct {
		method string
		status int
		body   string
	}{{"GET", 200, "null"}, {"HEAD", 200, ""}, {"GET", 204, ""}, {"GET", 304, ""}} {
		h := httpauth.Handler(bound("GET", "", func(*core.Request) *core.Response { return response(c.status, "null") }))
		if got := serve(h, c.method, "/").Body.String(); got != c.body {
			t.Errorf("%s with status %d: body %q, want %q", c.method, c.status, got, c.body)
		}
	}
}

// Over HTTP/2 a body that is too long only closes its stream: other users may
// share the connection.
func TestTooLongBodyClosesAConnectionOfHTTP1(t *testing.T) {
	h := httpauth.Handler(bound("POST", "", func(*core.Request) *core.Response { return response(413, "{}") }))
	for major, want := range map[int]string{1: "close", 2: ""} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil)
		r.ProtoMajor = major
		if h.ServeHTTP(w, r); w.Header().Get("Connection") != want {
			t.Errorf("HTTP/%d: Connection is %q, want %q", major, w.Header().Get("Connection"), want)
		}
	}
}

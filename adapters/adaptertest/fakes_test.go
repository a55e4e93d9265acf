package adaptertest

import (
	"context"
	"net/http"

	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

// A fake is a mistake an adapter could make, and the beginning of the rule it
// breaks.
type fake struct {
	name, rule string
	breakIt    func(a *adapter)
}

// request edits what net/http has parsed, before anything else sees it.
func request(edit func(r *http.Request)) func(*adapter) {
	return func(a *adapter) {
		a.around = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				edit(r)
				next.ServeHTTP(w, r)
			})
		}
	}
}

// instead responds in place of the adapter where answer returns true.
func instead(answer func(w http.ResponseWriter, r *http.Request) bool) func(*adapter) {
	return func(a *adapter) {
		a.around = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !answer(w, r) {
					next.ServeHTTP(w, r)
				}
			})
		}
	}
}

// routes edits every route that is mounted.
func routes(edit func(b *core.Endpoint)) func(*adapter) {
	return func(a *adapter) {
		a.mount = func(mux *http.ServeMux, prefix string, groups ...core.Group) {
			for _, g := range groups {
				edited := core.Group{}
				for _, b := range g {
					edit(&b)
					edited = append(edited, b)
				}
				httpauth.Mount(mux, prefix, edited)
			}
		}
	}
}

// handed edits the Request that a route receives; given edits the Response that
// it returns.
func handed(edit func(r *core.Request)) func(*adapter) {
	return routes(func(b *core.Endpoint) {
		serve := b.Serve
		b.Serve = func(ctx context.Context, r *core.Request) *core.Response {
			edit(r)
			return serve(ctx, r)
		}
	})
}

func given(edit func(resp *core.Response)) func(*adapter) {
	return routes(func(b *core.Endpoint) {
		serve := b.Serve
		b.Serve = func(ctx context.Context, r *core.Request) *core.Response {
			resp := serve(ctx, r)
			edit(resp)
			return resp
		}
	})
}

// guard replaces Require.
func guard(wrap func(h core.FrontDoor, guards []core.Guard, next http.Handler) http.Handler) func(*adapter) {
	return func(a *adapter) {
		a.require = func(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler {
			return func(next http.Handler) http.Handler { return wrap(h, guards, next) }
		}
	}
}

func fakes() []fake {
	var all []fake
	for _, part := range [][]fake{routingFakes(), requestFakes(), responseFakes(), guardFakes()} {
		all = append(all, part...)
	}
	return all
}

// statusWriter changes the status of a response, or its header at that moment.
type statusWriter struct {
	http.ResponseWriter
	edit func(status int) int
}

func (w statusWriter) WriteHeader(status int) { w.ResponseWriter.WriteHeader(w.edit(status)) }

func responseFakes() []fake {
	return []fake{
		{"the second Set-Cookie is lost", "a response arrives", given(func(resp *core.Response) {
			if lines := resp.Header["Set-Cookie"]; len(lines) > 1 {
				resp.Header["Set-Cookie"] = lines[1:]
			}
		})},
		{"a group's own prefix is lost", "a group's own prefix", routes(func(b *core.Endpoint) {
			if b.Prefix != "" {
				b.Prefix = "/elsewhere" + b.Prefix
			}
		})},
		{"every answer is JSON", "Write sends", func(a *adapter) {
			a.write = func(w http.ResponseWriter, r *http.Request, resp *core.Response) {
				resp.Type = ""
				httpauth.Write(w, r, resp)
			}
		}},
		{"the body gets a line feed", "a response arrives", given(func(resp *core.Response) {
			if resp.Body != nil {
				resp.Body = append(resp.Body, '\n')
			}
		})},
		{"Content-Type gets a charset", "a response arrives", given(func(resp *core.Response) {
			if ct := resp.Header.Get("Content-Type"); ct != "" {
				resp.Header.Set("Content-Type", ct+"; charset=utf-8")
			}
		})},
	}
}

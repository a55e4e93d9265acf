package adaptertest

import (
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

func guardFakes() []fake {
	var last atomic.Pointer[User]
	return []fake{
		{"only the first guard is asked", "Require admits", func(a *adapter) {
			a.require = func(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler {
				return httpauth.Require(h, guards[:min(1, len(guards))]...)
			}
		}},
		{"a 503 is anonymous", "Optional lets nobody", func(a *adapter) {
			a.optional = func(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler {
				resolve := h.Resolve(true, guards...)
				return func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						ctx, _ := resolve(r.Context(), plainHead{r})
						next.ServeHTTP(w, r.WithContext(ctx))
					})
				}
			}
		}},
		{"Require does not see cookies", "Require passes the host", guard(func(h core.FrontDoor, guards []core.Guard, next http.Handler) http.Handler {
			require := httpauth.Require(h, guards...)(next)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del("Cookie")
				require.ServeHTTP(w, r)
			})
		})},
		{"guards get no values of the path", "a guard gets the values", requireBy(func(r *http.Request) core.Head { return plainHead{r} })},
		{"guards do not learn the target", "a guard gets the target", requireBy(func(r *http.Request) core.Head { return valuesHead{plainHead{r}} })},
		{"X-User-ID names the user", "A02 no header", func(a *adapter) {
			a.currentUser = func(r *http.Request) (*User, bool) {
				if id := r.Header.Get("X-User-Id"); id != "" {
					return &User{core.User{ID: id}}, true
				}
				return httpauth.CurrentUser[User](r)
			}
		}},
		{"a panic is shown", "A04", func(a *adapter) {
			a.around = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer func() {
						if v := recover(); v != nil {
							http.Error(w, fmt.Sprint(v), 500)
						}
					}()
					next.ServeHTTP(w, r)
				})
			}
		}},
		{"the handler runs before the guard", "A08", guard(func(h core.FrontDoor, guards []core.Guard, next http.Handler) http.Handler {
			require := httpauth.Require(h, guards...)(next)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(discard{http.Header{}}, r)
				require.ServeHTTP(w, r)
			})
		})},
		{"the user is kept in one variable", "requests at the same time", func(a *adapter) {
			a.currentUser = func(r *http.Request) (*User, bool) {
				u, ok := httpauth.CurrentUser[User](r)
				previous := last.Swap(u)
				if previous != nil {
					return previous, ok
				}
				return u, ok
			}
		}},
		{"guards are resolved for each request", "guards are resolved once", guard(func(h core.FrontDoor, guards []core.Guard, next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				httpauth.Require(h, guards...)(next).ServeHTTP(w, r)
			})
		})},
	}
}

// requireBy makes Require pass another head to the host.
func requireBy(head func(*http.Request) core.Head) func(*adapter) {
	return func(a *adapter) {
		a.require = func(h core.FrontDoor, guards ...core.Guard) func(http.Handler) http.Handler {
			resolve := h.Resolve(false, guards...)
			return func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					ctx, err := resolve(r.Context(), head(r))
					if err != nil {
						httpauth.Write(w, r, h.Render(r.Context(), err))
						return
					}
					next.ServeHTTP(w, r.WithContext(ctx))
				})
			}
		}
	}
}

// valuesHead has the values of the path besides.
type valuesHead struct{ plainHead }

// PathValue implements core.PathValuer.
func (h valuesHead) PathValue(name string) (value string, ok bool) {
	value = h.r.PathValue(name)
	return value, value != ""
}

// plainHead is a core.Head.
type plainHead struct{ r *http.Request }

func (h plainHead) Method() string             { return h.r.Method }
func (h plainHead) Host() string               { return h.r.Host }
func (h plainHead) Lines(name string) []string { return h.r.Header[name] }

// discard throws a response away.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

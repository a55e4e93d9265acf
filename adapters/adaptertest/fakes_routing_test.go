package adaptertest

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/core"
)

func routingFakes() []fake {
	return []fake{
		{"only the first group is mounted", "a route answers", func(a *adapter) {
			a.mount = func(mux *http.ServeMux, prefix string, groups ...core.Group) { httpauth.Mount(mux, prefix, groups[0]) }
		}},
		{"HEAD is 405", "a group's root answers", instead(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodHead {
				w.WriteHeader(405)
			}
			return r.Method == http.MethodHead
		})},
		{"the slash is redirected", "a group's root answers", instead(func(w http.ResponseWriter, r *http.Request) bool {
			path, slash := strings.CutSuffix(r.URL.Path, "/")
			if slash && path != "" {
				http.Redirect(w, r, path, http.StatusMovedPermanently)
			}
			return slash && path != ""
		})},
		{"a root is a subtree", "a root is not a subtree", func(a *adapter) {
			a.mount = func(mux *http.ServeMux, prefix string, groups ...core.Group) {
				httpauth.Mount(mux, prefix, groups...)
				for _, g := range groups {
					for _, b := range g {
						if b.Pattern == "" && prefix != "/nested" {
							mux.Handle(b.Method+" "+prefix+b.Prefix+"/", httpauth.Handler(b))
						}
					}
				}
			}
		}},
		{"/{id} swallows /me", "/me is matched", routes(func(b *core.Endpoint) {
			if b.Pattern == "/me" {
				b.Pattern = "/me/not-found"
			}
		})},
		{"OAuth answers by GET alone", "every route of the contract", instead(func(w http.ResponseWriter, r *http.Request) bool {
			refused := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/callback")
			if refused {
				w.WriteHeader(405)
			}
			return refused
		})},
		{"the decoded path is looked up", "a path has one form", request(func(r *http.Request) { r.URL.RawPath = "" })},
		{"dots are resolved", "empty and dot segments", request(func(r *http.Request) {
			r.URL.Path, r.URL.RawPath = path.Clean(r.URL.Path), ""
		})},
		{"a redirect goes where the path says", "empty and dot segments", instead(func(w http.ResponseWriter, r *http.Request) bool {
			outside := strings.HasPrefix(r.URL.Path, "//")
			if outside {
				w.Header().Set("Location", r.URL.Path)
				w.WriteHeader(301)
			}
			return outside
		})},
		{"a redirect to the whole path", "b5 one slash", instead(func(w http.ResponseWriter, r *http.Request) bool {
			path, slash := strings.CutSuffix(r.URL.Path, "/")
			if slash && strings.Count(path, "/") > 1 {
				http.Redirect(w, r, path, http.StatusTemporaryRedirect)
			}
			return slash && strings.Count(path, "/") > 1
		})},
		{"a slash at the end is 404 for wrong methods", "b5 a wrong method", instead(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodTrace {
				w.WriteHeader(404)
			}
			return r.Method == http.MethodTrace
		})},
		{"two slashes at the end are dropped", "b5 a slash too many", request(func(r *http.Request) {
			if p := strings.TrimRight(r.URL.Path, "/"); p != "" {
				r.URL.Path = p
			}
		})},
		{"paths are compared in lower case", "letter case", request(func(r *http.Request) { r.URL.Path = strings.ToLower(r.URL.Path) })},
		{"HEAD is told as GET", "the method is", handed(func(r *core.Request) { r.Head = fixedMethod{r.Head} })},
		{"a wrong method is 404", "P13", func(a *adapter) {
			a.around = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					next.ServeHTTP(statusWriter{w, func(status int) int {
						if status == 405 {
							return 404
						}
						return status
					}}, r)
				})
			}
		}},
		{"the method can be overridden", "P13", request(func(r *http.Request) {
			if m := r.Header.Get("X-Http-Method-Override"); m != "" {
				r.Method = m
			}
		})},
		{"everything below /users asks for a credential", "401 comes before 404", instead(func(w http.ResponseWriter, r *http.Request) bool {
			refused := strings.HasPrefix(r.URL.Path, "/users/") && r.Header.Get("Authorization") == ""
			if refused {
				w.WriteHeader(401)
			}
			return refused
		})},
		{"parameters are decoded twice", "a path parameter", handed(func(r *core.Request) {
			once := r.Param
			r.Param = func(name string) string {
				twice, _ := url.PathUnescape(once(name))
				return twice
			}
		})},
		{"a plus sign is a space", "a path parameter", handed(func(r *core.Request) {
			once := r.Param
			r.Param = func(name string) string { return strings.ReplaceAll(once(name), "+", " ") }
		})},
	}
}

// fixedMethod is a core.Head whose method is always GET.
type fixedMethod struct{ core.Head }

func (fixedMethod) Method() string { return http.MethodGet }

package core_test

import (
	"maps"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

func TestPlainPath(t *testing.T) {
	for path, want := range map[string]bool{
		"/": true, "/users": true, "/users/": true, "/users/7/keys/8": true, "/users/a%20b%C3%A9": true, "/a%c3%a9": true,
		"/users/100%25": true, "/users/%2541": true, "/users/a:b@c,d;e=f": true, "/users/...": true, "/.a/b.": true, "/%00%FF": true,
		"": false, "users": false, "*": false,
		"/a%2Fb": false, "/a%2fb": false, // a slash
		"/%6De": false, "/%41": false, "/%7e": false, "/%30": false, "/%2d": false, "/%2e%2E": false, "/%5f": false, // no need
		"/%": false, "/%4": false, "/%zz": false, "/a%2": false, "/%%41": false, // malformed
		"//": false, "//a": false, "/a//b": false, "/a//": false, "/.": false, "/..": false, "/a/./b": false, "/a/../b": false,
	} {
		if got := core.IsPlainPath(path); got != want {
			t.Errorf("%q: %v, want %v", path, got, want)
		}
	}
}

func TestPathValues(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          map[string]string // nil for a refusal
	}{
		{"/users/me", "/users/me", map[string]string{}},
		{"/users/", "/users/", map[string]string{}},
		{"/users/:id", "/users/7", map[string]string{"id": "7"}},
		{"/users/:id/keys/:key", "/users/a%20b/keys/%2541", map[string]string{"id": "a b", "key": "%41"}},
		{"/users/:id", "/users/a+b%2Bc", map[string]string{"id": "a+b+c"}},
		{"/:id/users/:id", "/1/users/2", map[string]string{"id": "2"}},
		{"/a:b/:id", "/a:b/7", map[string]string{"id": "7"}},
		{"/users/:id", "/users/x/y", nil},
		{"/users/:id", "/users", nil},
		{"/é a/:id", "/%C3%A9%20a/7", map[string]string{"id": "7"}},
		{"/users/:id", "/Users/7", nil},
		{"/users/me", "/users/ME", nil},
		{"/users/:id", "/users//7", nil},
		{"/users/me", "/users/me/", nil},
		{"/users/:id", "/users/%6De", nil},
		{"/users/:id/keys/:key", "/users//keys/8", nil},
	} {
		got, ok := core.PathValues(c.pattern, c.path)
		if ok != (c.want != nil) || !maps.Equal(got, c.want) {
			t.Errorf("%s of %s: %v, %v, want %v", c.path, c.pattern, got, ok, c.want)
		}
	}
}

func TestPathValueOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, escaped, name, want string
	}{
		{"/orgs/:org/plan", "/orgs/acme/plan", "org", "acme"},
		{"/orgs/:org", "/orgs/acme/plan/b//c", "org", "acme"}, // of a group
		{"/files/:org/*", "/files/acme/a/%2F/b", "org", "acme"},
		{"/files/:org/*rest", "/files/caf%C3%A9/a", "org", "café"},
		{"/orgs/:org", "/orgs/acme", "user", ""},
		{"/orgs/:org", "/orgs", "org", ""},
		{"/orgs/:org", "/orgs/", "org", ""},
		{"/orgs/:org/plan", "/orgs/acme", "org", ""},
		{"/orgs/:org", "/orgs/%61cme", "org", ""},
		{"/orgs/:org", "/orgs/a%2Fb", "org", ""},
		{"/orgs/:org", "/ORGS/acme", "org", ""},
		{"", "/orgs/acme", "org", ""},
		{"/", "/orgs/acme", "org", ""},
	} {
		got, ok := core.PathValueOf(c.pattern, c.escaped, c.name)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%q of %s in %s: %q, %t; want %q", c.name, c.pattern, c.escaped, got, ok, c.want)
		}
	}
}

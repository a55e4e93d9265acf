package core_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

func TestFindingB5WithoutSlash(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/users/me/":              "../me",
		"/me/":                    "../me",
		"/users/a%2Bb/":           "../a+b",
		`/users/a\b/`:             "../a%5Cb",
		"/users/%5C%5Cevil.org/":  "../%5C%5Cevil.org",
		"/users/javascript:a/":    "../javascript:a",
		"/users/%0D%0AX:1/":       "../%0D%0AX:1",
		"/users/\u00e9/":          "../%C3%A9",
		"/users/me":               "",
		"/":                       "",
		"//":                      "",
		"":                        "",
		"me/":                     "",
		"/users//":                "",
		"//evil.org/":             "",
		"/users/../":              "",
		"/users/./":               "",
		"/users/%2e%2e/":          "",
		"/users/%2F/":             "",
		"/users/%2Fevil.org/":     "",
		"/users/%zz/":             "",
		"/users/a%2/":             "",
		"/../evil.org/":           "",
		"/users/m%65/":            "",
		"/users/me/%2F":           "",
		"https://evil.org/users/": "",
	} {
		resp, ok := core.WithoutSlash(path, "")
		if ok != (want != "") {
			t.Errorf("%s: ok is %v", path, ok)
		} else if ok && (resp.Status != 307 || resp.Header.Get("Location") != want || resp.Body != nil) {
			t.Errorf("%s: %d to %q, want %q", path, resp.Status, resp.Header.Get("Location"), want)
		}
	}
}

func TestFindingB5TheQueryIsKept(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"a=1&a=2": "?a=1&a=2", "a=%2F+%0A": "?a=%2F+%0A", "to=//evil.org": "?to=//evil.org", "a?b": "?a?b",
		"a\r\nSet-Cookie: b": "?a%0D%0ASet-Cookie:%20b", "a#b": "?a%23b", "\xff\x00\\": "?%FF%00%5C", "%zz": "?%zz",
	} {
		if resp, ok := core.WithoutSlash("/me/", query); !ok || resp.Header.Get("Location") != "../me"+want {
			t.Errorf("%q: %v, %v, want %s", query, ok, resp, want)
		}
	}
}

func TestFindingB5TheRootsOfGroupsKeepTheirSlash(t *testing.T) {
	t.Parallel()
	at := func(method, pattern string) core.Endpoint {
		return core.Endpoint{Route: core.Route{Method: method, Pattern: pattern}}
	}
	users := core.Group{at("GET", ""), at("GET", "/me"), at("PATCH", "/me"), at("GET", "/{id}")}
	sessions := core.Group{at("DELETE", "")}
	got := core.Slashed(users.At("/users"), core.Group{at("GET", "/users"), at("GET", "/sessions"), at("GET", "/keys")},
		sessions.At("/sessions"))
	if want := []string{"/users/me", "/users/{id}", "/keys"}; !slices.Equal(got, want) {
		t.Errorf("redirected: %v, want %v", strings.Join(got, " "), want)
	}
}

func TestFindingB6Plain(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		404: `{"detail":"Not Found"}`, 405: `{"detail":"Method Not Allowed"}`, 500: `{"detail":"Internal Server Error"}`,
	} {
		resp := core.Plain(status)
		if resp.Status != status || string(resp.Body) != want || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%d: %+v", status, resp)
		}
	}
}

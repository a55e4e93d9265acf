package core

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Plain returns the response to a request that no route serves, for adapters:
// {"detail": phrase}, where the phrase is the status' own, such as "Not Found".
func Plain(status int) *Response {
	resp, _ := JSON(status, map[string]string{"detail": http.StatusText(status)}) // a map of strings can be encoded
	resp.Header.Set("Content-Type", resp.Type)
	resp.Header.Set("Cache-Control", "no-store")
	return resp
}

// Slashed returns the paths, prefix and pattern, at which adapters answer
// [WithoutSlash] where there is one slash too many at the end, whatever the
// method: those of all routes, each once, but for the roots of groups, which
// answer with and without a slash.
func Slashed(groups ...Group) []string {
	roots := map[string]bool{}
	for _, g := range groups {
		for _, b := range g {
			roots[b.Prefix] = roots[b.Prefix] || b.Pattern == ""
		}
	}
	var paths []string
	for _, g := range groups {
		for _, b := range g {
			if path := b.Prefix + b.Pattern; !roots[path] && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// WithoutSlash returns the redirect, 307, from a path with one slash too many
// at its end to the path without it, as Starlette has it. path and query are
// percent-encoded, as they were sent. The Location is relative to the request
// (RFC 3986, section 4.2) and begins with "../", so that it keeps every prefix
// and never names another host. It is false where the path is not a
// [IsPlainPath] with one slash too many: that is answered like a path that is
// no route's.
func WithoutSlash(path, query string) (resp *Response, ok bool) {
	short, slash := strings.CutSuffix(path, "/")
	if !slash || strings.HasSuffix(short, "/") || !IsPlainPath(short) {
		return nil, false
	}
	last, _ := url.PathUnescape(short[strings.LastIndexByte(short, '/')+1:]) // a plain path is well-formed
	to := "../" + url.PathEscape(last)
	if query != "" {
		to += "?" + escapeQuery(query)
	}
	resp = Empty(http.StatusTemporaryRedirect)
	resp.Header.Set("Location", to)
	return resp, true
}

// escapeQuery escapes the bytes of a query that have no place in a Location.
func escapeQuery(query string) string {
	var b strings.Builder
	for _, c := range []byte(query) {
		if c <= ' ' || c > '~' || c == '#' || c == '\\' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

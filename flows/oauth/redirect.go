package oauth

import (
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// mayRedirect allows a path on the same origin, or a URL on an origin of
// Options.RedirectOrigins. What a browser may read otherwise than we do
// (backslashes, white space, control characters, anything beyond ASCII) is
// refused, and so is a path that is not plain (CWE-601).
func (c *config) mayRedirect(target string) bool {
	if len(target) > 2000 || strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
		return false
	}
	u, err := url.Parse(target)
	if err != nil || u.User != nil || u.Opaque != "" || !plainPath(u.EscapedPath()) {
		return false
	}
	if strings.HasPrefix(target, "/") {
		return !strings.HasPrefix(target, "//") && u.Scheme == "" && u.Host == ""
	}
	origin := u.Scheme + "://" + u.Host
	return slices.Contains(c.RedirectOrigins, origin) && (target == origin || strings.HasPrefix(target, origin+"/"))
}

// plainPath reports whether nobody on the way makes another path of an absolute
// path ("" too): it has no segment "." or "..", no empty one but the last, no
// backslash and no control character, however often it is decoded.
func plainPath(path string) bool {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range segments {
		name, _, _ := strings.Cut(s, ";") // some servers cut the rest off first
		if name == "." || name == ".." || s == "" && i < len(segments)-1 {
			return false
		}
	}
	if strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return false
	}
	decoded, err := url.PathUnescape(path)
	return err != nil || decoded == path || plainPath(decoded)
}

// back makes resp a 303 to the application's page, with a parameter.
func back(resp *core.Response, target, name, value string) {
	u, err := url.Parse(target)
	if err != nil { // mayRedirect has parsed it before
		return
	}
	if name != "" {
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
	}
	resp.Status, resp.Body = 303, nil
	resp.Header.Set("Location", u.String())
}

package core

import (
	"net/url"
	"strings"
)

// maxLocalPath is how long a path may be that a browser is sent to.
const maxLocalPath = 2000

// LocalPath reports whether a target, a path with or without a query and a
// fragment, leads a browser to a page of the origin that it is on, whatever
// stands between the browser and the application (CWE-601). It must begin with
// one slash and consist of printable ASCII without backslashes; what of it is
// the path must have no segment "." or "..", and no empty one but the last,
// however often it is decoded. It has at most 2,000 bytes.
func LocalPath(target string) bool {
	if len(target) > maxLocalPath || !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") ||
		strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
		return false
	}
	u, err := url.Parse(target)
	return err == nil && u.Scheme == "" && u.Host == "" && isStraight(u.EscapedPath())
}

// isStraight reports whether nobody on the way makes another path of an
// absolute path: it has no segment "." or "..", no empty one but the last, no
// backslash and no control character, however often it is decoded.
func isStraight(path string) bool {
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
	return err != nil || decoded == path || isStraight(decoded)
}

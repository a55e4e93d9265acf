package core

import (
	"net/url"
	"strings"
)

// IsPlainPath reports whether a path, percent-encoded as it was sent, is in the
// one form in which a path of Latchkey's routes is answered, so that every
// router decides alike. What it refuses, an adapter answers like a path that is
// no route's:
//
//   - an escape of a slash, which some routers take for the end of a segment;
//   - an escape of a character that needs none (letters, digits and - . _ ~:
//     RFC 3986, section 2.3), which some compare as it stands;
//   - an escape without two hexadecimal digits;
//   - a segment that is empty, "." or "..", which some remove. The last segment
//     may be empty.
func IsPlainPath(escaped string) bool {
	rest, ok := strings.CutPrefix(escaped, "/")
	for ok && rest != "" {
		var segment string
		segment, rest, _ = strings.Cut(rest, "/")
		ok = segment != "" && segment != "." && segment != ".." && plainSegment(segment)
	}
	return ok
}

func plainSegment(s string) bool {
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			return true
		}
		c, err := url.PathUnescape(s[i:min(i+3, len(s))])
		if err != nil || c == "/" || isUnreserved(c[0]) {
			return false
		}
		s = s[i+3:]
	}
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// PathValueOf returns the value, decoded once, of one parameter of a pattern as
// PathValues has it, for the heads of adapters. The pattern may be that of a
// group, which is only how the path begins, and may end in a wildcard ("/*").
func PathValueOf(pattern, escaped, name string) (value string, ok bool) {
	pattern, _, _ = strings.Cut(pattern, "/*")
	segments := strings.Count(pattern, "/") + 1
	begins := strings.SplitN(escaped, "/", segments+1)
	values, ok := PathValues(pattern, strings.Join(begins[:min(segments, len(begins))], "/"))
	if !ok {
		return "", false
	}
	value, ok = values[name]
	return value, ok && value != ""
}

// PathValues returns the values, decoded once, of the parameters of a pattern,
// for a path that a router has matched with it. In the pattern, which has every
// prefix, a segment ":id" is a parameter, as in most routers. A router's own
// values depend on its settings, and it may let a parameter swallow slashes.
//
// It is false where the path is not a [IsPlainPath] with the pattern's
// segments: a router may let others through, such as those in another case.
func PathValues(pattern, escaped string) (map[string]string, bool) {
	if strings.Count(pattern, "/") != strings.Count(escaped, "/") || !IsPlainPath(escaped) {
		return nil, false
	}
	var values map[string]string
	for fixed := range strings.SplitSeq(pattern, "/") {
		var segment string
		segment, escaped, _ = strings.Cut(escaped, "/")
		value, _ := url.PathUnescape(segment) // a plain path is well-formed
		name, parameter := strings.CutPrefix(fixed, ":")
		if !parameter {
			if value != fixed {
				return nil, false
			}
			continue
		}
		if values == nil {
			values = map[string]string{}
		}
		values[name] = value
	}
	return values, true
}

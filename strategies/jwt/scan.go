package jwt

import "strings"

// The functions here take one JSON value, or a part of one, from the front of a
// text by the grammar of RFC 8259. They return false if the text does not begin
// with one.

// space returns s without leading white space.
func space(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\n' || s[0] == '\r' || s[0] == '\t') {
		s = s[1:]
	}
	return s
}

func cutValue(s string) (value, rest string, ok bool) {
	if s == "" {
		return "", "", false
	}
	switch s[0] {
	case '"':
		return cutString(s)
	case '{':
		rest, ok = eachMember(s, func(string, string) bool { return true })
	case '[':
		rest, ok = eachElement(s, func(string) bool { return true })
	case 't':
		rest, ok = strings.CutPrefix(s, "true")
	case 'f':
		rest, ok = strings.CutPrefix(s, "false")
	case 'n':
		rest, ok = strings.CutPrefix(s, "null")
	default:
		return cutNumber(s)
	}
	return s[:len(s)-len(rest)], rest, ok
}

// cutString returns a string with its quotes.
func cutString(s string) (quoted, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", "", false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return s[:i+1], s[i+1:], true
		case c < ' ':
			return "", "", false
		case c == '\\':
			n := escape(s[i+1:])
			if n == 0 {
				return "", "", false
			}
			i += n
		}
	}
	return "", "", false
}

// escape returns the length of what follows a backslash, or 0 if that is not an
// escape.
func escape(s string) int {
	if s == "" || strings.IndexByte(`"\/bfnrtu`, s[0]) < 0 {
		return 0
	}
	if s[0] != 'u' {
		return 1
	}
	for i := 1; i < 5; i++ {
		if i >= len(s) || strings.IndexByte("0123456789abcdefABCDEF", s[i]) < 0 {
			return 0
		}
	}
	return 5
}

func cutNumber(s string) (number, rest string, ok bool) {
	rest = strings.TrimPrefix(s, "-")
	whole := digits(rest)
	if whole == 0 || whole > 1 && rest[0] == '0' {
		return "", "", false
	}
	rest = rest[whole:]
	if fraction, ok := strings.CutPrefix(rest, "."); ok {
		n := digits(fraction)
		if n == 0 {
			return "", "", false
		}
		rest = fraction[n:]
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		exponent := rest[1:]
		if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
			exponent = exponent[1:]
		}
		n := digits(exponent)
		if n == 0 {
			return "", "", false
		}
		rest = exponent[n:]
	}
	return s[:len(s)-len(rest)], rest, true
}

func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// eachMember reads an object. member may refuse a member; its name comes with
// the quotes.
func eachMember(s string, member func(name, value string) bool) (rest string, ok bool) {
	return each(s, '{', '}', func(s string) (string, bool) {
		name, rest, ok := cutString(s)
		if !ok {
			return "", false
		}
		if rest, ok = strings.CutPrefix(space(rest), ":"); !ok {
			return "", false
		}
		value, rest, ok := cutValue(space(rest))
		return rest, ok && member(name, value)
	})
}

// eachElement reads an array. element may refuse an element.
func eachElement(s string, element func(value string) bool) (rest string, ok bool) {
	return each(s, '[', ']', func(s string) (string, bool) {
		value, rest, ok := cutValue(s)
		return rest, ok && element(value)
	})
}

// each reads a list between brackets, with commas between what part reads.
func each(s string, open, end byte, part func(s string) (rest string, ok bool)) (rest string, ok bool) {
	if s == "" || s[0] != open {
		return "", false
	}
	s = space(s[1:])
	if s != "" && s[0] == end {
		return s[1:], true
	}
	for {
		if s, ok = part(s); !ok {
			return "", false
		}
		s = space(s)
		switch {
		case s == "":
			return "", false
		case s[0] == end:
			return s[1:], true
		case s[0] != ',':
			return "", false
		}
		s = space(s[1:])
	}
}

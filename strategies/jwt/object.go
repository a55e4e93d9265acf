package jwt

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// object holds a JSON object's members by their exact names, each of which is
// unique. Names and values are slices of the text.
type object []member

type member struct {
	name  string
	value string // as written
}

// parseObject reads one JSON object (RFC 8259), reusing the capacity of
// members: valid UTF-8, no duplicate member, nothing after it. It is stricter
// than encoding/json, which takes the last of two members, and ten times as
// fast.
func parseObject(text string, members object) (object, bool) {
	if !utf8.ValidString(text) {
		return nil, false
	}
	members = members[:0]
	rest, ok := eachMember(space(text), func(name, value string) bool {
		name, ok := unquote(name)
		if !ok || slices.ContainsFunc(members, func(m member) bool { return m.name == name }) {
			return false
		}
		members = append(members, member{name, value})
		return true
	})
	return members, ok && space(rest) == ""
}

// raw returns a member's value as written, or "" if there is none.
func (o object) raw(name string) string {
	for i := range o {
		if o[i].name == name {
			return o[i].value
		}
	}
	return ""
}

// text returns a member that is a string, and otherwise "".
func (o object) text(name string) string {
	text, _ := unquote(o.raw(name))
	return text
}

// texts returns a member that is a list of strings.
func (o object) texts(name string) (list []string, ok bool) {
	return listOf(o.raw(name), unquote)
}

// integers returns a member that is a list of integers.
func (o object) integers(name string) (list []int64, ok bool) {
	return listOf(o.raw(name), integer)
}

func integer(raw string) (int64, bool) {
	n, err := strconv.ParseInt(raw, 10, 64)
	return n, err == nil
}

// listOf returns an array's elements. raw is a value that parseObject has
// accepted, or "".
func listOf[T any](raw string, read func(string) (T, bool)) (list []T, ok bool) {
	if raw == "" || raw[0] != '[' {
		return nil, false
	}
	list = make([]T, 0, 1+strings.Count(raw, ","))
	_, ok = eachElement(raw, func(element string) bool {
		v, ok := read(element)
		list = append(list, v)
		return ok
	})
	return list, ok
}

// unquote returns the text of a JSON string; ok is false for any other value.
// Half a surrogate pair is refused: decoders put U+FFFD in its place, which
// would make two different texts equal.
func unquote(raw string) (text string, ok bool) {
	if raw == "" || raw[0] != '"' {
		return "", false
	}
	text = raw[1 : len(raw)-1]
	if plain(text) {
		return text, true
	}
	if strings.IndexByte(text, '\\') >= 0 {
		text = unescape(raw)
	}
	if replaced(text) {
		return "", false
	}
	return text, true
}

// plain reports, in one pass, whether text is what nearly every claim is: ASCII
// without escapes, which stands for itself.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] == '\\' || text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func unescape(raw string) (text string) {
	_ = json.Unmarshal([]byte(raw), &text) // cutString has accepted it
	return text
}

func replaced(s string) bool { return strings.Contains(s, string(utf8.RuneError)) }

package core

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep objects and arrays may nest.
const maxDepth = 32

// ReadJSON decodes the body as one strict JSON object: at most [MaxBody] bytes
// of UTF-8, nothing after it, nested 32 deep at the most, no member name twice
// in any object, no NUL and no lone surrogate (RFC 8259, section 8.2) in any
// string. Names keep their exact case. The members' values are valid after the
// request.
//
// The errors are *Error: 415 unless the request says that it is
// application/json or application/*+json (a missing type too), without a
// Content-Encoding but identity; 413; 400 if the body cannot be read; else 422
// with one problem: missing (an empty body, or null), model_attributes_type
// (another value than an object) or json_invalid. None of them repeats the
// input. Where the problems are of members, value_error for a NUL, the object
// is returned too: [AddProblems] adds what else is wrong with it.
func ReadJSON(r *Request) (Object, error) {
	media, _, err := mediaType(r)
	if err != nil {
		return nil, err
	}
	if media != "application/json" && !(strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json")) {
		return nil, unsupportedMediaType()
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	return decodeObject(body)
}

// ReadOptionalJSON is ReadJSON for a body that may be left out: the object is
// empty for a request that has neither a body nor a Content-Type.
func ReadOptionalJSON(r *Request) (Object, error) {
	if len(r.Lines("Content-Type")) > 0 {
		return ReadJSON(r)
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	if len(body) > 0 {
		return nil, unsupportedMediaType()
	}
	return Object{}, nil
}

// ParseObject decodes the answer of another service, such as a provider, as
// strictly as ReadJSON decodes a body, except that it has no size limit: bound
// what you read, with its header. The error is plain, since an [Error] would be
// the answer to our own client, and repeats nothing of text.
func ParseObject(text []byte) (Object, error) {
	o, err := decodeObject(text)
	if err != nil {
		return nil, errNotObject
	}
	return o, nil
}

var errNotObject = errors.New("core: not one JSON object of valid UTF-8 whose members appear once")

// ReadStrings reads a JSON object, as ReadJSON does, and returns the values of
// members that must all be there and be strings. Each that is not has a problem
// of its own: missing where it is absent or null, or where the body is no
// object, as FastAPI has it for such bodies, else string_type.
func ReadStrings(r *Request, names ...string) ([]string, error) {
	in, err := ReadJSON(r)
	if e, ok := errors.AsType[*Error](err); in == nil && ok && isNoObject(e) {
		in, err = Object{}, nil
	}
	if in == nil {
		return nil, err
	}
	values := make([]string, len(names))
	problems := make([]*Problem, len(names))
	for i, name := range names {
		var ok bool
		values[i], ok, problems[i] = in.String(name)
		if !ok && problems[i] == nil {
			missing := Missing(name)
			problems[i] = &missing
		}
	}
	return values, AddProblems(err, problems...)
}

func isNoObject(e *Error) bool {
	return slices.ContainsFunc(e.Problems, func(p Problem) bool {
		return p.Type == "missing" || p.Type == "model_attributes_type"
	})
}

// decodeObject leaves the grammar to encoding/json, and then walks once over
// the text for what the grammar allows and ReadJSON does not.
func decodeObject(text []byte) (Object, error) {
	switch {
	case len(text) == 0, string(bytes.Trim(text, " \t\r\n")) == "null":
		return nil, Invalid(Problem{Loc: []any{"body"}, Msg: "Field required", Type: "missing"})
	case !utf8.Valid(text):
		return nil, jsonInvalid(0, "JSON decode error: not UTF-8")
	case !json.Valid(text):
		return nil, jsonInvalid(syntaxOffset(text), "JSON decode error")
	}
	w := walk{text: text}
	if w.next() != '{' {
		return nil, Invalid(Problem{
			Loc: []any{"body"}, Type: "model_attributes_type",
			Msg: "Input should be a valid dictionary or object to extract fields from",
		})
	}
	members, err := w.object(1)
	if err != nil {
		return nil, err
	}
	return members, InvalidProblems(w.problems...)
}

func jsonInvalid(offset int, msg string) *Error {
	return Invalid(Problem{Loc: []any{"body", offset}, Msg: msg, Type: "json_invalid"})
}

// syntaxOffset is how many characters stand before the fault, which is nearly
// always what Python's json says. encoding/json counts the byte at fault too,
// unless the end is missing.
func syntaxOffset(text []byte) int {
	var value json.RawMessage
	fault := &json.SyntaxError{}
	errors.As(json.Unmarshal(text, &value), &fault)
	before := text[:fault.Offset]
	if !strings.HasPrefix(fault.Error(), "unexpected end") {
		before = before[:len(before)-1]
	}
	return utf8.RuneCount(before)
}

// walk goes over an object that encoding/json has found valid, so every
// bracket, quote and escape is known to be complete.
type walk struct {
	text     []byte
	pos      int
	nul      bool // a string since it was cleared has a NUL
	problems []*Problem
}

// next moves to the next byte that is neither white space nor a separator, and
// returns it.
func (w *walk) next() byte {
	for strings.IndexByte(" \t\r\n,:", w.text[w.pos]) >= 0 {
		w.pos++
	}
	return w.text[w.pos]
}

func (w *walk) object(depth int) (Object, error) {
	if depth > maxDepth {
		return nil, jsonInvalid(w.pos, "JSON decode error: nested too deep")
	}
	members := Object{}
	for w.pos++; w.next() != '}'; {
		name, err := w.name()
		if err != nil {
			return nil, err
		}
		if _, twice := members[name]; twice {
			return nil, jsonInvalid(w.pos, "JSON decode error: a member name appears twice")
		}
		w.next()
		start := w.pos
		if err := w.value(depth); err != nil {
			return nil, err
		}
		if depth == 1 && w.nul {
			problem := BadValue(name, "no string may contain NUL")
			w.problems, w.nul = append(w.problems, &problem), false
		}
		members[name] = w.text[start:w.pos:w.pos]
	}
	w.pos++
	return members, nil
}

func (w *walk) array(depth int) error {
	if depth > maxDepth {
		return jsonInvalid(w.pos, "JSON decode error: nested too deep")
	}
	for w.pos++; w.next() != ']'; {
		if err := w.value(depth); err != nil {
			return err
		}
	}
	w.pos++
	return nil
}

// value walks over a value inside an object or array of the given depth.
func (w *walk) value(depth int) error {
	switch w.next() {
	case '{':
		_, err := w.object(depth + 1)
		return err
	case '[':
		return w.array(depth + 1)
	case '"':
		return w.str()
	}
	w.pos += bytes.IndexAny(w.text[w.pos:], " \t\r\n,]}") // a number, true, false or null
	return nil
}

// name returns the member name at pos, unescaped.
func (w *walk) name() (name string, err error) {
	start, before := w.pos, w.nul
	w.nul = false
	if err := w.str(); err != nil {
		return "", err
	}
	if w.nul {
		return "", jsonInvalid(w.pos, "JSON decode error: NUL in a name")
	}
	w.nul = before
	raw := w.text[start:w.pos]
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	err = json.Unmarshal(raw, &name)
	return name, err
}

// str walks over a string. Its raw bytes hold no NUL: the grammar forbids
// control characters.
func (w *walk) str() error {
	for w.pos++; w.text[w.pos] != '"'; {
		if w.text[w.pos] != '\\' {
			w.pos++
		} else if err := w.escape(); err != nil {
			return err
		}
	}
	w.pos++
	return nil
}

// escape walks over a backslash and what belongs to it, both halves of a
// surrogate pair together.
func (w *walk) escape() error {
	unit := w.codeUnit()
	if unit < 0 {
		w.pos += len(`\n`)
		return nil
	}
	w.pos += len(`\u0000`)
	w.nul = w.nul || unit == 0
	if utf16.IsSurrogate(unit) {
		if utf16.DecodeRune(unit, w.codeUnit()) == unicode.ReplacementChar {
			return jsonInvalid(w.pos, "JSON decode error: lone surrogate in a string")
		}
		w.pos += len(`\u0000`)
	}
	return nil
}

// codeUnit is the UTF-16 code unit whose \u escape begins at pos, -1 if none
// does.
func (w *walk) codeUnit() rune {
	digits, ok := bytes.CutPrefix(w.text[w.pos:], []byte(`\u`))
	if !ok {
		return -1
	}
	unit, _ := strconv.ParseUint(string(digits[:4]), 16, 16)
	return rune(unit)
}

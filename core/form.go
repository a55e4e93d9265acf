package core

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxFields is how many names the fields of a form may have.
const maxFields = 100

// ReadForm decodes a form, application/x-www-form-urlencoded or
// multipart/form-data, into an Object of strings; an application/json body it
// passes to [ReadJSON], so that a route with a form takes both. A form has at
// most [MaxBody] bytes and fields of 100 names.
//
// It looks at the named fields only: whatever else a page's form has is
// ignored, however often it is sent and whatever its bytes. Without names it
// reads all. An empty field is the empty string.
//
// The errors are *Error: 415 for any other type, and for a Content-Encoding but
// identity; 413; 400 if the body cannot be read; else 422 with problems of type
// value_error: a field given twice (of "remember" the last counts, since a box
// may have a hidden field for its other state before it), a file, a NUL, bytes
// that are not UTF-8, a broken encoding. Where they are of fields, the Object
// is returned too: [AddProblems] adds what else is wrong with it.
func ReadForm(r *Request, fields ...string) (Object, error) {
	media, params, err := mediaType(r)
	if err != nil {
		return nil, err
	}
	var decode func(f *form, body []byte) error
	switch media {
	case "application/x-www-form-urlencoded":
		decode = (*form).urlencoded
	case "multipart/form-data":
		decode = func(f *form, body []byte) error { return f.multipart(body, params["boundary"]) }
	default:
		return ReadJSON(r)
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	f := &form{names: fields, seen: map[string]bool{}, read: Object{}}
	if err := decode(f, body); err != nil {
		return nil, err
	}
	return f.read, InvalidProblems(f.problems...)
}

// IsForm reports whether a request has the media type of a form.
func IsForm(h Head) bool {
	media, _, err := mediaType(h)
	return err == nil && (media == "application/x-www-form-urlencoded" || media == "multipart/form-data")
}

// Buffer reads the body of r, so that it can be read again by each Request that
// has the returned bytes as its Body. The errors are *Error: 413, and 400 if it
// cannot be read.
func Buffer(r *Request) ([]byte, error) { return readBody(r) }

// form collects fields.
type form struct {
	names    []string // nil for all
	seen     map[string]bool
	read     Object
	problems []*Problem // at most one for each field
}

// reads counts the names of fields, and reports whether this one is looked at.
func (f *form) reads(name string) (bool, error) {
	if f.seen[name] = true; len(f.seen) > maxFields {
		return false, bodyTooLarge()
	}
	return f.names == nil || slices.Contains(f.names, name), nil
}

// add keeps a field; wrong is what is wrong with its encoding, "" for nothing.
func (f *form) add(name, value, wrong string) error {
	if !isText(name) {
		return formInvalid("a field's name is not text")
	}
	if _, twice := f.read[name]; twice && name != rememberField {
		wrong = "given more than once"
	}
	if wrong == "" && !isText(value) {
		wrong = "not text"
	}
	if wrong != "" && !slices.ContainsFunc(f.problems, func(p *Problem) bool { return p.Loc[1] == name }) {
		problem := BadValue(name, wrong)
		f.problems = append(f.problems, &problem)
	}
	quoted, err := json.Marshal(value)
	f.read[name] = quoted
	return err
}

// isText reports whether s is UTF-8 without NUL.
func isText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func formInvalid(msg string) *Error {
	return Invalid(Problem{Loc: []any{"body"}, Msg: "Value error, " + msg, Type: "value_error"})
}

// urlencoded reads name=value pairs as the WHATWG URL standard does, where a
// semicolon is an ordinary character, but refuses a percent sign without two
// hexadecimal digits.
func (f *form) urlencoded(body []byte) error {
	for pair := range strings.SplitSeq(string(body), "&") {
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(rawName)
		reads, err := f.reads(name)
		if err != nil {
			return err
		}
		if !reads {
			continue
		}
		if errName != nil {
			return formInvalid("malformed percent-encoding")
		}
		wrong := ""
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			wrong = "malformed percent-encoding"
		}
		if err := f.add(name, value, wrong); err != nil {
			return err
		}
	}
	return nil
}

// multipart reads parts as they are (RFC 7578): a Content-Transfer-Encoding is
// not undone.
func (f *form) multipart(body []byte, boundary string) error {
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF { //nolint:errorlint // itself it is the last boundary; wrapped, a body that was cut off
			return nil
		}
		if err != nil {
			return formInvalid("malformed multipart")
		}
		reads, err := f.reads(part.FormName())
		if err != nil {
			return err
		}
		wrong := ""
		if part.FileName() != "" {
			wrong = "a file is not accepted"
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return formInvalid("malformed multipart")
		}
		if !reads {
			continue
		}
		if err := f.add(part.FormName(), string(value), wrong); err != nil {
			return err
		}
	}
}

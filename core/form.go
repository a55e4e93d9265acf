package core

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxFields is how many fields a form may have.
const maxFields = 100

// ReadForm decodes a form, application/x-www-form-urlencoded or
// multipart/form-data, into an Object of strings; an application/json body it
// passes to [ReadJSON], so that a route with a form takes both. A form has at
// most [MaxBody] bytes and 100 fields. An empty field is left out: it counts as
// absent.
//
// The errors are *Error: 415 for any other type, 413, 400 if the body cannot be
// read, else 422 with one problem, of type value_error: a field given twice, a
// file, a NUL, bytes that are not UTF-8, a broken encoding.
func ReadForm(r *Request) (Object, error) {
	media, params, err := mediaType(r)
	if err != nil {
		return nil, err
	}
	var decode func(f form, body []byte) error
	switch media {
	case "application/x-www-form-urlencoded":
		decode = form.urlencoded
	case "multipart/form-data":
		decode = func(f form, body []byte) error { return f.multipart(body, params["boundary"]) }
	default:
		return ReadJSON(r)
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	f := form{}
	if err := decode(f, body); err != nil {
		return nil, err
	}
	maps.DeleteFunc(f, func(_ string, value json.RawMessage) bool { return value == nil })
	return Object(f), nil
}

// form collects fields. An empty one is nil until all are read, so that it
// cannot be given twice either.
type form Object

func (f form) add(name, value string) error {
	if len(f) == maxFields {
		return bodyTooLarge()
	}
	if !isText(name) {
		return formInvalid("a field's name is not text")
	}
	if _, twice := f[name]; twice {
		return Invalid(BadValue(name, "given more than once"))
	}
	if !isText(value) {
		return Invalid(BadValue(name, "not text"))
	}
	if value == "" {
		f[name] = nil
		return nil
	}
	quoted, err := json.Marshal(value)
	f[name] = quoted
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
func (f form) urlencoded(body []byte) error {
	for pair := range strings.SplitSeq(string(body), "&") {
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(rawName)
		value, errValue := url.QueryUnescape(rawValue)
		if errName != nil || errValue != nil {
			return formInvalid("malformed percent-encoding")
		}
		if err := f.add(name, value); err != nil {
			return err
		}
	}
	return nil
}

// multipart reads parts as they are (RFC 7578): a Content-Transfer-Encoding is
// not undone.
func (f form) multipart(body []byte, boundary string) error {
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF { //nolint:errorlint // itself it is the last boundary; wrapped, a body that was cut off
			return nil
		}
		if err != nil {
			return formInvalid("malformed multipart")
		}
		if part.FileName() != "" {
			return formInvalid("a file is not accepted")
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return formInvalid("malformed multipart")
		}
		if err := f.add(part.FormName(), string(value)); err != nil {
			return err
		}
	}
}

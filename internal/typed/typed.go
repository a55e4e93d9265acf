// Package typed turns what a person types, in a form or on a command line, into
// the JSON of a Go type, and a value back into such text:
//
//	raw, err := typed.Parse(reflect.TypeFor[int](), "42") // 42
//	text := typed.TextOf([]string{"a", "b"})              // "a\nb"
//
// Parse of what TextOf returns is the value again, but for what text cannot
// tell apart: a nil pointer and one to an empty text, a list with empty lines.
//
// Security notes. Nothing here judges a value beyond its type: whoever takes
// the JSON still decodes it strictly. Errors do not repeat the text, which may
// be a secret.
package typed

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Kind is how a person types a value.
type Kind int

// The kinds.
const (
	// Text is a text of any form, of one line as a rule.
	Text Kind = iota
	// Bool is yes or no.
	Bool
	// Integer and Number are in decimal digits.
	Integer
	Number
	// Time is a moment, or a day.
	Time
	// Duration is as time.ParseDuration has it: "1h30m".
	Duration
	// Lines is a list with one value a line.
	Lines
	// JSON is everything else.
	JSON
)

var (
	timeType        = reflect.TypeFor[time.Time]()
	durationType    = reflect.TypeFor[time.Duration]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
)

// KindOf returns how the values of a type, or what it points to, are typed.
func KindOf(t reflect.Type) Kind {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch own := reflect.PointerTo(t); {
	case t == timeType:
		return Time
	case t == durationType:
		return Duration
	case own.Implements(textUnmarshaler):
		return Text
	case own.Implements(jsonUnmarshaler):
		return JSON
	}
	switch k := t.Kind(); {
	case k == reflect.Bool:
		return Bool
	case k >= reflect.Int && k <= reflect.Uintptr:
		return Integer
	case k == reflect.Float32 || k == reflect.Float64:
		return Number
	case k == reflect.String, k == reflect.Slice && t.Elem().Kind() == reflect.Uint8: // base64, as encoding/json has it
		return Text
	case (k == reflect.Slice || k == reflect.Array) && isLine(t.Elem()):
		return Lines
	}
	return JSON
}

// isLine reports whether a value of a list stands in a line. A list in a list
// does not, and may be of its own type.
func isLine(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	list := t.Kind() == reflect.Slice || t.Kind() == reflect.Array
	return (!list || t.Elem().Kind() == reflect.Uint8) && KindOf(t) < Lines
}

// LineBreaks returns the text of a form's field as it was typed: browsers send
// each line break as CR LF (HTML Standard, "Converting an entry list to a list
// of name-value pairs"). Not for secrets, whose bytes are the same in a form
// and in JSON.
func LineBreaks(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// Parse returns the JSON of a value of type t that a person has typed as text.
// Blanks around it count for a Text alone. Empty, it is null for a pointer,
// false for a bool, and an empty list. The error says what is expected.
func Parse(t reflect.Type, text string) (json.RawMessage, error) {
	kind := KindOf(t)
	if kind != Text {
		text = strings.TrimSpace(text)
	}
	if text == "" && t.Kind() == reflect.Pointer {
		return json.RawMessage("null"), nil
	}
	raw, err := parse(t, kind, text)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, reflect.New(t).Interface()); err != nil {
		return nil, expected(kind)
	}
	return raw, nil
}

func parse(t reflect.Type, kind Kind, text string) (json.RawMessage, error) {
	switch kind {
	case Bool:
		b, ok := words[strings.ToLower(text)]
		if !ok {
			return nil, expected(kind)
		}
		return json.Marshal(b)
	case Integer:
		if !isInteger(text) {
			return nil, expected(kind)
		}
		return json.RawMessage(strings.TrimPrefix(text, "+")), nil
	case Number:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, expected(kind)
		}
		return json.Marshal(f)
	case Time:
		return moment(text)
	case Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil, expected(kind)
		}
		return json.Marshal(d)
	case Lines:
		return lines(t, text)
	case JSON:
		return whole(t, text)
	}
	return json.Marshal(text)
}

// words are what a bool may be called.
var words = map[string]bool{
	"true": true, "yes": true, "on": true, "1": true, "false": false, "no": false, "off": false, "0": false, "": false,
}

// isInteger reports whether JSON takes the text for a whole number, but for a
// plus sign. Whether it fits is decided by its type.
func isInteger(text string) bool {
	digits := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-")
	return digits != "" && strings.Trim(digits, "0123456789") == "" && (digits == "0" || digits[0] != '0')
}

// layouts are the forms of a moment; without a zone it is UTC.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly}

func moment(text string) (json.RawMessage, error) {
	if text == "" {
		return json.Marshal(time.Time{})
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			return json.Marshal(at)
		}
	}
	return nil, expected(Time)
}

// lines returns the list of a text's lines that are not blank.
func lines(t reflect.Type, text string) (json.RawMessage, error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	list := []json.RawMessage{} // never null
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		raw, err := Parse(t.Elem(), line)
		if err != nil {
			return nil, err
		}
		list = append(list, raw)
	}
	return json.Marshal(list)
}

// whole returns a text that is JSON of the type as it is, and any other text,
// for a type that decodes itself from one, as a string.
func whole(t reflect.Type, text string) (json.RawMessage, error) {
	if json.Unmarshal([]byte(text), reflect.New(t).Interface()) == nil {
		return json.RawMessage(text), nil
	}
	quoted, err := json.Marshal(text)
	if err != nil || json.Unmarshal(quoted, reflect.New(t).Interface()) != nil {
		return nil, expected(JSON)
	}
	return quoted, nil
}

func expected(kind Kind) error {
	switch kind {
	case Bool:
		return errors.New("it must be yes or no")
	case Integer:
		return errors.New("it must be a whole number within its type's range")
	case Number:
		return errors.New("it must be a number")
	case Time:
		return errors.New("it must be a moment as in 2006-01-02T15:04:05Z, or a day as in 2006-01-02")
	case Duration:
		return errors.New("it must be a duration as in 1h30m")
	case JSON:
		return errors.New("it must be JSON of the type")
	}
	return errors.New("it is no value of the type")
}

// TextOf returns a value as a person would type it; "" for nil.
func TextOf(v any) string {
	value := reflect.ValueOf(v)
	for value.Kind() == reflect.Pointer || value.Kind() == reflect.Interface {
		if value.IsNil() {
			return ""
		}
		value = value.Elem()
	}
	if !value.IsValid() {
		return ""
	}
	switch KindOf(value.Type()) {
	case Time:
		return day(value.Interface().(time.Time))
	case Duration:
		return value.Interface().(time.Duration).String()
	case Lines:
		list := make([]string, value.Len())
		for i := range list {
			list[i] = TextOf(value.Index(i).Interface())
		}
		return strings.Join(list, "\n")
	case Bool, Integer, Number:
		return fmt.Sprint(value.Interface())
	}
	return encoded(value)
}

// day returns a moment in UTC: its day alone where it is the day's first.
func day(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	at = at.UTC()
	if at.Equal(at.Truncate(24 * time.Hour)) {
		return at.Format(time.DateOnly)
	}
	return at.Format(time.RFC3339Nano)
}

// encoded returns the JSON of a value, without the quotes of a string. It takes
// the address, as encoding/json calls the methods of pointers then.
func encoded(value reflect.Value) string {
	addressed := reflect.New(value.Type())
	addressed.Elem().Set(value)
	raw, err := json.Marshal(addressed.Interface())
	if err != nil {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

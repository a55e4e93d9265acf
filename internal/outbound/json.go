package outbound

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

var (
	errNotJSON   = errors.New("the answer is not JSON")
	errTwice     = errors.New("the answer has a member twice")
	errNotObject = errors.New("the answer is not a JSON object")
)

// ParseJSON decodes one JSON value of valid UTF-8 in which no object has a
// member twice. Numbers are json.Number.
func ParseJSON(text []byte) (any, error) {
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, errNotJSON
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return value(d)
}

// value reads the next value of a text that is known to be valid, so tokens
// come in order, and nested no deeper than encoding/json allows.
func value(d *json.Decoder) (any, error) {
	token, err := d.Token()
	delim, nested := token.(json.Delim)
	if err != nil || !nested {
		return token, err
	}
	if delim == '[' {
		return array(d)
	}
	return object(d)
}

func array(d *json.Decoder) (any, error) {
	list := []any{}
	for d.More() {
		v, err := value(d)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}

func object(d *json.Decoder) (map[string]any, error) { return members(d, value) }

// members reads the rest of an object.
func members[V any](d *json.Decoder, read func(*json.Decoder) (V, error)) (map[string]V, error) {
	all := map[string]V{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		if _, twice := all[name]; twice {
			return nil, errTwice
		}
		if all[name], err = read(d); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return all, err
}

// ParseObject is ParseJSON of an object.
func ParseObject(text []byte) (map[string]any, error) {
	v, err := ParseJSON(text)
	if err != nil {
		return nil, err
	}
	members, ok := v.(map[string]any)
	if !ok {
		return nil, errNotObject
	}
	return members, nil
}

// ParseMembers decodes one JSON object whose members appear once. The values
// are valid JSON, and not looked into.
func ParseMembers(text []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, errNotJSON
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return nil, errNotObject
	}
	return members(d, func(d *json.Decoder) (json.RawMessage, error) {
		var value json.RawMessage
		err := d.Decode(&value)
		return value, err
	})
}

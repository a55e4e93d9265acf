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

func object(d *json.Decoder) (any, error) {
	members := map[string]any{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		if _, twice := members[name]; twice {
			return nil, errTwice
		}
		if members[name], err = value(d); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return members, err
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
	members := map[string]json.RawMessage{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		if _, twice := members[name]; twice {
			return nil, errTwice
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		members[name] = value
	}
	return members, nil
}

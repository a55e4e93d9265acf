package providers

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	errNotJSON   = errors.New("the answer is not JSON")
	errTwice     = errors.New("the answer has a member twice")
	errNotObject = errors.New("the answer is not a JSON object")
)

// parse decodes one JSON value of valid UTF-8 in which no object has a member twice. Numbers are json.Number.
func parse(text []byte) (any, error) {
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, errNotJSON
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return value(d)
}

// value reads the next value of a text that is known to be valid, so tokens come in order, and nested no deeper than encoding/json allows.
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

func parseObject(text []byte) (map[string]any, error) {
	v, err := parse(text)
	if err != nil {
		return nil, err
	}
	members, ok := v.(map[string]any)
	if !ok {
		return nil, errNotObject
	}
	return members, nil
}

// at finds what a path names ("data.id", "images.0.url"), nil if there is nothing. A member whose whole name is the path comes first, since
// some names have dots: "https://slack.com/team_id".
func at(v any, path string) any {
	step, rest, more := strings.Cut(path, ".")
	switch v := v.(type) {
	case map[string]any:
		if found, ok := v[path]; ok || !more {
			return found
		}
		return at(v[step], rest)
	case []any:
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 || i >= len(v) {
			return nil
		}
		if !more {
			return v[i]
		}
		return at(v[i], rest)
	}
	return nil
}

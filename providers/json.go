package providers

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep objects and arrays of an answer may nest.
const maxDepth = 32

var (
	errNotJSON   = errors.New("the answer is not JSON")
	errTwice     = errors.New("the answer has a member twice")
	errTooDeep   = errors.New("the answer is nested too deep")
	errNotObject = errors.New("the answer is not a JSON object")
)

// parse decodes one JSON value of valid UTF-8 in which no object has a member twice. Numbers are json.Number.
func parse(text []byte) (any, error) {
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, errNotJSON
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return value(d, 0)
}

// value reads the next value of a text that is known to be valid, so tokens come in order and without errors.
func value(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	delim, nested := token.(json.Delim)
	if err != nil || !nested {
		return token, err
	}
	if depth == maxDepth {
		return nil, errTooDeep
	}
	if delim == '[' {
		return array(d, depth)
	}
	return object(d, depth)
}

func array(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		v, err := value(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}

func object(d *json.Decoder, depth int) (any, error) {
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
		if members[name], err = value(d, depth+1); err != nil {
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

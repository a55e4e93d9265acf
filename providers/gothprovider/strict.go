package gothprovider

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

var (
	errNotJSON = errors.New("the answer is not JSON")
	errTwice   = errors.New("the answer has a member twice")
)

// strict wants one JSON value of valid UTF-8 in which no object has a member twice: what goth decodes may differ from what others read.
func strict(text []byte) error {
	if !utf8.Valid(text) || !json.Valid(text) {
		return errNotJSON
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return unique(d)
}

// unique reads the next value of a text that is known to be valid, so it is nested no deeper than encoding/json allows.
func unique(d *json.Decoder) error {
	token, err := d.Token()
	delim, nested := token.(json.Delim)
	if err != nil || !nested {
		return err
	}
	seen := map[json.Token]bool{}
	for d.More() {
		if delim == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			if seen[name] {
				return errTwice
			}
			seen[name] = true
		}
		if err := unique(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

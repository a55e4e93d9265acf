package openapi

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// described adds what a field's openapi tag says to the schema of its values,
// beside null and, of a list, to that of its items:
//
//	Site  string `json:"site" openapi:"format=uri"`
//	Plan  string `json:"plan" openapi:"enum=free|team,example=free"`
//	Roles []Role `json:"roles" openapi:"notnull,description=All, sorted."`
//
// The description is the last, since it may have commas.
func described(s *jsonschema.Schema, tag string) (*jsonschema.Schema, error) {
	if tag == "" {
		return s, nil
	}
	whole, value := s, notNull(s)
	inner := value
	if value.Items != nil {
		inner = value.Items
	}
	for rest := tag; rest != ""; {
		var setting string
		setting, rest, _ = strings.Cut(rest, ",")
		name, text, _ := strings.Cut(setting, "=")
		var err error
		switch name {
		case "notnull":
			whole = value
		case "format":
			inner.Format = text
		case "pattern":
			inner.Pattern = text
		case "enum":
			inner.Enum, err = values(inner, strings.Split(text, "|"))
		case "example":
			whole.Examples, err = values(inner, []string{text})
		case "minimum":
			inner.Minimum, err = number(text)
		case "maximum":
			inner.Maximum, err = number(text)
		case "description":
			whole.Description, rest = strings.TrimPrefix(tag[strings.Index(tag, "description="):], "description="), ""
		default:
			err = fmt.Errorf("there is no setting %q", name)
		}
		if err != nil {
			return nil, fmt.Errorf("the openapi tag %q: %w", tag, err)
		}
	}
	return whole, nil
}

func number(text string) (*float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	return &n, err
}

// values reads texts as values of a schema's type.
func values(s *jsonschema.Schema, texts []string) (all []any, err error) {
	for _, text := range texts {
		var v any = text
		if s.Type != "string" {
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				return nil, fmt.Errorf("%q is no %s", text, s.Type)
			}
		}
		all = append(all, v)
	}
	return all, nil
}

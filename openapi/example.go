package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
)

// ofExample returns the schema of a value of which nothing but an example is
// known. One with the members of an access token response (RFC 6749, section
// 5.1) has FastAPI Users' name; members that are not in all examples of it are
// optional.
func (s *schemas) ofExample(sample json.RawMessage) (*jsonschema.Schema, error) {
	var v any
	if err := json.Unmarshal(sample, &v); err != nil {
		return nil, fmt.Errorf("the example is no JSON: %w", err)
	}
	schema := ofValue(v)
	if schema.Properties["access_token"] == nil || schema.Properties["token_type"] == nil {
		return schema, nil
	}
	known := s.known["BearerResponse"]
	if known == nil {
		known = s.claim("BearerResponse", "BearerResponse", "")
		known.schema = schema
	}
	before := known.schema
	maps.Copy(before.Properties, schema.Properties)
	before.Required = slices.DeleteFunc(before.Required, func(name string) bool { return schema.Properties[name] == nil })
	return known.ref(), nil
}

func ofValue(v any) *jsonschema.Schema {
	switch v := v.(type) {
	case nil:
		return &jsonschema.Schema{Type: "null"}
	case bool:
		return &jsonschema.Schema{Type: "boolean"}
	case float64:
		if v == math.Trunc(v) {
			return &jsonschema.Schema{Type: "integer"}
		}
		return &jsonschema.Schema{Type: "number"}
	case string:
		return &jsonschema.Schema{Type: "string"}
	case []any:
		if len(v) == 0 {
			return listOf(anything())
		}
		return listOf(ofValue(v[0]))
	case map[string]any:
		var members []member
		for _, name := range slices.Sorted(maps.Keys(v)) {
			members = append(members, member{name, ofValue(v[name]), true})
		}
		return object(members...)
	}
	return anything()
}

package core

import (
	"encoding/json"
	"strings"
)

// Object is a strictly decoded JSON object: the members' raw values by their
// exact names. A form is given as an Object of strings.
type Object map[string]json.RawMessage

// String returns a member that must be a string. ok is false if it is absent or
// null; the problem (string_type) if it is something else.
func (o Object) String(name string) (s string, ok bool, problem *Problem) {
	raw, there := o[name]
	if !there || string(raw) == "null" {
		return "", false, nil
	}
	if json.Unmarshal(raw, &s) != nil {
		return "", false, notText(name)
	}
	return s, true, nil
}

// Bool returns a member that must be a boolean, as String does. Like pydantic
// it also takes the numbers 0 and 1, as numbers or strings, and the words true,
// false, t, f, yes, no, y, n, on and off in any letter case. The problem is
// bool_parsing for another number or string, else bool_type.
func (o Object) Bool(name string) (b, ok bool, problem *Problem) {
	raw, there := o[name]
	if !there || string(raw) == "null" {
		return false, false, nil
	}
	var value any
	_ = json.Unmarshal(raw, &value) // what it cannot hold, such as 1e999, stays nil
	switch v := value.(type) {
	case bool:
		return v, true, nil
	case string:
		b, ok = words[strings.ToLower(v)]
	case float64:
		b, ok = v == 1, v == 0 || v == 1
	case []any, map[string]any:
		return false, false, &Problem{Loc: []any{"body", name}, Msg: "Input should be a valid boolean", Type: "bool_type"}
	}
	if !ok {
		problem = &Problem{
			Loc: []any{"body", name}, Msg: "Input should be a valid boolean, unable to interpret input", Type: "bool_parsing",
		}
	}
	return b, ok, problem
}

// Brief reads the member "remember" of a login, and reports whether it is
// false: then the login ends with the browser. Whatever text is no word for
// false, such as the value of a ticked box, is as true. The problem is nil, or
// bool_parsing or bool_type as of Bool.
func (o Object) Brief() (brief bool, problem *Problem) {
	if text, ok, _ := o.String(rememberField); ok {
		remember, known := words[strings.ToLower(text)]
		return known && !remember, nil
	}
	remember, given, problem := o.Bool(rememberField)
	return given && !remember, problem
}

const rememberField = "remember"

// words are the strings that pydantic takes for booleans.
var words = map[string]bool{
	"true": true, "t": true, "yes": true, "y": true, "on": true, "1": true,
	"false": false, "f": false, "no": false, "n": false, "off": false, "0": false,
}

// Required is String for a member that must be there: missing if it is absent,
// string_type if it is null.
func (o Object) Required(name string) (string, *Problem) {
	s, ok, problem := o.String(name)
	if ok || problem != nil {
		return s, problem
	}
	if _, there := o[name]; there {
		return "", notText(name)
	}
	missing := Missing(name)
	return "", &missing
}

func notText(name string) *Problem {
	return &Problem{Loc: []any{"body", name}, Msg: "Input should be a valid string", Type: "string_type"}
}

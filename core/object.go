package core

import "encoding/json"

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

// Bool returns a member that must be a boolean, as String does.
func (o Object) Bool(name string) (b, ok bool, problem *Problem) {
	raw, there := o[name]
	if !there || string(raw) == "null" {
		return false, false, nil
	}
	if json.Unmarshal(raw, &b) != nil {
		return false, false, &Problem{Loc: []any{"body", name}, Msg: "Input should be a valid boolean", Type: "bool_type"}
	}
	return b, true, nil
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

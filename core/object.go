package core

import "encoding/json"

// MaxBody is how many bytes of a body the decoders read: 64 KiB. A longer one is 413 BODY_TOO_LARGE.
const MaxBody = 64 << 10

// Object is a strictly decoded JSON object: the members' raw values by their exact names. A form is given as an Object of strings.
type Object map[string]json.RawMessage

// Text gives a member that must be a string. ok is false if it is absent or null; the problem (string_type) if it is something else.
func (o Object) Text(name string) (s string, ok bool, problem *Problem) {
	raw, there := o[name]
	if !there || string(raw) == "null" {
		return "", false, nil
	}
	if json.Unmarshal(raw, &s) != nil {
		return "", false, &Problem{Loc: []any{"body", name}, Msg: "Input should be a valid string", Type: "string_type"}
	}
	return s, true, nil
}

// Flag gives a member that must be a boolean, as Text does.
func (o Object) Flag(name string) (b, ok bool, problem *Problem) {
	raw, there := o[name]
	if !there || string(raw) == "null" {
		return false, false, nil
	}
	if json.Unmarshal(raw, &b) != nil {
		return false, false, &Problem{Loc: []any{"body", name}, Msg: "Input should be a valid boolean", Type: "bool_type"}
	}
	return b, true, nil
}

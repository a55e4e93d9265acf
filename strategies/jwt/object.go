package jwt

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	strict "github.com/go-jose/go-jose/v4/json"
)

// object is a JSON object's members by their exact names.
type object map[string]json.RawMessage

// parseObject decodes one JSON object: valid UTF-8, no member twice, nothing behind it. go-jose's decoder refuses a second member of
// a name, of which encoding/json would take the last.
func parseObject(data []byte) (object, bool) {
	var members object
	if !utf8.Valid(data) || strict.Unmarshal(data, &members) != nil || members == nil {
		return nil, false
	}
	for name := range members {
		if replaced(name) {
			return nil, false
		}
	}
	return members, true
}

// text gives a member that is a string, else "".
func (o object) text(name string) string {
	raw := o[name]
	var s string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil || replaced(s) {
		return ""
	}
	return s
}

// replaced finds U+FFFD, which decoders put in place of half a surrogate pair: two different texts would become one.
func replaced(s string) bool { return strings.ContainsRune(s, utf8.RuneError) }

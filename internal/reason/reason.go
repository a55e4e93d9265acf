// Package reason checks the words in which an administrator says why.
//
//	text, problem := reason.Check(text)
//
// Security notes: it is shown to users, in lists and in logs, so it has one
// line.
package reason

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
)

// longest is how many characters a reason has at most.
const longest = 200

// Check returns a reason without blanks around it, or what is wrong with it: it
// has 1 to 200 characters and no control character.
func Check(text string) (string, *core.Problem) {
	text = strings.TrimSpace(text)
	n := utf8.RuneCountInString(text)
	if n < 1 || n > longest || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		bad := core.BadValue("reason", "it must have 1 to 200 characters in a line")
		return "", &bad
	}
	return text, nil
}

// Package useragent makes the User-Agent of a request fit to be stored and
// shown.
package useragent

import (
	"strings"
	"unicode/utf8"
)

const maxLabel = 200 // bytes

// Label returns the agent in at most 200 bytes of valid UTF-8, without control
// characters.
func Label(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, strings.ToValidUTF8(agent, ""))
	for len(agent) > maxLabel {
		_, size := utf8.DecodeLastRuneInString(agent)
		agent = agent[:len(agent)-size]
	}
	return agent
}

package openapi

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/latchkey-go/latchkey/core"
)

// fastAPIUsersNames are the names of FastAPI Users' routes, with a star for a
// backend's or a provider's.
var fastAPIUsersNames = []string{
	"auth:*.login", "auth:*.logout", "register:register", "reset:forgot_password", "reset:reset_password",
	"verify:request-token", "verify:verify", "users:current_user", "users:patch_current_user", "users:user",
	"users:patch_user", "users:delete_user", "oauth:*.*.authorize", "oauth:*.*.callback",
	"oauth-associate:*.authorize", "oauth-associate:*.callback",
}

// noWord is what FastAPI replaces in IDs.
var noWord = regexp.MustCompile(`\W`)

// operationID is the default of Options.OperationID.
func operationID(e core.Endpoint) string {
	if id, theirs := fastAPIID(e); theirs {
		return id
	}
	return ReadableID(e)
}

// fastAPIID returns the ID that FastAPI makes of a route's name, path and
// method, and reports whether FastAPI Users has the route.
func fastAPIID(e core.Endpoint) (id string, theirs bool) {
	name := starred(e.Name)
	id = noWord.ReplaceAllString(e.Name+e.Prefix+e.Pattern, "_") + "_" + strings.ToLower(e.Method)
	return id, slices.Contains(fastAPIUsersNames, name)
}

// starred replaces what stands between the colon and the last dot.
func starred(name string) string {
	group, rest, _ := strings.Cut(name, ":")
	words := strings.Split(rest, ".")
	for i := range words[:len(words)-1] {
		words[i] = "*"
	}
	return group + ":" + strings.Join(words, ".")
}

// ReadableID returns a route's name in camel case, without a second time the
// word before its colon: "usersCurrentUser" for users:current_user, "register"
// for register:register. It is for Options.OperationID, where no client was
// generated from a FastAPI document before.
func ReadableID(e core.Endpoint) string {
	group, rest, _ := strings.Cut(e.Name, ":")
	words := wordsOf(group)
	again := words[len(words)-1]
	for _, w := range wordsOf(rest) {
		if w != again {
			words = append(words, w)
		}
	}
	for i := range words[1:] {
		words[i+1] = upperFirst(words[i+1])
	}
	return strings.Join(words, "")
}

// wordsOf returns at least one word, which may be empty.
func wordsOf(s string) []string {
	words := strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return []string{""}
	}
	return words
}

func upperFirst(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

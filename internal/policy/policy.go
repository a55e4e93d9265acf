// Package policy holds the default password policy: length, nothing common,
// sequential or repetitive, nothing made of the user's own e-mail address or
// user name.
// There are no rules about kinds of characters, as NIST SP 800-63B-4 section
// 3.1.1.2 and OWASP's Authentication Cheat Sheet ask.
//
//	err := policy.Default(ctx, "on computable numbers", user) // nil
//	// PASSWORD_TOO_COMMON
//	err = policy.Default(ctx, "password1", user)
//
// Security notes. The least length is 8 characters, as revision 3 of NIST's
// document has it. Revision 4 asks for 15 where a password is all that guards
// an account: an application that must follow it puts a policy of its own in
// front. Passwords that leaked in breaches are known only as far as the
// embedded list goes.
package policy

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
)

// Lengths are in characters (Unicode code points), whatever their bytes.
const (
	minLength = 8
	maxLength = 256 // at most 1024 bytes
)

// spare is how many characters may be left of a password without the user's
// e-mail address in it, and it still counts as that address.
const spare = 4

// Default is a core.PasswordPolicy. u carries the e-mail address and the user
// name, and may be nil. A refusal is an *core.Error with one of the reason
// codes PASSWORD_INVALID (NUL, invalid UTF-8), PASSWORD_TOO_SHORT (Args: min),
// PASSWORD_TOO_LONG (Args: max), PASSWORD_IS_EMAIL, PASSWORD_IS_USERNAME and
// PASSWORD_TOO_COMMON. It does no I/O.
func Default(_ context.Context, password string, u core.AnyUser) error {
	if !utf8.ValidString(password) || strings.ContainsRune(password, 0) {
		return refuse("PASSWORD_INVALID", "Password contains a character that is not allowed", nil)
	}
	switch length := utf8.RuneCountInString(password); {
	case length < minLength:
		return refuse("PASSWORD_TOO_SHORT", "Password should be at least 8 characters", map[string]any{"min": minLength})
	case length > maxLength:
		return refuse("PASSWORD_TOO_LONG", "Password should be at most 256 characters", map[string]any{"max": maxLength})
	}
	lower := strings.ToLower(password)
	if u != nil && madeOf(lower, strings.ToLower(u.Base().Email)) {
		return refuse("PASSWORD_IS_EMAIL", "Password should not be made of your e-mail address", nil)
	}
	if n := core.NamedOf(u); n != nil && madeOf(lower, strings.ToLower(n.Username)) {
		return refuse("PASSWORD_IS_USERNAME", "Password should not be made of your user name", nil)
	}
	if isCommon(lower) {
		return refuse("PASSWORD_TOO_COMMON", "Password is too common", nil)
	}
	return nil
}

// madeOf reports whether little is left of the password without the address and
// its local part: "ada.lovelace1!" is made of ada.lovelace@example.com.
func madeOf(password, address string) bool {
	local, _, _ := strings.Cut(address, "@")
	rest := strings.ReplaceAll(strings.ReplaceAll(password, address, ""), local, "")
	return utf8.RuneCountInString(rest) <= spare
}

// refuse leaves Code and Status to the flow.
func refuse(code, reason string, args map[string]any) error {
	return &core.Error{ReasonCode: code, Reason: reason, Args: args}
}

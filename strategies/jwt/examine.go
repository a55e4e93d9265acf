package jwt

import (
	"context"

	"github.com/latchkey-go/latchkey/core"
)

var _ core.Examiner = (*Strategy)(nil)

// Examine implements core.Examiner.
func (s *Strategy) Examine(context.Context, *core.Services) (found []core.Finding) {
	if l := s.options.Legacy; l != nil && l.Key.unchecked {
		found = append(found, core.Finding{
			Code: "JWT_LEGACY_SECRET", Severity: core.SeverityWarning,
			Text: "Tokens that an old secret signed are accepted, and it may be a weak one: who guesses it can log in as anybody whose password has not changed since.",
			Fix:  "Leave jwt.Options.Legacy out once the last of those tokens has expired.",
		})
	}
	if s.options.Denied == nil {
		found = append(found, core.Finding{
			Code: "JWT_LOGOUT", Severity: core.SeverityNote,
			Text: "A logout does not end a JWT: it is valid until it expires, or the user's password changes.",
			Fix:  "Set jwt.Options.Denied, which costs a look-up for each request.",
		})
	}
	return found
}

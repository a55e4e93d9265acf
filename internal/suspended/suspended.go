// Package suspended answers a user who has proved who they are and may not use
// their account.
//
//	if err := suspended.Refusal(u.Base(), now); err != nil {
//		return err
//	}
//
// Security notes: only who has given a right first proof may be answered so
// (OWASP "Authentication" cheat sheet, "Authentication Responses"). Everybody
// else gets the answer of a wrong password.
package suspended

import (
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Refusal returns nil for a user who may log in, LOGIN_BAD_CREDENTIALS for an
// inactive one, and for one who is suspended LOGIN_USER_SUSPENDED with the
// reason.
func Refusal(u *core.User, now time.Time) error {
	switch {
	case !u.Blocked(now):
		return nil
	case !u.IsActive:
		return core.Refuse(core.CodeLoginBadCredentials)
	}
	refusal, said := core.Refuse(core.CodeLoginUserSuspended), map[string]any{"reason": u.SuspendedFor}
	refusal.Members, refusal.Args = said, said
	return refusal
}

// Package takeover makes an account over to the person who proves its address,
// where nobody has proved it before. Anybody may have registered it in advance,
// with a password, accounts at providers and sessions of their own
// ("pre-hijacking", Sudhodanan and Paverd, USENIX Security 2022).
//
//	verify := func(u core.AnyUser, removed int) error {
//		u.Base().IsVerified = true
//		u.Base().TokenEpoch++
//		return nil
//	}
//	u, removed, err := takeover.Update(ctx, svc, id, verify)
package takeover

import (
	"context"

	"github.com/latchkey-go/latchkey/core"
)

// rounds bound how often, without transactions, what a login of before adds
// meanwhile is removed again. Each round ends the logins that could add more.
const rounds = 5

// Update removes what opens the user's account besides the password, then
// changes the user. change receives how much was removed; it must raise the
// epoch if that is not 0, and is pure as for Users.Update. Call it in the
// transaction that locked the user's row.
func Update(
	ctx context.Context, svc *core.Services, id string, change func(u core.AnyUser, removed int) error,
) (u core.AnyUser, removed int, err error) {
	return UpdateBy(ctx, svc, id, svc.Security.Purge, change)
}

// UpdateBy is Update where purge removes less than everything.
func UpdateBy(
	ctx context.Context, svc *core.Services, id string, purge func(context.Context, string) (int, error),
	change func(u core.AnyUser, removed int) error,
) (u core.AnyUser, removed int, err error) {
	// What was left is removed before the epoch rises: a login by it that
	// is under way ends with the epoch, and a new one finds nothing.
	removed, err = purge(ctx, id)
	if err != nil {
		return nil, removed, err
	}
	u, err = svc.Users.Update(ctx, id, func(u core.AnyUser) error { return change(u, removed) })
	for range rounds {
		if err != nil || svc.Users.Atomic() {
			break
		}
		var late int
		if late, err = purge(ctx, id); err != nil || late == 0 {
			break
		}
		removed += late
		u, err = svc.Users.Update(ctx, id, func(u core.AnyUser) error {
			u.Base().TokenEpoch++
			return nil
		})
	}
	return u, removed, err
}

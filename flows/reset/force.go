package reset

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// Force makes a user's password unusable, ends all that they are logged in
// with, and mails them a link by which they set another one: for an
// administrator who has reason to think that somebody else has it. Nobody who
// is blocked, or has no address, gets a mail. What else opens the account
// stays. The event is EventResetForced. core.ErrNotFound if the user is gone. r
// is nil outside HTTP.
func (f Flow) Force(ctx context.Context, svc *core.Services, u core.AnyUser, r *core.Request) error {
	e := &core.Event{Kind: core.EventResetForced, User: u, Request: r}
	err := svc.Events.Commit(ctx, e, func(ctx context.Context) error {
		changed, err := svc.Users.Update(ctx, u.Base().ID, func(u core.AnyUser) error {
			b := u.Base()
			was := *b
			e.Was = &was
			b.HashedPassword = ""
			b.TokenEpoch++
			return nil
		})
		if err == nil {
			e.User = changed
		}
		return err
	})
	if errors.Is(err, core.ErrNotFound) {
		return err
	}
	if err != nil {
		return core.OrUnavailable(err)
	}
	f.kind().Send(ctx, svc, e.User, wanted(svc))
	return nil
}

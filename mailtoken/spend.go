package mailtoken

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/takeover"
)

// Effect is what a ticket does to its user.
type Effect struct {
	// Holds reports whether what the ticket froze still holds.
	Holds func(*core.User) bool
	// TakesOver reports whether the user's address is proved for the first
	// time, so that everything else that opens the account goes; they
	// are whatever a Purger removes.
	TakesOver func(*core.User) bool
	// Change is pure. removed is how much a take-over has removed.
	Change func(u *core.User, removed int)
}

// Spend commits an event of the ticket's user: it consumes the ticket and
// changes the user, together where the stores share a transaction, and sets the
// event's User and Was. It returns how much a take-over removed, and
// core.ErrUsed where another request consumed the ticket or changed what it
// froze. Where something was removed it raises EventFactorRemoved after the
// event. Refusal makes an answer of its other errors.
func Spend(
	ctx context.Context, svc *core.Services, t core.Ticket, event *core.Event, e Effect,
) (removed int, err error) {
	change := func(u core.AnyUser, removed int) error {
		if !e.Holds(u.Base()) {
			return core.ErrUsed
		}
		e.Change(u.Base(), removed)
		return nil
	}
	err = svc.Events.Commit(ctx, event, func(ctx context.Context) error {
		removed = 0
		// The user first, as a deletion does: it locks the user's
		// tickets after it.
		locked, err := svc.Users.Lock(ctx, t.UserID)
		if err != nil {
			return err
		}
		if !e.Holds(locked.Base()) {
			return core.ErrUsed
		}
		was := *locked.Base()
		if _, err := svc.Tickets.Consume(ctx, t.Purpose, t.Digest); err != nil {
			return err
		}
		var u core.AnyUser
		if e.TakesOver(&was) {
			u, removed, err = takeover.Update(ctx, svc, t.UserID, change)
		} else {
			u, err = svc.Users.Update(ctx, t.UserID, func(u core.AnyUser) error { return change(u, 0) })
		}
		if err == nil {
			event.User, event.Was = u, &was
		}
		return err
	})
	if errors.Is(err, core.ErrNotFound) {
		err = core.ErrUsed
	}
	if err == nil && removed > 0 {
		svc.Events.Raise(ctx, core.Event{Kind: core.EventFactorRemoved, User: event.User, Request: event.Request})
	}
	return removed, err
}

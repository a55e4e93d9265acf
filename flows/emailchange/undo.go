package emailchange

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/loginlimit"
	"github.com/latchkey-go/latchkey/internal/takeover"
)

// Undo undoes the change that a token was made for. The account has its address
// of before, verified, and no password; its sessions, and what has been added
// to it since the change, are gone; one that was being deleted is kept. It may
// be inactive: nobody is logged in.
// Refusals: EMAIL_CHANGE_BAD_TOKEN; UPDATE_USER_EMAIL_ALREADY_EXISTS where
// another user has verified the address meanwhile, with which the token stays
// usable. One who has not verified it loses it. r is nil outside HTTP.
func (f Flow) Undo(ctx context.Context, svc *core.Services, token string, r *core.Request) (core.AnyUser, error) {
	t, u, used, err := f.undoes().Find(ctx, svc, token)
	if err != nil {
		return nil, err
	}
	back := &undoing{svc: svc, t: t, request: r, event: &core.Event{Kind: core.EventEmailUndone, User: u, Request: r}}
	if u == nil || used || json.Unmarshal(t.Data, &back.undo) != nil {
		return nil, bad()
	}
	err = errAgain
	for range rounds {
		if !errors.Is(err, errAgain) {
			break
		}
		err = back.once(ctx)
	}
	switch {
	case errors.Is(err, core.ErrUsed), errors.Is(err, core.ErrNotFound):
		return nil, bad()
	case err != nil:
		return nil, core.OrUnavailable(err)
	}
	back.tell(ctx)
	return back.event.User, nil
}

// undoing is the undoing of one change.
type undoing struct {
	svc     *core.Services
	t       core.Ticket
	request *core.Request
	undo
	event *core.Event
	// consumed: this request has used the ticket up, and there was no
	// transaction to undo that.
	consumed bool
	removed  int
}

// once is an attempt; errAgain where the account changed under it.
func (b *undoing) once(ctx context.Context) error {
	u, err := b.svc.Users.Find(ctx, core.ByID(b.t.UserID))
	if err != nil {
		return err
	}
	// Whoever undoes an earlier change raises the epoch: with the epoch of
	// now under the lock below, there was none since.
	epoch := u.Base().TokenEpoch
	over, err := b.overtaken(ctx)
	if err != nil {
		return err
	}
	if over {
		return core.ErrUsed
	}
	if err := b.vacate(ctx); err != nil {
		return err
	}
	b.event.User, b.event.Was = u, nil
	return b.svc.Events.Commit(ctx, b.event, func(ctx context.Context) error { return b.write(ctx, epoch) })
}

// write is the transaction.
func (b *undoing) write(ctx context.Context, epoch int64) error {
	locked, err := b.svc.Users.Lock(ctx, b.t.UserID)
	if err != nil {
		return err
	}
	if locked.Base().TokenEpoch != epoch {
		return errAgain
	}
	was := *locked.Base()
	if err := b.record(ctx); err != nil {
		return err
	}
	if !b.consumed {
		if _, err := b.svc.Tickets.Consume(ctx, b.t.Purpose, b.t.Digest); err != nil {
			return err
		}
		b.consumed = !b.svc.Users.Atomic()
	}
	purge := func(ctx context.Context, id string) (int, error) { return b.svc.Security.PurgeSince(ctx, id, b.Mark) }
	u, removed, err := takeover.UpdateBy(ctx, b.svc, b.t.UserID, purge, func(u core.AnyUser, _ int) error {
		now := u.Base()
		if now.TokenEpoch != epoch {
			return errAgain
		}
		now.Email, now.EmailKey, now.IsVerified = b.Address, b.t.Email, true
		now.HashedPassword = ""
		now.TokenEpoch++
		if now.Leaving() { // whoever has changed the address has deleted the account too
			now.SuspendedUntil, now.SuspendedFor = time.Time{}, ""
		}
		return nil
	})
	if errors.Is(err, core.ErrTaken) { // registered since vacate looked
		return errAgain
	}
	if err == nil {
		b.event.User, b.event.Was, b.removed = u, &was, removed
		b.event.Fields = fields(&was, u.Base())
	}
	return err
}

// tell raises what the undoing has led to. The change of the user runs no hook
// that could refuse it.
func (b *undoing) tell(ctx context.Context) {
	if err := loginlimit.Reset(ctx, b.svc.Limiter, b.event.User); err != nil {
		b.svc.Env.Log.ErrorContext(ctx, "latchkey: the login limit could not be lifted after an undoing", "err", err)
	}
	raise := func(kind core.EventKind) {
		b.svc.Events.Raise(ctx, core.Event{
			Kind: kind, User: b.event.User, Was: b.event.Was, Fields: b.event.Fields, Request: b.request,
		})
	}
	raise(core.EventUpdated)
	if b.removed > 0 {
		raise(core.EventFactorRemoved)
	}
}

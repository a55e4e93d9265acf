package emailchange

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// vacate takes the address of before from an account that has it now and has
// not verified it: anybody may have registered it, so that the change could not
// be undone. The account keeps everything else. It gets an address of the
// domain .invalid (RFC 2606, section 2), since user tables may require one.
func (b *undoing) vacate(ctx context.Context) error {
	other, err := b.svc.Users.Find(ctx, core.ByEmail(b.t.Email))
	if errors.Is(err, core.ErrNotFound) || err == nil && other.Base().ID == b.t.UserID {
		return nil
	}
	if err != nil {
		return err
	}
	if other.Base().IsVerified {
		err := core.Refuse(core.CodeUpdateEmailExists)
		if b.consumed {
			return err
		}
		return unlessUsed(ctx, b.svc, b.t, err)
	}
	_, digest, err := core.NewSecret(b.svc.Env.Random)
	if err != nil {
		return err
	}
	address := "address-withdrawn-" + hex.EncodeToString(digest[:12]) + "@account.invalid"
	key, err := b.svc.CanonicalEmail(address)
	if err != nil { // by an application's own rule for addresses
		key = address
	}
	id, was := other.Base().ID, *other.Base()
	other.Base().Email, other.Base().EmailKey = address, key
	e := &core.Event{Kind: core.EventUpdated, User: other, Was: &was, Fields: []string{"email"}, Request: b.request}
	err = b.svc.Events.Commit(ctx, e, func(ctx context.Context) error {
		// Only while the token could undo the change.
		_, err := b.svc.Tickets.Find(ctx, b.t.Purpose, b.t.Digest)
		switch {
		case err == nil, b.consumed && errors.Is(err, core.ErrUsed):
		case errors.Is(err, core.ErrNotFound): // expired
			return core.ErrUsed
		default:
			return err
		}
		u, err := b.svc.Users.Update(ctx, id, func(u core.AnyUser) error {
			now := u.Base()
			if now.EmailKey != b.t.Email || now.IsVerified {
				return errAgain
			}
			now.Email, now.EmailKey = address, key
			return nil
		})
		if err == nil {
			e.User = u
		}
		return err
	})
	if errors.Is(err, core.ErrNotFound) {
		return errAgain
	}
	return err
}

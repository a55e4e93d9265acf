package emailchange

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// What Decide leaves for On, under keys of their own types.
type (
	// wanted is the address that is to be confirmed first.
	wanted struct{}
	// before is a core.Mark of what opened the account before the change.
	before struct{}
)

// ownChange is the route by which users change their own account.
const ownChange = "users:patch_current_user"

// Decide implements core.Decider. It takes an address that is to be confirmed
// first out of the change; of any other it marks what opens the account now.
func (f Flow) Decide(ctx context.Context, svc *core.Services, e *core.Event) error {
	if e.Kind != core.EventUpdated || e.Was == nil {
		return nil
	}
	b := e.User.Base()
	if !moves(svc, e.Was, b.Email) {
		return nil
	}
	if f.Confirm && e.Route == ownChange {
		e.Note(wanted{}, b.Email)
		b.Email, b.EmailKey, b.IsVerified = e.Was.Email, e.Was.EmailKey, e.Was.IsVerified
		return nil
	}
	if f.UndoFor < 0 {
		return nil
	}
	mark, err := svc.Security.Mark(ctx, e.Was.ID, e.At)
	if err == nil {
		e.Note(before{}, mark)
	}
	return err
}

// moves reports whether an address is another one than the user's. The account
// refuses what is none.
func moves(svc *core.Services, was *core.User, address string) bool {
	key, err := svc.CanonicalEmail(address)
	return err == nil && key != was.EmailKey
}

// On implements core.Listener: it mails what a change has led to.
func (f Flow) On(ctx context.Context, svc *core.Services, e core.Event) {
	if e.Kind != core.EventUpdated || e.Was == nil {
		return
	}
	if address, asked := e.Notes[wanted{}].(string); asked {
		f.ask(ctx, svc, e, strings.TrimSpace(address))
	}
	mark, marked := e.Notes[before{}].(core.Mark)
	if marked && e.Was.IsVerified && e.Was.EmailKey != e.User.Base().EmailKey {
		f.offerUndo(ctx, svc, e, mark)
	}
}

// undo is the Data of a ticket that undoes a change.
type undo struct {
	Address string `json:"address"` // as it was shown
	Mark    core.Mark
}

// dataMax is what core.Ticket allows.
const dataMax = 8 << 10

// offerUndo mails the address before. The ticket is of that address, whatever
// the user has later.
func (f Flow) offerUndo(ctx context.Context, svc *core.Services, e core.Event, mark core.Mark) {
	kind := f.undoes()
	data, err := json.Marshal(undo{e.Was.Email, mark})
	if err == nil && len(data) > dataMax { // then nothing is older than the change
		data, err = json.Marshal(undo{e.Was.Email, core.Mark{At: mark.At}})
	}
	if err != nil {
		svc.Env.Log.ErrorContext(ctx, "latchkey: a change of address cannot be undone", "err", err)
		return
	}
	errand := &errand{
		svc: svc, userID: e.Was.ID, link: kind.Link, ticket: core.Ticket{
			Purpose: core.MailEmailUndo, UserID: e.Was.ID, Email: e.Was.EmailKey, Epoch: e.Was.TokenEpoch, Data: data,
			Expires: svc.Env.Now().Add(kind.Lifetime),
		},
		mail: core.Mail{
			Kind: core.MailEmailUndo, To: e.Was.Email, Other: shortened(e.User.Base().Email), Client: e.Client,
			Lifetime: kind.Lifetime, Lang: core.Language(ctx),
		},
	}
	svc.Jobs.EnqueueMail("email-undo mail", errand.run)
}

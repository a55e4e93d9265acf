package emailchange

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/asklimit"
)

// letter is the Data of a ticket that confirms.
type letter struct {
	Address string `json:"address"` // that the user wants
}

// ask mails an address that the user of e wants, so that it is confirmed. Its
// ticket is stored at once, whoever has the address: it ends those of earlier
// requests. Who has the address is looked up in the background.
func (f Flow) ask(ctx context.Context, svc *core.Services, e core.Event, address string) {
	key, err := svc.CanonicalEmail(address)
	if err != nil || key == e.User.Base().EmailKey {
		return
	}
	kind, b := f.confirms(), e.User.Base()
	data, err := json.Marshal(letter{address})
	if err != nil { // of a text
		return
	}
	lang := core.Language(ctx)
	wait, err := f.mails(svc, key, e.Client.IP).Allow(ctx)
	if allowed(ctx, svc, wait, err) {
		job := &asking{key: key, errand: errand{
			svc: svc, userID: b.ID, link: kind.Link, replaces: true, ticket: core.Ticket{
				Purpose: core.MailEmailChange, UserID: b.ID, Email: b.EmailKey, Epoch: b.TokenEpoch, Data: data,
				Expires: svc.Env.Now().Add(kind.Lifetime),
			},
			mail: core.Mail{
				Kind: core.MailEmailChange, To: address, Other: shortened(b.Email), Client: e.Client, Lifetime: kind.Lifetime,
				Lang: lang,
			},
		}}
		if b.Email == "" {
			job.mail.Other = ""
		}
		if err := job.store(ctx); err != nil { // the job tries again
			svc.Env.Log.WarnContext(ctx, "latchkey: the token of a new address was not stored, and will be", "err", err)
		}
		svc.Jobs.EnqueueMail("email-change mail", job.run)
	}
	if b.IsVerified {
		f.warn(ctx, svc, e, address)
	}
	svc.Events.Raise(ctx, core.Event{Kind: core.EventEmailRequested, User: e.User, Request: e.Request})
}

// mails returns the count of the mails to an address that somebody asks for.
func (f Flow) mails(svc *core.Services, emailKey string, asker netip.Addr) asklimit.Count {
	kind := f.confirms()
	return asklimit.Count{
		Limiter: svc.Limiter, What: "email-change-mails", Subject: asklimit.Mailbox(emailKey), Asker: asker,
		Each: kind.MailLimit, All: kind.AddressLimit,
	}
}

// warn mails the user of e at the address that they have. Only a login of
// theirs can use up the count of these mails.
func (f Flow) warn(ctx context.Context, svc *core.Services, e core.Event, address string) {
	b := e.User.Base()
	wait, err := svc.Limiter.Allow(ctx, core.LimitKey("email-change-notices", b.ID), f.confirms().MailLimit)
	if !allowed(ctx, svc, wait, err) {
		return
	}
	told := &errand{svc: svc, userID: b.ID, mail: core.Mail{
		Kind: core.MailEmailAsked, To: b.Email, Other: shortened(address), Client: e.Client, Lang: core.Language(ctx),
	}}
	svc.Jobs.EnqueueMail("email-change notice", told.tell)
}

// allowed reports what a count of mails has answered.
func allowed(ctx context.Context, svc *core.Services, wait time.Duration, err error) bool {
	if err != nil {
		svc.Env.Log.ErrorContext(ctx, "latchkey: a mail was not sent, the limiter cannot be reached", "mail",
			core.MailEmailChange, "err", err)
		return false
	}
	if wait > 0 { // for debugging only, as anybody may cause it
		svc.Env.Log.DebugContext(ctx, "latchkey: a mail was not sent, the address had its share", "mail",
			core.MailEmailChange)
	}
	return wait == 0
}

// asking is the errand to an address that a user wants. Where another user has
// it, the mail is for them.
type asking struct {
	errand
	key string
}

// run is an attempt.
func (a *asking) run(ctx context.Context) error {
	owner, err := a.svc.Users.Find(ctx, core.ByEmail(a.key))
	if errors.Is(err, core.ErrNotFound) {
		return a.errand.run(ctx)
	}
	if err != nil || owner.Base().ID == a.userID || owner.Base().Blocked(a.svc.Env.Now()) {
		return err
	}
	taken := &errand{svc: a.svc, mail: core.Mail{
		Kind: core.MailEmailTaken, To: owner.Base().Email, Client: a.mail.Client, Lang: a.mail.Lang,
	}}
	return taken.send(ctx, owner)
}

// tell sends a mail without a ticket to the user's address, if it is theirs
// still.
func (e *errand) tell(ctx context.Context) error {
	u, err := e.svc.Users.Find(ctx, core.ByID(e.userID))
	if errors.Is(err, core.ErrNotFound) || err == nil && u.Base().Email != e.mail.To {
		return nil
	}
	if err != nil {
		return err
	}
	return e.send(ctx, u)
}

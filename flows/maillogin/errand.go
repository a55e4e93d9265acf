package maillogin

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/asklimit"
)

// errand is a job that makes a ticket, whoever asked, and sends its mail to
// whom it is for. What was done is kept for the next attempt.
type errand struct {
	svc      *core.Services
	settings Flow
	purpose  string
	flow     string // the secret
	login    string // the ID of the pending login, "" for none

	key               core.Key // whose mail it is
	address, emailKey string   // address as it was typed; a name may take the place of both
	linked            bool     // the mail has a link beside the code
	client            core.Client
	lang              string

	counted, allowed bool // whether the address had its share
	ticket           *core.Ticket
	dead, stored     bool // of the ticket
	mail             core.Mail
}

// run is an attempt.
func (e *errand) run(ctx context.Context) error {
	u, err := e.svc.Users.Find(ctx, e.key)
	if errors.Is(err, core.ErrNotFound) {
		u, err = nil, nil
	}
	if err != nil {
		return err
	}
	if u != nil && u.Base().EmailKey == "" {
		u = nil // nobody for mails
	}
	if err := e.count(ctx, u); err != nil {
		return err
	}
	gets := e.allowed && e.wanted(u)
	if e.ticket == nil {
		if err := e.make(u, gets); err != nil {
			return err
		}
	}
	if !e.stored {
		// Taken is what an earlier attempt has stored, whose answer was
		// lost.
		if err := e.svc.Tickets.Put(ctx, *e.ticket, false); err != nil && !errors.Is(err, core.ErrTaken) {
			return err
		}
		e.stored = true
	}
	if e.dead || !gets || !e.holds(u) {
		return nil
	}
	if _, err := e.svc.Tickets.Find(ctx, e.purpose, e.ticket.Digest); err != nil {
		return unlessOver(err)
	}
	return e.svc.Mail.Send(ctx, e.mail)
}

// unlessOver is nil for a ticket that was used or has expired meanwhile.
func unlessOver(err error) error {
	if errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrUsed) {
		return nil
	}
	return err
}

// wanted reports whether there is somebody to get the mail.
func (e *errand) wanted(u core.AnyUser) bool {
	if u == nil {
		return e.settings.SignUp && e.purpose == loginPurpose && e.key.Kind == "email"
	}
	return !u.Base().Blocked(e.svc.Env.Now())
}

// holds reports whether the ticket is still of that user, or of nobody.
func (e *errand) holds(u core.AnyUser) bool {
	if u == nil {
		return e.ticket.UserID == ""
	}
	b := u.Base()
	return e.ticket.UserID == b.ID && e.ticket.Email == b.EmailKey && e.ticket.Epoch == b.TokenEpoch
}

// count counts the mail, once, whoever has the address. That of a user whose
// name was typed is the user's.
func (e *errand) count(ctx context.Context, u core.AnyUser) error {
	if e.counted {
		return nil
	}
	address := e.emailKey
	if u != nil {
		address = u.Base().EmailKey
	}
	wait, err := e.settings.mails(e.svc, "mail-login-mails", asklimit.Mailbox(address), e.client.IP).Allow(ctx)
	if err != nil {
		return err
	}
	if wait > 0 { // for debugging only, as anybody may cause it
		e.svc.Env.Log.DebugContext(ctx, "latchkey: a mail was not sent, the address had its share", "mail", core.MailLogin)
	}
	e.counted, e.allowed = true, wait == 0
	return nil
}

// make makes the ticket, and the mail that goes with it. Where nobody gets the
// mail, nothing opens the ticket.
func (e *errand) make(u core.AnyUser, gets bool) error {
	code, err := newCode(e.svc.Env.Random)
	if err != nil {
		return err
	}
	token, _, err := core.NewSecret(e.svc.Env.Random)
	if err != nil {
		return err
	}
	digest, kind := core.Digest(e.flow), e.settings.kind()
	if e.settings.OtherBrowser == Confirm {
		token = named(digest, token)
	}
	link := core.Digest(token)
	l := letter{Backend: e.svc.Backend.Name, Login: e.login, Link: link[:], Code: mac(e.flow, code), Dead: !gets}
	t := &core.Ticket{
		Digest: digest, Purpose: e.purpose, Email: e.emailKey, Expires: e.svc.Env.Now().Add(kind.Lifetime),
	}
	mail := core.Mail{
		Kind: core.MailLogin, User: u, Code: code, Lifetime: kind.Lifetime, Lang: e.lang, Client: e.client,
	}
	if u == nil {
		l.Address = strings.TrimSpace(e.address)
		mail.User = e.svc.Users.New()
		b := mail.User.Base()
		b.Email, b.EmailKey = l.Address, e.emailKey
	} else {
		b := u.Base()
		t.UserID, t.Email, t.Epoch = b.ID, b.EmailKey, b.TokenEpoch
	}
	mail.To = mail.User.Base().Email
	if e.linked {
		mail.Token = token
		mail.Link = strings.TrimSuffix(e.svc.Env.BaseURL.String(), "/") + strings.Replace(kind.Link, "{token}", token, 1)
	}
	if t.Data, err = json.Marshal(l); err != nil {
		return err
	}
	e.ticket, e.mail, e.dead = t, mail, l.Dead
	return nil
}

package emailchange

import (
	"context"
	"errors"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// errand is a job that stores a ticket, if it is not stored yet, and sends its
// mail. What was done is kept for the next attempt.
type errand struct {
	svc    *core.Services
	userID string
	link   string // with {token}
	ticket core.Ticket
	mail   core.Mail
	// replaces: the ticket ends older ones of its kind.
	replaces, stored bool
}

// store makes the token and stores its ticket.
func (e *errand) store(ctx context.Context) error {
	if e.mail.Token == "" {
		raw, digest, err := core.NewSecret(e.svc.Env.Random)
		if err != nil {
			return err
		}
		e.mail.Token, e.ticket.Digest = raw, digest
		e.mail.Link = strings.TrimSuffix(e.svc.Env.BaseURL.String(), "/") + strings.Replace(e.link, "{token}", raw, 1)
	}
	// Taken is what an earlier attempt has stored, whose answer was lost.
	err := e.svc.Tickets.Put(ctx, e.ticket, e.replaces)
	if err == nil || errors.Is(err, core.ErrTaken) {
		e.stored = true
		return nil
	}
	return err
}

// run is an attempt.
func (e *errand) run(ctx context.Context) error {
	u, err := e.svc.Users.Find(ctx, core.ByID(e.userID))
	if errors.Is(err, core.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if e.replaces && !stands(e.svc, e.ticket, u.Base()) { // nobody could use the token
		return nil
	}
	if !e.stored {
		if err := e.store(ctx); err != nil {
			return err
		}
	}
	switch _, err := e.svc.Tickets.Find(ctx, e.ticket.Purpose, e.ticket.Digest); {
	case errors.Is(err, core.ErrNotFound), errors.Is(err, core.ErrUsed): // ended by a newer one
		return nil
	case err != nil:
		return err
	}
	return e.send(ctx, u)
}

// send sends the mail. Its User has the address that it goes to: templates must
// not show the other one.
func (e *errand) send(ctx context.Context, u core.AnyUser) error {
	mail := e.mail
	u.Base().Email, mail.User = mail.To, u
	return e.svc.Mail.Send(ctx, mail)
}

// shortened returns an address as those recognize it who know it.
func shortened(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return "…"
	}
	local, domain := address[:at], address[at+1:]
	end := ""
	if dot := strings.LastIndexByte(domain, '.'); dot > 0 {
		domain, end = domain[:dot], domain[dot:]
	}
	return first(local) + "…@" + first(domain) + "…" + end
}

// first returns the first letter of s.
func first(s string) string {
	for _, letter := range s {
		return string(letter)
	}
	return ""
}

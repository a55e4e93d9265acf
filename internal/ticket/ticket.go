// Package ticket makes one-time tokens for mails and reads them back.
//
//	ticket.Later(svc, ticket.Kind{Name: core.MailReset, Lifetime: time.Hour, Link: "/reset#token={token}"}, user, active)
//
// Security notes: the secret exists in clear only in the mail. The link is
// built from the configured base URL, never from a request (OWASP "Forgot
// Password" cheat sheet). The default links carry the token in the fragment,
// which browsers send to no server and in no Referer.
package ticket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/takeover"
)

// Kind says what the tokens of a flow are for and how they travel.
type Kind struct {
	Name     string // the ticket's purpose and the mail's kind
	Lifetime time.Duration
	// Link is the application's page, relative to the base URL, with
	// {token} in it.
	Link string
	// Requests limits those of one client network, beyond which the answer
	// is 429; Mails, those to one address, beyond which no mail is sent and
	// the answer tells nothing of it.
	Requests, Mails core.Limit
	// Attempts limits the tokens that one client network presents, good or
	// bad.
	Attempts core.Limit
}

// WithDefaults fills in what is zero: an hour, 20 requests and 60 attempts in
// ten minutes, and 5 mails in an hour.
func (k Kind) WithDefaults() Kind {
	k.Lifetime = cmp.Or(k.Lifetime, time.Hour)
	k.Link = cmp.Or(k.Link, "/"+k.Name+"#token={token}")
	k.Requests = cmp.Or(k.Requests, core.Limit{Events: 20, Window: 10 * time.Minute})
	k.Mails = cmp.Or(k.Mails, core.Limit{Events: 5, Window: time.Hour})
	k.Attempts = cmp.Or(k.Attempts, core.Limit{Events: 60, Window: 10 * time.Minute})
	return k
}

// Admit counts a token that a request presents: 429 beyond the limit, before
// anything is looked up or hashed for it. Where the limiter cannot be asked the
// token is let through: it cannot be guessed, and the governor bounds the
// hashes.
func (k Kind) Admit(ctx context.Context, svc *core.Services, r *core.Request) error {
	err := core.CheckNetworkLimit(ctx, svc.Limiter, k.Name+"-tokens", r.Remote, k.Attempts)
	if errors.Is(err, core.Unavailable(nil)) {
		return nil
	}
	return err
}

// Check tells everything that the services or the kind lacks for mails to be sent.
func (k Kind) Check(svc *core.Services) error {
	var errs []error
	if svc.Tickets == nil {
		errs = append(errs, fmt.Errorf("flow %s needs Options.Tickets, a store of one-time tokens", k.Name))
	}
	if svc.Mail == nil {
		errs = append(errs, fmt.Errorf("flow %s needs Options.Sender to send its mails (senders/outbox for development)",
			k.Name))
	}
	if svc.Env.BaseURL == nil {
		errs = append(errs, fmt.Errorf("flow %s needs Options.BaseURL, on which the links in its mails are built", k.Name))
	}
	if k.Lifetime < time.Minute {
		errs = append(errs, fmt.Errorf("flow %s: Lifetime is %v, it must be at least a minute", k.Name, k.Lifetime))
	}
	if strings.Count(k.Link, "{token}") != 1 {
		errs = append(errs, fmt.Errorf("flow %s: Link must hold {token} once", k.Name))
	}
	if u, err := url.Parse(k.Link); err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(k.Link, "/") {
		errs = append(errs, fmt.Errorf("flow %s: Link must be a path on Options.BaseURL that begins with /", k.Name))
	}
	for _, l := range []core.Limit{k.Requests, k.Mails} {
		if err := l.Check(); err != nil {
			errs = append(errs, fmt.Errorf("flow %s: Requests or Mails: %w", k.Name, err))
		}
	}
	if err := k.Attempts.Check(); err != nil {
		errs = append(errs, fmt.Errorf("flow %s: Attempts: %w", k.Name, err))
	}
	return errors.Join(errs...)
}

// newMail makes a ticket for u, so that older ones of the kind die, and the
// mail to u's stored address.
func newMail(ctx context.Context, svc *core.Services, k Kind, u core.AnyUser) (*core.Mail, error) {
	raw, digest, err := core.NewSecret(svc.Env.Random)
	if err != nil {
		return nil, err
	}
	b := u.Base()
	err = svc.Tickets.Put(ctx, core.Ticket{
		Digest: digest, Purpose: k.Name, UserID: b.ID, Email: b.EmailKey, Epoch: b.TokenEpoch,
		Expires: svc.Env.Now().Add(k.Lifetime),
	}, true)
	if err != nil {
		return nil, err
	}
	link := strings.TrimSuffix(svc.Env.BaseURL.String(), "/") + strings.Replace(k.Link, "{token}", raw, 1)
	return &core.Mail{To: b.Email, Kind: k.Name, User: u, Token: raw, Link: link, Lifetime: k.Lifetime}, nil
}

// Find returns the living ticket of a secret and its user. used tells that the
// ticket was consumed before (the user is given then too). Both are nil,
// without an error, for what is no ticket, or is one whose user is gone.
func Find(ctx context.Context, svc *core.Services, k Kind, raw string) (t core.Ticket, u core.AnyUser, used bool, err error) {
	t, err = svc.Tickets.Find(ctx, k.Name, core.Digest(raw))
	used = errors.Is(err, core.ErrUsed)
	if errors.Is(err, core.ErrNotFound) {
		return t, nil, false, nil
	}
	if err != nil && !used {
		return t, nil, false, core.Unavailable(err)
	}
	u, err = svc.Users.Find(ctx, core.ByID(t.UserID))
	if errors.Is(err, core.ErrNotFound) {
		return t, nil, used, nil
	}
	if err != nil {
		return t, nil, false, core.Unavailable(err)
	}
	return t, u, used, nil
}

// Effect is what a ticket does to its user.
type Effect struct {
	// Holds reports whether what the ticket froze still holds.
	Holds func(*core.User) bool
	// TakesOver reports whether the user's address is proved for the first
	// time, so that everything else that opens the account goes; see
	// takeover.
	TakesOver func(*core.User) bool
	// Change is pure. removed is how much a take-over has removed.
	Change func(u *core.User, removed int)
}

// Spend commits an event of the ticket's user: it consumes the ticket and
// changes the user, together where the stores share a transaction, and sets the
// event's User and Was. It returns how much a take-over removed, and
// core.ErrUsed where another request consumed the ticket or changed what it
// froze. Refusal makes an answer of its other errors.
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
	return removed, err
}

// Refusal returns err where it is an answer, else a 503.
func Refusal(err error) error {
	if e := (*core.Error)(nil); errors.As(err, &e) {
		return err
	}
	return core.Unavailable(err)
}

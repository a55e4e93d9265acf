// Package mailtoken makes one-time tokens that travel by mail, and reads them
// back: for the flows reset and verify, and for an application's own flows that
// prove the mailbox of a user, such as a login by mail. (An invitation goes to
// an address that may be nobody's yet, and keeps what it invites to: it has a
// store of its own, and needs core.NewSecret, Jobs and Mail of core.Services.)
//
//	options := mailtoken.Options{Lifetime: 24 * time.Hour}
//	kind := mailtoken.New("login", options)
//	err := kind.Check(svc)            // in Flow.Routes: what is missing
//	kind.Send(ctx, svc, user, wanted) // a ticket and its mail, in a job
//	t, u, used, err := kind.Find(ctx, svc, raw)
//	_, err = mailtoken.Spend(ctx, svc, t, event, mailtoken.Effect{…})
//
// Security notes: the secret exists in clear only in the mail. The link is
// built from the configured base URL, never from a request (OWASP "Forgot
// Password" cheat sheet). The default links carry the token in the fragment,
// which browsers send to no server and in no Referer.
package mailtoken

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/asklimit"
)

// Options are those of every flow that mails tokens. The zero value is ready.
type Options struct {
	// Lifetime of a token, at least a minute. Default: 1 hour.
	Lifetime time.Duration
	// Link in the mail: a path on the application's BaseURL with {token} in
	// it. Default: "/<name>#token={token}" ("/reset#token={token}"). The
	// fragment reaches no server log and no Referer; a page that reads a
	// query instead should send Referrer-Policy: no-referrer.
	Link string
	// RequestLimit bounds how many mails one client network (an IPv4
	// address, an IPv6 /64) may ask for, beyond which the answer is 429.
	// Default: 20 in 10 minutes.
	RequestLimit core.Limit
	// MailLimit bounds how many are sent to one mailbox because one client
	// network asks (of IPv6 its /48). Addresses that differ in a "+tag",
	// and at Gmail in dots, are one mailbox here. Beyond it no mail is
	// sent, the answer stays the same, and the last mail's token stays
	// valid. Default: 5 an hour.
	MailLimit core.Limit
	// AddressLimit bounds how many are sent to one mailbox, whoever asks.
	// With a window longer than Lifetime, somebody who has many networks
	// could keep a user from getting a mail that works. Default: six times
	// the events of MailLimit in its window.
	AddressLimit core.Limit
	// AttemptLimit bounds how many tokens one client network may present,
	// valid or not, beyond which the answer is 429. Default: 60 in 10
	// minutes.
	AttemptLimit core.Limit
}

// Kind is what the tokens of one flow are for. Make it with New.
type Kind struct {
	name  string     // the ticket's purpose and the mail's kind
	asker netip.Addr // of AskedBy
	asked bool       // by AskedBy
	cause core.Client
	Options
}

// New returns the kind of a name, which is the purpose of its tickets and the
// kind of its mails, with the defaults of o filled in.
func New(name string, o Options) Kind {
	o.Lifetime = cmp.Or(o.Lifetime, time.Hour)
	o.Link = cmp.Or(o.Link, "/"+name+"#token={token}")
	o.RequestLimit = cmp.Or(o.RequestLimit, core.Limit{Events: 20, Window: 10 * time.Minute})
	o.MailLimit = cmp.Or(o.MailLimit, core.Limit{Events: 5, Window: time.Hour})
	o.AddressLimit = cmp.Or(o.AddressLimit, core.Limit{Events: 6 * o.MailLimit.Events, Window: o.MailLimit.Window})
	o.AttemptLimit = cmp.Or(o.AttemptLimit, core.Limit{Events: 60, Window: 10 * time.Minute})
	return Kind{name: name, Options: o}
}

// AskedBy returns the kind whose mails are counted as asked for by a client's
// address, as Request does of itself. Without it they are the application's
// own.
func (k Kind) AskedBy(ip netip.Addr) Kind {
	k.asker, k.asked = ip, true
	return k
}

// CausedBy returns the kind whose mails have the client of a request.
func (k Kind) CausedBy(c core.Client) Kind {
	k.cause = c
	return k
}

// count is that of the mails of a mailbox, or a user.
func (k Kind) count(svc *core.Services, subject string) asklimit.Count {
	return asklimit.Count{
		Limiter: svc.Limiter, What: k.name + "-mails", Subject: subject, Asker: k.asker,
		Each: k.MailLimit, All: k.AddressLimit,
	}
}

// Admit counts a token that a request presents: 429 beyond the limit, before
// anything is looked up or hashed for it. If the limiter cannot be reached the
// token is let through: it cannot be guessed, and the governor bounds the
// hashes.
func (k Kind) Admit(ctx context.Context, svc *core.Services, r *core.Request) error {
	err := core.CheckNetworkLimit(ctx, svc.Limiter, k.name+"-tokens", r.Remote, k.AttemptLimit)
	if errors.Is(err, core.Unavailable(nil)) {
		return nil
	}
	return err
}

// Check returns everything that the services or the kind lack for mails to be
// sent.
func (k Kind) Check(svc *core.Services) error {
	var errs []error
	if svc.Tickets == nil {
		errs = append(errs, fmt.Errorf("flow %s needs Options.Tickets, a store of one-time tokens", k.name))
	}
	if svc.Mail == nil {
		errs = append(errs, fmt.Errorf("flow %s needs Options.Sender to send its mails (senders/outbox for development)",
			k.name))
	}
	if svc.Env.BaseURL == nil {
		errs = append(errs, fmt.Errorf("flow %s needs Options.BaseURL, on which the links in its mails are built", k.name))
	}
	if k.Lifetime < time.Minute {
		errs = append(errs, fmt.Errorf("flow %s: Lifetime is %v, it must be at least a minute", k.name, k.Lifetime))
	}
	if strings.Count(k.Link, "{token}") != 1 {
		errs = append(errs, fmt.Errorf("flow %s: Link must hold {token} once", k.name))
	}
	if u, err := url.Parse(k.Link); err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(k.Link, "/") {
		errs = append(errs, fmt.Errorf("flow %s: Link must be a path on Options.BaseURL that begins with /", k.name))
	}
	for _, l := range []core.Limit{k.RequestLimit, k.MailLimit} {
		if err := l.Check(); err != nil {
			errs = append(errs, fmt.Errorf("flow %s: RequestLimit or MailLimit: %w", k.name, err))
		}
	}
	if err := k.AddressLimit.Check(); err != nil && k.MailLimit.Check() == nil { // else it may be of its default
		errs = append(errs, fmt.Errorf("flow %s: AddressLimit: %w", k.name, err))
	}
	if err := k.AttemptLimit.Check(); err != nil {
		errs = append(errs, fmt.Errorf("flow %s: AttemptLimit: %w", k.name, err))
	}
	return errors.Join(errs...)
}

// newMail makes a ticket for u, so that older ones of the kind die, and the
// mail to u's stored address.
func (k Kind) newMail(ctx context.Context, svc *core.Services, u core.AnyUser, lang string) (*core.Mail, error) {
	mail, _, err := k.makeTicket(ctx, svc, u, nil)
	if err == nil {
		mail.Lang, mail.Client = lang, k.cause
	}
	return mail, err
}

// makeTicket makes a ticket for u with data, and the mail that would carry it.
func (k Kind) makeTicket(
	ctx context.Context, svc *core.Services, u core.AnyUser, data []byte,
) (mail *core.Mail, expires time.Time, err error) {
	raw, digest, err := core.NewSecret(svc.Env.Random)
	if err != nil {
		return nil, time.Time{}, err
	}
	b := u.Base()
	expires = svc.Env.Now().Add(k.Lifetime)
	err = svc.Tickets.Put(ctx, core.Ticket{
		Digest: digest, Purpose: k.name, UserID: b.ID, Email: b.EmailKey, Epoch: b.TokenEpoch, Data: data, Expires: expires,
	}, true)
	if err != nil {
		return nil, time.Time{}, err
	}
	link := strings.TrimSuffix(svc.Env.BaseURL.String(), "/") + strings.Replace(k.Link, "{token}", raw, 1)
	return &core.Mail{To: b.Email, Kind: k.name, User: u, Token: raw, Link: link, Lifetime: k.Lifetime}, expires, nil
}

// Find returns the living ticket of a secret and its user. used reports that
// the ticket was consumed before (the user is given then too). Both are nil,
// without an error, for what is no ticket, or is one whose user is gone.
func (k Kind) Find(
	ctx context.Context, svc *core.Services, raw string,
) (t core.Ticket, u core.AnyUser, used bool, err error) {
	t, err = svc.Tickets.Find(ctx, k.name, core.Digest(raw))
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

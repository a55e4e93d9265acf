// Package asklimit counts what anybody may cause for an address that is not
// theirs, such as mails to it. Who asks has a small count of their own, by
// their network, beside a larger one of the address: otherwise a stranger's
// few requests would use up what the owner needs.
//
//	count := asklimit.Count{
//		Limiter: limiter, What: "reset-mails",
//		Subject: asklimit.Mailbox(key), Asker: r.Remote,
//		Each: core.Limit{Events: 5, Window: time.Hour},
//		All:  core.Limit{Events: 30, Window: time.Hour},
//	}
//	wait, err := count.Allow(ctx)
//
// Security notes: a network of IPv6 is its /48 here, which one subscriber may
// have, so that nobody is many askers by going through its networks. The
// limiter holds digests of subjects alone.
package asklimit

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Count is that of one subject and one asker.
type Count struct {
	Limiter       core.Limiter
	What, Subject string
	// Asker is the client's address. The zero address is the application
	// itself, or a client without one.
	Asker netip.Addr
	// Each limits one asker, All everybody.
	Each, All core.Limit
}

// Allow counts one event if both limits allow it, and returns 0. Else it counts
// nothing and returns how long to wait. An asker who has had their share does
// not touch the count of all, and causes as much work as one who has not.
func (c Count) Allow(ctx context.Context) (wait time.Duration, err error) {
	wait, err = c.Limiter.Allow(ctx, c.each(), c.Each)
	if err != nil {
		return 0, err
	}
	if wait > 0 {
		_, err = c.Limiter.Allow(ctx, c.Apart().all(), c.All)
		return wait, err
	}
	wait, err = c.Limiter.Allow(ctx, c.all(), c.All)
	if wait > 0 || err != nil {
		_ = c.Limiter.Refund(context.WithoutCancel(ctx), c.each())
	}
	return wait, err
}

// Apart returns the count of what was refused: an event that is settled with it
// causes the work of any other, and changes no count that matters.
func (c Count) Apart() Count {
	c.What += "-refused"
	return c
}

// Refund takes one event back.
func (c Count) Refund(ctx context.Context) error { return c.both(ctx, c.Limiter.Refund) }

// Reset sets the counts of the asker and of all to nothing. Those of other
// askers stay.
func (c Count) Reset(ctx context.Context) error { return c.both(ctx, c.Limiter.Reset) }

func (c Count) both(ctx context.Context, do func(context.Context, string) error) error {
	if err := do(ctx, c.each()); err != nil {
		return err
	}
	return do(ctx, c.all())
}

func (c Count) all() string { return core.LimitKey(c.What, c.Subject) }

func (c Count) each() string {
	network := core.ClientNetwork(c.Asker)
	if network.Addr().Is6() {
		network, _ = network.Addr().Prefix(48)
	}
	return core.LimitKey(c.What+"-asker", network.String()+" "+c.Subject)
}

// Mailbox returns what counts as one mailbox for limits, and for nothing else:
// a canonical address without its tag ("a+1@example.org"), and at Gmail without
// dots, since whoever may ask for mails can make up any number of either.
func Mailbox(key string) string {
	at := strings.LastIndexByte(key, '@')
	if at < 0 {
		return key
	}
	local, domain := key[:at], key[at+1:]
	if tag := strings.IndexByte(local, '+'); tag > 0 {
		local = local[:tag]
	}
	if domain == "googlemail.com" {
		domain = "gmail.com"
	}
	if domain == "gmail.com" {
		local = strings.ReplaceAll(local, ".", "")
	}
	return local + "@" + domain
}

// Recipient returns what counts mails to a user that nobody causes but they
// themselves, in a login, and the application: the user, whose count nobody
// else can use up. An address that is not verified may be anybody's, and
// anybody has any number of users at it: there it is the mailbox.
func Recipient(u *core.User) string {
	if u.IsVerified {
		return "user " + u.ID // no address has a blank
	}
	return Mailbox(u.EmailKey)
}

// Unverified returns the count of mails to an address that nobody has verified,
// by what its user does: 5 an hour because of one asker, and 30 in all.
func Unverified(l core.Limiter, what, emailKey string, asker netip.Addr) Count {
	return Count{
		Limiter: l, What: what, Subject: Mailbox(emailKey), Asker: asker,
		Each: core.Limit{Events: 5, Window: time.Hour}, All: core.Limit{Events: 30, Window: time.Hour},
	}
}

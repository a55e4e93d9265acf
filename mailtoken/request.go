package mailtoken

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/asklimit"
)

// Request is the handler of a route that takes an e-mail address, or what else
// a user logs in with, and may send a mail to the address that is stored: 202
// null, whoever asks, within the limit of requests. wants reports whether a
// known user gets one; one without an address does not. after happens once its
// ticket is made.
func (k Kind) Request(
	svc *core.Services, wants func(*core.User) bool, after core.EventKind,
) func(context.Context, *core.Request) (*core.Response, error) {
	return func(ctx context.Context, r *core.Request) (*core.Response, error) {
		in, err := core.ReadStrings(r, "email")
		if err != nil {
			return nil, err
		}
		key, err := svc.Identify(in[0])
		if err != nil {
			return nil, core.Invalid(core.BadValue("email", err.Error()))
		}
		if err := core.CheckNetworkLimit(ctx, svc.Limiter, k.name, r.Remote, k.RequestLimit); err != nil {
			return nil, err
		}
		if err := k.AskedBy(r.Remote).ask(ctx, svc, key, wants, after); err != nil {
			return nil, err
		}
		return core.JSON(http.StatusAccepted, nil)
	}
}

// Ask is Request outside HTTP, for a canonical address.
func (k Kind) Ask(
	ctx context.Context, svc *core.Services, emailKey string, wants func(*core.User) bool, after core.EventKind,
) error {
	return k.ask(ctx, svc, core.ByEmail(emailKey), wants, after)
}

// ask queues a job that is the same for everybody, and looks the user up
// itself. The look-up before is for its error alone, so that a store that is
// down is a 503: it asks for somebody who is nobody, since a row that is found
// takes measurably longer than none.
func (k Kind) ask(
	ctx context.Context, svc *core.Services, key core.Key, wants func(*core.User) bool, after core.EventKind,
) error {
	if _, err := svc.Users.Find(ctx, core.ByEmail(nobody)); err != nil && !errors.Is(err, core.ErrNotFound) {
		return core.Unavailable(err)
	}
	e := &errand{svc: svc, kind: k, lang: core.Language(ctx), key: key, wants: wants,
		made: func(ctx context.Context, u core.AnyUser) {
			svc.Events.Raise(ctx, core.Event{Kind: after, User: u})
		}}
	svc.Jobs.EnqueueMail(k.name+" mail", e.run)
	return nil
}

// nobody is no canonical address.
const nobody = "nobody at all"

// Send makes a ticket for u and its mail in the background, where u still
// wants them and the address had not its share. What anybody may cause is
// k.AskedBy(…).Send. Else a user whose address is verified has a count of their
// own, which nobody else can use up.
func (k Kind) Send(ctx context.Context, svc *core.Services, u core.AnyUser, wants func(*core.User) bool) {
	e := &errand{svc: svc, kind: k, lang: core.Language(ctx), key: core.ByID(u.Base().ID), wants: wants, own: !k.asked,
		made: func(context.Context, core.AnyUser) {}}
	svc.Jobs.EnqueueMail(k.name+" mail", e.run)
}

// errand is a job that makes a ticket and sends its mail, so that there is no
// ticket whose mail nobody sends. What was done is kept for the next attempt.
type errand struct {
	svc     *core.Services
	kind    Kind
	key     core.Key // whose mail it is
	wants   func(*core.User) bool
	made    func(context.Context, core.AnyUser) // called once there is a ticket
	lang    string
	own     bool // nobody has asked for it
	counted bool
	mail    *core.Mail // once its ticket is made
}

// run is an attempt. It counts one mail and makes one ticket however often it
// runs: a second ticket would end one that somebody asked for meanwhile.
func (e *errand) run(ctx context.Context) error {
	u, err := e.svc.Users.Find(ctx, e.key)
	if errors.Is(err, core.ErrNotFound) || err == nil && (u.Base().EmailKey == "" || !e.wants(u.Base())) {
		return nil
	}
	if err != nil {
		return err
	}
	if allowed, err := e.count(ctx, u.Base()); err != nil || !allowed {
		return err
	}
	if e.mail == nil {
		e.mail, err = e.kind.newMail(ctx, e.svc, u, e.lang)
		if err == nil {
			e.made(ctx, u)
		}
	} else {
		err = e.stands(ctx, u)
	}
	if errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrUsed) {
		return nil
	}
	if err != nil {
		return err
	}
	return e.svc.Mail.Send(ctx, *e.mail)
}

// stands is nil while the mail's link works: ErrNotFound once a newer mail has
// ended its ticket or the address is another, ErrUsed once it was used.
func (e *errand) stands(ctx context.Context, u core.AnyUser) error {
	if e.mail.User.Base().EmailKey != u.Base().EmailKey {
		return core.ErrNotFound
	}
	_, err := e.svc.Tickets.Find(ctx, e.kind.name, core.Digest(e.mail.Token))
	return err
}

// count reports whether the address may get the mail.
func (e *errand) count(ctx context.Context, u *core.User) (bool, error) {
	if e.counted {
		return true, nil
	}
	subject := asklimit.Mailbox(u.EmailKey)
	if e.own {
		subject = asklimit.Recipient(u)
	}
	wait, err := e.kind.count(e.svc, subject).Allow(ctx)
	if err != nil {
		return false, err
	}
	if wait > 0 { // for debugging only, as anybody may cause it
		e.svc.Env.Log.DebugContext(ctx, "latchkey: a mail was not sent, the address had its share", "mail", e.kind.name,
			"user", u.ID)
	}
	e.counted = wait == 0
	return e.counted, nil
}

package maillogin

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/asklimit"
	"github.com/latchkey-go/latchkey/internal/useragent"
)

// mailLogin is the answer to a request for a mail. Its name is that of the
// schema in the API document.
type mailLogin struct {
	Flow      string `json:"flow"`
	ExpiresIn int    `json:"expires_in" openapi:"description=Seconds until link and code expire."`
}

// nobody is no canonical address.
const nobody = "nobody at all"

// ask answers POST /mail-login: the same for every address. The look-up is for
// its error alone, so that a store that is down is a 503: a row that is found
// takes measurably longer than none.
func (f Flow) ask(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	in, err := core.ReadStrings(r, "email")
	if err != nil {
		return nil, err
	}
	key, err := svc.Identify(in[0])
	if err != nil {
		return nil, core.Invalid(core.BadValue("email", err.Error()))
	}
	if err := core.CheckNetworkLimit(ctx, svc.Limiter, name, r.Remote, f.kind().RequestLimit); err != nil {
		return nil, err
	}
	if _, err := svc.Users.Find(ctx, core.ByEmail(nobody)); err != nil && !errors.Is(err, core.ErrNotFound) {
		return nil, core.Unavailable(err)
	}
	return f.begin(ctx, r, &errand{
		svc: svc, purpose: loginPurpose, key: key, address: in[0], emailKey: key.Value, linked: true,
	})
}

// askAgain answers POST /mail: a mail to the user of a login that waits for it.
func (f Flow) askAgain(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	in, err := core.ReadOptionalJSON(r)
	if in == nil {
		return nil, err
	}
	pending, _, problem := in.String("pending")
	if err := core.AddProblems(err, problem); err != nil {
		return nil, err
	}
	p, err := waiting(ctx, svc, pending, r)
	if err != nil {
		return nil, err
	}
	return f.toKnown(ctx, r, &errand{svc: svc, purpose: factorPurpose, login: p.ID}, p.User)
}

// waiting returns a pending login that may go on by a mail: not one whose user
// has a factor that is better.
func waiting(ctx context.Context, svc *core.Services, pending string, r *core.Request) (core.Pending, error) {
	p, err := svc.Gate.Peek(ctx, pending, r)
	if err == nil && !slices.Contains(p.Factors, core.MethodEmail) {
		err = core.Forbidden()
	}
	return p, err
}

// askToProve answers POST /prove/mail: a mail to the caller.
func (f Flow) askToProve(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	u := core.CurrentFrom(ctx).User
	if u.Base().EmailKey == "" {
		return nil, core.Forbidden()
	}
	if err := svc.Security.MayProve(ctx, core.MethodEmail); err != nil { // a better factor asks
		return nil, err
	}
	return f.toKnown(ctx, r, &errand{svc: svc, purpose: provePurpose}, u)
}

// toKnown sends a mail to a user who is known already. Their mails have a count
// of their own, which nobody can use up who has the address alone, or users at
// its tags.
func (f Flow) toKnown(ctx context.Context, r *core.Request, e *errand, u core.AnyUser) (*core.Response, error) {
	b, kind := u.Base(), f.kind()
	e.key, e.emailKey, e.counted, e.allowed = core.ByID(b.ID), b.EmailKey, true, true
	if err := core.CheckNetworkLimit(ctx, e.svc.Limiter, provePurpose, r.Remote, kind.RequestLimit); err != nil {
		return nil, err
	}
	wait, err := f.mails(e.svc, "mail-prove-mails", asklimit.Recipient(b), r.Remote).Allow(ctx)
	switch {
	case err != nil:
		return nil, core.Unavailable(err)
	case wait > 0:
		return nil, core.RateLimited(wait)
	}
	return f.begin(ctx, r, e)
}

// mails is the count of a mailbox' mails, or a user's.
func (f Flow) mails(svc *core.Services, what, subject string, asker netip.Addr) asklimit.Count {
	kind := f.kind()
	return asklimit.Count{
		Limiter: svc.Limiter, What: what, Subject: subject, Asker: asker,
		Each: kind.MailLimit, All: kind.AddressLimit,
	}
}

// begin makes the secret of a flow, and queues the job that makes its ticket
// and its mail.
func (f Flow) begin(ctx context.Context, r *core.Request, e *errand) (*core.Response, error) {
	flow, _, err := core.NewSecret(e.svc.Env.Random)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	e.flow, e.settings, e.lang = flow, f, core.Language(ctx)
	e.client = core.Client{IP: r.Remote, Label: useragent.Label(core.Line(r, "User-Agent"))}
	e.svc.Jobs.EnqueueMail("login mail", e.run)
	lifetime := f.kind().Lifetime
	resp, err := core.JSON(http.StatusAccepted, mailLogin{Flow: flow, ExpiresIn: int(lifetime / time.Second)})
	if err == nil {
		browser{e.svc.Backend}.hold(r, resp, flow, lifetime)
	}
	return resp, err
}

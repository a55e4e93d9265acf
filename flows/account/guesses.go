package account

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/known"
	"github.com/latchkey-go/latchkey/internal/loginlimit"
)

// Guesses bound how often a password may be guessed. The zero value bounds
// nothing.
//
// Strangers are the limits of who is not in a known browser, the shortest
// window first. Those of an hour at most hold for what was typed, whoever has
// that identifier, and tell: 429 RATE_LIMITED. The longer ones hold for a user,
// and their refusal is that of a wrong password, since nobody has a count for
// so long: any other answer would tell who is registered. Device are the limits
// of each known browser of the user. It neither reads nor changes the
// strangers' counts.
//
// A right password forgives what was counted with it: a stranger's that of the
// identifier and the user, a known browser's its own.
type Guesses struct {
	Strangers, Device []core.Limit
	// Known are the browsers in which users have logged in; nil for none.
	Known *known.Devices
	// Captcha stands in for the strangers' short limits where they are
	// reached; nil for none.
	Captcha core.Captcha
}

// own counts a wrong password of a user who is logged in, in advance.
func (g Guesses) own(
	ctx context.Context, svc *core.Services, u core.AnyUser, r *core.Request,
) (settle func(error), err error) {
	if c := core.CurrentFrom(ctx); c != nil && c.Session != nil {
		if d := g.Known.Of(ctx, c.Session.Backend, r); d.Is(u.Base().ID) {
			return g.ofDevice(ctx, svc, d)
		}
	}
	return loginlimit.Own(ctx, svc.Limiter, g.Strangers, u, svc.Env.Log)
}

func (g Guesses) ofDevice(ctx context.Context, svc *core.Services, d *known.Device) (settle func(error), err error) {
	return loginlimit.Allow(ctx, svc.Limiter, g.Device, loginlimit.OfDevice(d.Digest), svc.Env.Log)
}

// ofIdentifier counts a stranger's failure of what was typed. solved reports
// that the answer to a captcha stands in for the wait.
func (g Guesses) ofIdentifier(
	ctx context.Context, svc *core.Services, key core.Key, c Credentials,
) (settle func(error), solved bool, err error) {
	limit := loginlimit.Of(key)
	settle, err = loginlimit.Allow(ctx, svc.Limiter, loginlimit.Short(g.Strangers), limit, svc.Env.Log)
	if g.Captcha == nil || c.Request == nil || !errors.Is(err, core.RateLimited(0)) {
		return settle, false, err
	}
	if err := g.solved(ctx, c); err != nil {
		return nil, false, err
	}
	return loginlimit.Uncounted(ctx, svc.Limiter, limit, svc.Env.Log), true, nil
}

// solved returns nil for the right answer to a captcha.
func (g Guesses) solved(ctx context.Context, c Credentials) error {
	if c.Captcha == "" {
		return core.Refuse(core.CodeCaptchaRequired)
	}
	ok, err := g.Captcha.Check(ctx, c.Request, c.Captcha)
	if err != nil {
		return core.OrUnavailable(err)
	}
	if !ok {
		return core.Refuse(core.CodeCaptchaRequired)
	}
	return nil
}

// ofUser counts a stranger's failure of the user, whatever identifier was
// typed; u is nil for nobody.
func (g Guesses) ofUser(
	ctx context.Context, svc *core.Services, key core.Key, u core.AnyUser, solved bool,
) (settle func(error), err error) {
	count, limits := loginlimit.OfNobody(key), loginlimit.OfNobodyLimits(g.Strangers, svc.Users.New())
	if u != nil {
		count, limits = loginlimit.OfUser(u), loginlimit.OfUserLimits(g.Strangers, u)
	}
	if solved {
		limits = loginlimit.Relaxed(limits)
	}
	return loginlimit.Allow(ctx, svc.Limiter, limits, count, svc.Env.Log)
}

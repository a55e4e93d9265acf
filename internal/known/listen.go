package known

import (
	"context"
	"slices"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/loginlimit"
)

// Recognize is for the gate: it returns the known browser that an attempt comes
// from, nil for none, and whether the attempt comes from a browser that is news
// to the user.
func (d *Devices) Recognize(ctx context.Context, a core.Attempt) (old *Device, isNew bool) {
	if _, ok := d.at(a.Backend, a.Request); !ok {
		return nil, false
	}
	old = d.Of(ctx, a.Backend, a.Request)
	return old, !old.Is(a.User.Base().ID)
}

// Admitted is for the gate: a login is complete, and resp is its answer. One
// without a password that comes from an unknown browser, or from none, also
// forgives wrong passwords: others may have used up what its owner has, who
// came another way.
func (d *Devices) Admitted(
	ctx context.Context, old *Device, a core.Attempt, proofs []core.Proof, resp *core.Response,
) {
	ctx = context.WithoutCancel(ctx)
	byPassword := slices.ContainsFunc(proofs, func(p core.Proof) bool { return p.Method == core.MethodPassword })
	if !byPassword && !old.Is(a.User.Base().ID) {
		if err := loginlimit.Reset(ctx, d.svc.Limiter, a.User); err != nil {
			d.svc.Env.Log.ErrorContext(ctx, "latchkey: the login limit could not be lifted after a login without a password",
				"err", err)
		}
	}
	d.remember(ctx, old, a, resp)
}

// On implements core.Listener: it forgets the browsers of a user who resets the
// password, ends their logins or is deleted, or whose logins somebody else
// ends. A new password of one's own, in a login, keeps them.
func (d *Devices) On(ctx context.Context, svc *core.Services, e core.Event) {
	if !ends(e) {
		return
	}
	id := e.User.Base().ID
	forget := func(ctx context.Context) error { return d.Forget(ctx, id) }
	if err := forget(ctx); err != nil {
		svc.Env.Log.ErrorContext(ctx, "latchkey: known browsers were not forgotten; it will be tried again", "err", err)
		svc.Jobs.Enqueue("forget browsers", forget)
	}
}

func ends(e core.Event) bool {
	if e.User == nil {
		return false
	}
	switch e.Kind {
	case core.EventPasswordReset, core.EventSessionsEnded, core.EventDeleted, core.EventEmailUndone:
		return true
	}
	u := e.User.Base()
	own := e.Actor.Kind == "user" && e.Actor.UserID == u.ID
	return !own && e.Was != nil && e.Was.TokenEpoch != u.TokenEpoch
}

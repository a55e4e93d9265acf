package gate

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// Prove implements core.Gate.
func (g *Gate) Prove(ctx context.Context, r *core.Request, prove core.Prove) (core.Admission, error) {
	b, err := g.mine()
	if err != nil {
		return core.Admission{}, err
	}
	c := core.CurrentFrom(ctx)
	if c == nil || c.Session == nil || c.Session.Backend != b.Name {
		return core.Admission{}, core.Unauthorized()
	}
	old := c.Session
	// Read anew, since prove may change it.
	u, err := g.Users.Find(ctx, core.ByID(old.UserID))
	if err != nil {
		return core.Admission{}, gone(err)
	}
	if u.Base().Blocked(g.Now()) || u.Base().TokenEpoch != old.Epoch {
		return core.Admission{}, core.Unauthorized()
	}
	proof, err := prove(ctx, u)
	if err != nil {
		return core.Admission{}, err
	}
	if err := g.MayProve(ctx, u, old.Proofs, proof); err != nil {
		return core.Admission{}, err
	}
	done := core.AddProof(old.Proofs, proof)
	e := &core.Event{
		Kind: core.EventProved, Backend: b.Name, Method: proof.Method, User: u, Request: r,
		Actor: core.Principal{Kind: "user", UserID: old.UserID, SessionID: old.ID},
	}
	if u.Base().TokenEpoch != old.Epoch {
		// prove has raised the epoch, and its commit has checked the
		// login, which a JWT's does not outlive.
		ctx = core.WithCurrent(ctx, core.Current{Session: old, User: u})
	}
	session := core.Session{
		UserID: old.UserID, Backend: b.Name, Label: old.Label, Epoch: u.Base().TokenEpoch,
		Proofs: done, Created: old.Created,
		// What bounds the login bounds it after one more proof too.
		Scopes: old.Scopes, Organization: old.Organization, Brief: old.Brief,
		Actor: old.Actor, ActorSession: old.ActorSession, ActorEpoch: old.ActorEpoch,
	}
	if r != nil {
		session.IP = r.Remote
	}
	admission, err := g.issue(ctx, b, core.Login{User: u, Session: session}, e, alwaysGood)
	if err != nil {
		return core.Admission{}, gone(err)
	}
	g.retire(ctx, b, old)
	return admission, nil
}

// MayProve returns nil where a login with the proofs done may get one more,
// else the 403 or a 503.
func (g *Gate) MayProve(ctx context.Context, u core.AnyUser, done []core.Proof, proof core.Proof) error {
	ok := false
	if len(done) == 0 { // an imported token, which no factor has been asked for
		missing, err := g.missing(ctx, u, []core.Proof{proof})
		if err != nil {
			return core.Unavailable(err)
		}
		ok = !missing.any()
	} else {
		var err error
		if ok, err = g.suffices(ctx, u, done, proof); err != nil {
			return core.Unavailable(err)
		}
	}
	if !ok {
		return core.Forbidden()
	}
	return nil
}

// retire revokes a session that a step-up has replaced: after a while, so that
// requests which are under way with the old token do not log anybody out. It is
// worth no more than before meanwhile. Where the process ends earlier it stays.
func (g *Gate) retire(ctx context.Context, b core.Backend, old *core.Session) {
	end := func(ctx context.Context) error { return b.Strategy.Revoke(ctx, old) }
	if g.Grace <= 0 && end(context.WithoutCancel(ctx)) == nil {
		return
	}
	if g.After(max(g.Grace, 0), "end a replaced session", end) {
		return
	}
	// Nothing would end it later, and it is worth more than some requests.
	if err := end(context.WithoutCancel(ctx)); err != nil {
		g.Log.ErrorContext(ctx, "latchkey: a replaced session could not be ended", "err", err)
	}
}

// gone is err, or a 401 where the user, or the epoch of their login, is no
// more.
func gone(err error) error {
	switch e := (*core.Error)(nil); {
	case errors.Is(err, core.ErrNotFound), errors.Is(err, core.ErrInvalid):
		return core.Unauthorized()
	case errors.As(err, &e):
		return err
	}
	return core.Unavailable(err)
}

package gate

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// returnPurpose is that of the ticket that is burned when an actor comes back.
const returnPurpose = "impersonation-end"

var errRefused = &core.Error{Status: http.StatusForbidden, Code: core.CodeImpersonationRefused}

// act lets an administrator act as somebody: without proofs, and without what a
// login needs.
func (g *Gate) act(ctx context.Context, b core.Backend, a core.Attempt) (core.Admission, error) {
	u, by := a.User.Base(), a.Actor
	if err := g.mayAct(ctx, by, u); err != nil {
		return core.Admission{}, err
	}
	e := &core.Event{
		Kind: core.EventImpersonationBegan, Backend: b.Name, User: a.User, Request: a.Request, Reason: a.Reason,
		Actor: core.Principal{Kind: "user", UserID: by.UserID, SessionID: by.ID}, Locks: []string{by.UserID},
	}
	session := core.Session{
		UserID: u.ID, Backend: b.Name, Label: a.Label, Epoch: u.TokenEpoch,
		Actor: by.UserID, ActorSession: by.ID, ActorEpoch: by.Epoch,
	}
	if a.Request != nil {
		session.IP = a.Request.Remote
	}
	still := func(ctx context.Context) error { // hooks lie in between
		now, err := g.Users.Find(ctx, core.ByID(u.ID))
		if errors.Is(err, core.ErrNotFound) {
			return errRefused
		}
		if err != nil {
			return core.Unavailable(err)
		}
		return g.mayAct(ctx, by, now.Base())
	}
	admission, err := g.issue(ctx, b, core.Login{User: a.User, Session: session}, e, still)
	if errors.Is(err, core.ErrInvalid) || errors.Is(err, core.ErrNotFound) { // everything of theirs has just ended
		err = errRefused
	}
	return admission, err
}

// mayAct refuses whom the gate lets nobody act as, and by whom.
func (g *Gate) mayAct(ctx context.Context, by *core.Session, u *core.User) error {
	if !by.InPerson() || by.UserID == u.ID || u.IsSuperuser || u.Blocked(g.Now()) {
		return errRefused
	}
	actor, err := g.Users.Find(ctx, core.ByID(by.UserID))
	if errors.Is(err, core.ErrNotFound) {
		return errRefused
	}
	if err != nil {
		return core.Unavailable(err)
	}
	if b := actor.Base(); !b.IsSuperuser || b.Blocked(g.Now()) || b.TokenEpoch != by.Epoch {
		return errRefused
	}
	return nil
}

// Return implements core.Gate.
func (g *Gate) Return(ctx context.Context, r *core.Request) (core.Admission, error) {
	b, err := g.mine()
	if err != nil {
		return core.Admission{}, err
	}
	c := core.CurrentFrom(ctx)
	if c == nil || c.Session == nil || c.Session.Backend != b.Name {
		return core.Admission{}, core.Unauthorized()
	}
	s := c.Session
	if s.Actor == "" {
		return core.Admission{}, &core.Error{Status: http.StatusConflict, Code: core.CodeNotImpersonating}
	}
	e := &core.Event{
		Kind: core.EventImpersonationEnded, Backend: b.Name, User: c.User, Session: s, Target: s.ID, Request: r,
	}
	if err := g.Events.Commit(ctx, e, func(context.Context) error { return nil }); err != nil {
		return core.Admission{}, gone(err)
	}
	// It has ended, by whichever of several requests. One comes back.
	switch err := g.Tickets.Burn(ctx, returnPurpose, core.Digest(s.ID), s.Expires); {
	case errors.Is(err, core.ErrUsed):
		return core.Admission{}, core.Unauthorized()
	case err != nil:
		return core.Admission{}, core.Unavailable(err)
	}
	return g.comeBack(ctx, b, s, r)
}

// comeBack issues a login to the actor of a session that has ended, in place of
// the one that they had.
func (g *Gate) comeBack(ctx context.Context, b core.Backend, s *core.Session, r *core.Request) (core.Admission, error) {
	old, u, err := g.actorOf(ctx, s)
	if err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	nobody := core.Empty(http.StatusNoContent)
	b.Transport.Clear(nobody)
	if old == nil {
		return core.Admission{Answer: nobody}, nil
	}
	session := core.Session{
		UserID: old.UserID, Backend: b.Name, Label: old.Label, Epoch: old.Epoch, Proofs: old.Proofs, Created: old.Created,
		Organization: old.Organization, Brief: old.Brief, IP: old.IP,
	}
	if r != nil {
		session.IP = r.Remote
	}
	token, err := b.Strategy.Issue(ctx, core.Login{User: u, Session: session})
	if errors.Is(err, core.ErrInvalid) { // a password change has won
		return core.Admission{Answer: nobody}, nil
	}
	if err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	if err := b.Strategy.Revoke(context.WithoutCancel(ctx), old); err != nil {
		g.Log.ErrorContext(ctx, "latchkey: the session of an actor who has come back could not be ended", "err", err)
	}
	answer := core.Empty(http.StatusOK)
	b.Transport.Attach(answer, token)
	return core.Admission{Token: token, Answer: answer}, nil
}

// actorOf returns the actor of a session, and their own session if it lives and
// may be listed, else nil.
func (g *Gate) actorOf(ctx context.Context, s *core.Session) (*core.Session, core.AnyUser, error) {
	u, err := g.Users.Find(ctx, core.ByID(s.Actor))
	if errors.Is(err, core.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	living, err := g.List(ctx, s.Actor)
	if err != nil {
		return nil, nil, err
	}
	for _, old := range living {
		b := u.Base()
		if old.ID == s.ActorSession && old.Backend == s.Backend && old.InPerson() &&
			old.Epoch == b.TokenEpoch && b.TokenEpoch == s.ActorEpoch && !b.Blocked(g.Now()) {
			return old, u, nil
		}
	}
	return nil, nil, nil
}

// Package gate is the one door between a proof and a login, and what may be
// done with logins that exist.
//
//	g := gate.New(gate.Parts{Backends: backends, Users: users, …})
//	proof := core.Proof{Method: "password", At: now}
//	admission, err := g.Admit(ctx, core.Attempt{
//		User: user, Proof: proof, Backend: "web",
//	})
//
// Security notes: only here does a strategy issue a token, so no flow can skip
// the checks: active, verified where that is required, every factor, the
// application's BeforeLogin. An inactive user gets the answer of a wrong
// password. A suspended one learns that, as the proof that a flow hands to
// Admit is right.
package gate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/known"
	"github.com/latchkey-go/latchkey/internal/suspended"
	"github.com/latchkey-go/latchkey/internal/useragent"
)

const (
	pendingPurpose  = "pending"
	triesPurpose    = "pending-tries" // of the ticket on which the tries are counted
	pendingLifetime = 10 * time.Minute
	pendingTries    = 5
)

// Parts are what a Gate is made of.
type Parts struct {
	Backends []core.Backend
	Users    core.Users
	// may be nil without Factors
	Tickets core.TicketStore
	Flows   []core.Flow // of which the factors and waivers are taken
	// RequireFactor may be nil
	RequireFactor   func(context.Context, core.AnyUser) (bool, error)
	RequireVerified bool
	ForgetEpoch     func(userID string) // what is known of the user's epoch is no more
	Events          core.Events
	Jobs            core.Jobs
	// Grace is how long a token lives on after a step-up has replaced it,
	// and After runs a job when that is over, or reports false.
	Grace time.Duration
	After func(pause time.Duration, name string, do func(context.Context) error) bool
	// Limit refuses a client network that answers too often to what
	// pending logins lack. It may be nil.
	Limit  func(ctx context.Context, r *core.Request) error
	Known  Known // may be nil
	Log    *slog.Logger
	Now    func() time.Time
	Random io.Reader
}

// Known are the browsers in which users have logged in.
type Known interface {
	// Recognize returns the one that an attempt comes from, nil for none,
	// and whether it is news to the user.
	Recognize(ctx context.Context, a core.Attempt) (d *known.Device, isNew bool)
	// Admitted hears of each complete login before its answer, to which it
	// may add a cookie. d is what Recognize has returned.
	Admitted(ctx context.Context, d *known.Device, a core.Attempt, proofs []core.Proof, answer *core.Response)
}

// Gate implements core.Gate and core.Sessions.
type Gate struct {
	Parts
	choice
	own     string                 // the backend whose pending logins it continues; "" for none
	holders map[string]core.Holder // of the backends that have one, by name
}

var (
	_ core.Gate     = (*Gate)(nil)
	_ core.Sessions = (*Gate)(nil)
)

// New is a Gate of its parts.
func New(p Parts) *Gate {
	g := &Gate{Parts: p, choice: newChoice(p.Flows, p.RequireFactor), holders: map[string]core.Holder{}}
	for _, b := range p.Backends {
		if holder, ok := core.As[core.Holder](b.Transport); ok {
			g.holders[b.Name] = holder
		}
	}
	return g
}

// For returns the gate of the flows of one backend. A pending login goes on
// only at the backend where it began, whose transport has protected the
// request.
func (g *Gate) For(backend string) *Gate { return &Gate{g.Parts, g.choice, backend, g.holders} }

// Admit implements core.Gate.
func (g *Gate) Admit(ctx context.Context, a core.Attempt) (core.Admission, error) {
	if a.Label == "" && a.Request != nil {
		a.Label = useragent.Label(core.Line(a.Request, "User-Agent"))
	}
	return g.admit(ctx, a, append(slices.Clone(a.More), a.Proof))
}

func (g *Gate) admit(ctx context.Context, a core.Attempt, proofs []core.Proof) (core.Admission, error) {
	backend, ok := g.backend(a.Backend)
	if !ok {
		return core.Admission{},
			&core.Error{Status: http.StatusInternalServerError, Cause: fmt.Errorf("no backend is called %q", a.Backend)}
	}
	if a.Actor != nil {
		return g.act(ctx, backend, a)
	}
	u := a.User.Base()
	if err := suspended.Refusal(u, g.Now()); err != nil {
		return core.Admission{}, err
	}
	if g.RequireVerified && !u.IsVerified {
		return core.Admission{}, core.Refuse(core.CodeLoginUserNotVerified)
	}
	missing, err := g.lacks(ctx, a, proofs)
	if err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	if missing.any() {
		return g.suspend(ctx, a, proofs, missing)
	}
	e := &core.Event{
		Kind: core.EventLoggedIn, Backend: a.Backend, Method: proofs[len(proofs)-1].Method, User: a.User, Request: a.Request,
		Actor: core.Principal{Kind: "user", UserID: u.ID}, Identity: a.Identity,
	}
	session := core.Session{
		UserID: u.ID, Backend: a.Backend, Label: a.Label, Epoch: u.TokenEpoch, Proofs: proofs, Brief: a.Brief,
	}
	if a.Request != nil {
		session.IP = a.Request.Remote
	}
	var device *known.Device
	if g.Known != nil {
		device, e.NewDevice = g.Known.Recognize(ctx, a)
	}
	admission, err := g.issue(ctx, backend, core.Login{User: a.User, Session: session}, e, alwaysGood)
	if errors.Is(err, core.ErrInvalid) { // a password change has won
		err = core.Refuse(core.CodeLoginBadCredentials)
	}
	if err == nil && g.Known != nil {
		g.Known.Admitted(ctx, device, a, proofs, admission.Answer)
	}
	return admission, err
}

// alwaysGood is for a login whose checks are done.
func alwaysGood(context.Context) error { return nil }

// issue lets the backend's strategy issue a token, and answers with it once the
// event has been committed, with a last check. It returns core.ErrInvalid where
// the user's epoch has risen since the user was read.
func (g *Gate) issue(
	ctx context.Context, b core.Backend, login core.Login, e *core.Event, check func(context.Context) error,
) (core.Admission, error) {
	commit, err := g.Events.Begin(ctx, e)
	if err != nil {
		return core.Admission{}, err
	}
	token, err := b.Strategy.Issue(ctx, login)
	if errors.Is(err, core.ErrInvalid) {
		return core.Admission{}, core.ErrInvalid
	}
	if err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	token.Brief = login.Session.Brief
	began(e, login.Session, token)
	if err := commit(ctx, check); err != nil {
		g.undo(ctx, b, token)
		return core.Admission{}, err
	}
	answer := core.Empty(http.StatusOK)
	b.Transport.Attach(answer, token)
	return core.Admission{Token: token, Answer: answer}, nil
}

// began completes an event by the session that a token is of, by which its user
// acts from here on.
func began(e *core.Event, s core.Session, t core.Token) {
	s.ID = t.SessionID
	e.Session = &s
	if e.Kind == core.EventLoggedIn {
		e.Actor.SessionID = s.ID
	}
}

func (g *Gate) backend(name string) (core.Backend, bool) {
	for _, b := range g.Backends {
		if b.Name == name {
			return b, true
		}
	}
	return core.Backend{}, false
}

// undo revokes a login that could not be recorded. Nobody has its token.
func (g *Gate) undo(ctx context.Context, b core.Backend, t core.Token) {
	ctx = context.WithoutCancel(ctx)
	found, err := b.Strategy.Verify(ctx, t.Raw)
	if err == nil {
		err = b.Strategy.Revoke(ctx, found.Session)
	}
	if err != nil {
		g.Log.ErrorContext(ctx, "latchkey: a login that was refused at its end could not be revoked; nobody has its token",
			"backend", b.Name, "err", err)
	}
}

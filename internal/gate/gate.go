// Package gate is the one door between a proof and a login, and what may be done with logins that exist.
//
//	g := gate.New(gate.Parts{Backends: backends, Users: users, …})
//	admission, err := g.Admit(ctx, core.Attempt{User: user, Proof: core.Proof{Method: "password", At: now}, Backend: "web"})
//
// Security notes: only here a strategy is asked to issue, so no flow can skip the checks: active, verified where that is required, every
// factor, the application's BeforeLogin. An inactive user gets the answer of a wrong password.
package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
)

const (
	pendingLifetime = 10 * time.Minute
	pendingTries    = 5
	maxLabel        = 200 // bytes
)

// Parts are what a Gate is made of.
type Parts struct {
	Backends        []core.Backend
	Users           core.Users
	Tickets         core.TicketStore // may be nil without Factors
	Factors         []core.Factor
	RequireVerified bool
	ForgetEpoch     func(userID string) // what is known of the user's epoch is no more
	Before          func(context.Context, *core.Event) error
	After           func(context.Context, core.Event)
	Later           func(string, func(context.Context) error)
	Log             *slog.Logger
	Now             func() time.Time
	Random          io.Reader
}

// Gate implements core.Gate and core.Sessions.
type Gate struct{ Parts }

var (
	_ core.Gate     = (*Gate)(nil)
	_ core.Sessions = (*Gate)(nil)
)

// New is a Gate of its parts.
func New(p Parts) *Gate { return &Gate{p} }

// pending is what a pending ticket keeps of a login between its proofs.
type pending struct {
	Backend, Label string
	Proofs         []core.Proof
}

// Admit implements core.Gate.
func (g *Gate) Admit(ctx context.Context, a core.Attempt) (core.Admission, error) {
	if a.Label == "" && a.Request != nil {
		a.Label = label(core.Line(a.Request, "User-Agent"))
	}
	return g.admit(ctx, a, []core.Proof{a.Proof})
}

func (g *Gate) admit(ctx context.Context, a core.Attempt, proofs []core.Proof) (core.Admission, error) {
	backend, ok := g.backend(a.Backend)
	if !ok {
		return core.Admission{}, &core.Error{Status: http.StatusInternalServerError, Cause: fmt.Errorf("no backend is called %q", a.Backend)}
	}
	u := a.User.Base()
	if !u.IsActive {
		return core.Admission{}, core.Refuse(core.CodeLoginBadCredentials)
	}
	if g.RequireVerified && !u.IsVerified {
		return core.Admission{}, core.Refuse(core.CodeLoginUserNotVerified)
	}
	missing, err := g.missing(ctx, a.User, proofs)
	if err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	if missing != nil {
		return g.suspend(ctx, a, proofs, missing)
	}
	e := core.Event{Moment: core.LoggedIn, Backend: a.Backend, Method: proofs[len(proofs)-1].Method, User: a.User, Request: a.Request}
	if err := g.Before(ctx, &e); err != nil {
		return core.Admission{}, err
	}
	session := core.Session{UserID: u.ID, Backend: a.Backend, Label: a.Label, Epoch: u.TokenEpoch, Proofs: proofs}
	if a.Request != nil {
		session.IP = a.Request.Remote
	}
	token, err := backend.Strategy.Issue(ctx, core.Login{User: a.User, Session: session})
	if errors.Is(err, core.ErrInvalid) { // the epoch has moved on since the user was read: a password change won
		return core.Admission{}, core.Refuse(core.CodeLoginBadCredentials)
	}
	if err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	answer := core.NewResponse(http.StatusOK, nil)
	backend.Transport.Attach(answer, token)
	g.After(ctx, e)
	return core.Admission{Token: token, Answer: answer}, nil
}

func (g *Gate) missing(ctx context.Context, u core.AnyUser, done []core.Proof) (methods []string, err error) {
	for _, f := range g.Factors {
		asks, err := f.Asks(ctx, u, done)
		if err != nil {
			return nil, err
		}
		if asks {
			methods = append(methods, f.Method())
		}
	}
	return methods, nil
}

// suspend keeps the login as a pending ticket. The answer is a 403, so that a client that knows nothing of factors takes it for a refusal.
func (g *Gate) suspend(ctx context.Context, a core.Attempt, proofs []core.Proof, missing []string) (core.Admission, error) {
	raw, digest, err := core.NewSecret(g.Random)
	if err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	data, err := json.Marshal(pending{Backend: a.Backend, Label: a.Label, Proofs: proofs})
	if err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	u := a.User.Base()
	err = g.Tickets.Put(ctx, core.Ticket{
		Digest: digest, Purpose: "pending", UserID: u.ID, Email: u.EmailKey, Epoch: u.TokenEpoch, Data: data,
		Expires: g.Now().Add(pendingLifetime),
	}, false)
	if err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	answer := core.NewResponse(http.StatusForbidden, map[string]any{
		"detail": map[string]any{"code": core.CodeLoginFactorRequired, "pending": raw, "factors": missing},
	})
	return core.Admission{Pending: raw, Factors: missing, Answer: answer}, nil
}

// Continue implements core.Gate.
func (g *Gate) Continue(ctx context.Context, raw string, r *core.Request, prove func(context.Context, core.AnyUser) (core.Proof, error)) (core.Admission, error) {
	refused := core.Refuse(core.CodeLoginBadCredentials)
	digest := core.Digest(raw)
	t, err := g.Tickets.Find(ctx, "pending", digest)
	if errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrUsed) {
		return core.Admission{}, refused
	}
	if err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	u, err := g.Users.Find(ctx, core.ByID(t.UserID))
	if errors.Is(err, core.ErrNotFound) || err == nil && u.Base().TokenEpoch != t.Epoch {
		return core.Admission{}, refused
	}
	if err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	// Counted before it is tried, so that concurrent guesses cannot exceed the limit: the one beyond it kills the ticket.
	switch err := g.Tickets.Fail(ctx, "pending", digest, pendingTries+1); {
	case errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrUsed):
		return core.Admission{}, refused
	case err != nil:
		return core.Admission{}, core.Unavailable(err)
	}
	proof, err := prove(ctx, u)
	if err != nil {
		return core.Admission{}, err
	}
	// Another request may have used or killed the ticket while this one proved.
	switch _, err := g.Tickets.Consume(ctx, "pending", digest); {
	case errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrUsed):
		return core.Admission{}, refused
	case err != nil:
		return core.Admission{}, core.Unavailable(err)
	}
	var p pending
	if err := json.Unmarshal(t.Data, &p); err != nil {
		return core.Admission{}, core.Unavailable(err)
	}
	a := core.Attempt{User: u, Proof: proof, Request: r, Backend: p.Backend, Label: p.Label}
	return g.admit(ctx, a, append(p.Proofs, proof))
}

func (g *Gate) backend(name string) (core.Backend, bool) {
	for _, b := range g.Backends {
		if b.Name == name {
			return b, true
		}
	}
	return core.Backend{}, false
}

// label makes a User-Agent fit to be stored and shown.
func label(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, strings.ToValidUTF8(agent, ""))
	for len(agent) > maxLabel {
		_, size := utf8.DecodeLastRuneInString(agent)
		agent = agent[:len(agent)-size]
	}
	return agent
}

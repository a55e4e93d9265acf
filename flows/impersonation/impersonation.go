// Package impersonation is the flow by which an administrator acts as a user,
// to see what they see: POST /impersonate and POST /impersonate/end of a
// backend.
//
//	latchkey.New(users, latchkey.Options[Account]{
//		Flows: []latchkey.Flow{impersonation.Flow{}}, …
//	})
//
// Security notes. The actor is part of the session, and is checked again for
// each request: who is no superuser any more, is blocked, or has a new
// password, acts as nobody. Nobody acts as themselves, as a superuser, or by a
// session in which they act already. The session has no proofs and is not in
// person, so that nothing sensitive is done by it (core.InPerson,
// Security.Secure), and it ends after an hour. Nothing of the administrator's
// is kept in the browser: to come back is to get a new login in place of the
// one that they had, with its proofs as old as they were. Whatever happens has
// the administrator in its event's Actor.
package impersonation

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/reason"
)

// Flow is impersonation. The zero value is ready.
type Flow struct {
	// Allow are conditions on who may act as somebody, beside
	// core.Superuser and a recent proof. They are not checked again while
	// somebody acts. Default: none.
	Allow []core.Guard
}

// Name is "impersonation".
func (Flow) Name() string { return "impersonation" }

// PerBackend is true.
func (Flow) PerBackend() bool { return true }

// Routes are the two.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	if svc.Tickets == nil {
		return nil, errors.New("flow impersonation needs Options.Tickets, so that who acts comes back once")
	}
	mine := core.Via(svc.Backend.Name)
	guards := slices.Concat(svc.Env.AccountGuards, []core.Guard{mine, core.Superuser, core.InPerson}, f.Allow,
		[]core.Guard{svc.Security.Secure()})
	return []core.Route{
		{
			Name: "impersonation:" + svc.Backend.Name + ".begin", Method: http.MethodPost, Pattern: "/impersonate",
			Guards: guards,
			Doc: core.Doc{
				Summary: "Act as a user",
				Body: struct {
					UserID string `json:"user_id"`
					Reason string `json:"reason" openapi:"description=1 to 200 characters."`
				}{},
				Codes: []string{core.CodeImpersonationRefused, core.CodeProofRequired, "404 Not Found"},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return begin(ctx, svc, r) },
		},
		{
			Name: "impersonation:" + svc.Backend.Name + ".end", Method: http.MethodPost, Pattern: "/impersonate/end",
			Guards: []core.Guard{mine},
			Doc: core.Doc{
				Summary: "Act for oneself again", MayBeEmpty: true, Codes: []string{core.CodeNotImpersonating},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				admission, err := svc.Gate.Return(ctx, r)
				return admission.Answer, err
			},
		},
	}, nil
}

func begin(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	in, err := core.ReadJSON(r)
	if in == nil {
		return nil, err
	}
	id, noID := in.Required("user_id")
	why, badReason := in.Required("reason")
	if badReason == nil {
		why, badReason = reason.Check(why)
	}
	if err := core.AddProblems(err, noID, badReason); err != nil {
		return nil, err
	}
	u, err := svc.Users.Find(ctx, core.ByID(id))
	if errors.Is(err, core.ErrNotFound) {
		return nil, core.NotFound()
	}
	if err != nil {
		return nil, core.Unavailable(err)
	}
	admission, err := svc.Gate.Admit(ctx, core.Attempt{
		User: u, Request: r, Backend: svc.Backend.Name, Actor: core.CurrentFrom(ctx).Session, Reason: why,
	})
	return admission.Answer, err
}

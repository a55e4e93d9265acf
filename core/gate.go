package core

import (
	"context"
	"time"
)

// Attempt is a proof that a flow hands to the gate.
type Attempt struct {
	User    AnyUser
	Proof   Proof
	More    []Proof  // earlier proofs of the same login
	Request *Request // nil outside HTTP
	Backend string
	Label   string // of the session; "" for the request's User-Agent
	// Brief: the client forgets the login with the browser; see
	// Object.Brief.
	Brief bool
	// Actor is the session of an administrator who is to act as User; nil
	// for a login. There is no Proof then, and no factor is needed. The
	// session has the Actor and no proofs, and ends after ActorLifetime.
	// The gate refuses with 403 IMPERSONATION_REFUSED unless the actor is
	// in person and an active superuser, and User somebody else who is
	// neither blocked nor a superuser. Reason is that of the event.
	Actor  *Session
	Reason string
	// Identity is who a provider says it is, for BeforeLogin; nil for a
	// login without a provider. The gate keeps it, shortened by
	// OAuthIdentity.Portable, while a factor is missing.
	Identity *OAuthIdentity
}

// Admission is the gate's answer to a good attempt.
type Admission struct {
	Token Token
	// Pending is a ticket's secret where factors are missing; Token is zero
	// then. Factors are the methods of which one may come next. Where the
	// user has none and one is required, Enrol are those that they can get
	// now, and Factors is nil.
	Pending        string
	Factors, Enrol []string
	// Answer is the backend's login answer, or the one that names what is
	// missing. A flow returns it.
	Answer *Response
}

// Pending is a login that waits for a factor.
type Pending struct {
	// ID is the hexadecimal digest of the ticket's secret. It is for what
	// belongs to this login alone, as a challenge.
	ID      string
	User    AnyUser
	Backend string
	Proofs  []Proof
	// Factors and Enrol are those of an Admission.
	Factors, Enrol []string
	// Expires is when the login has to begin anew.
	Expires time.Time
}

// Prove returns the next proof of a user. It may enrol them meanwhile; where
// that raises the TokenEpoch it brings u up to date, for the token that is
// issued next has u's epoch. Its error is the answer.
type Prove func(ctx context.Context, u AnyUser) (Proof, error)

// Gate is the one door that turns a proof into a login: active, verified if
// required, factors, hooks. Its refusals are *Error.
//
// All but Admit are of the gate's own backend: the gate of a flow that is made
// once for all backends refuses them.
type Gate interface {
	Admit(ctx context.Context, a Attempt) (Admission, error)
	// Peek returns the login of a pending ticket; "" is the one that the
	// request's cookie holds (see Holder). It refuses what Continue
	// refuses, and counts nothing.
	Peek(ctx context.Context, pending string, r *Request) (Pending, error)
	// Continue goes on from a pending ticket, as Peek finds it. prove runs
	// five times at most for a ticket, and never for an inactive user.
	Continue(ctx context.Context, pending string, r *Request, prove Prove) (Admission, error)
	// Prove adds a proof to the login of ctx (a step-up) and issues a new
	// token for it, in place of the one that the request brought, which is
	// revoked Options.StepUpGrace later. The login stays as old as it is
	// and keeps its other proofs. The route's guards have let the user in,
	// with a credential of this backend (Via); another one's is a 401. It
	// bounds no tries: that is the factor's.
	Prove(ctx context.Context, r *Request, prove Prove) (Admission, error)
	// Return ends the login of ctx, which has an Actor (409
	// NOT_IMPERSONATING without), and issues one to the actor in place of
	// their own, with its proofs as they were. Where that has ended, or the
	// strategy cannot list it, as jwt cannot, the answer is a 204 by which
	// the client forgets its token, and Token is zero.
	Return(ctx context.Context, r *Request) (Admission, error)
	Renewals
}

package core

import "context"

// Attempt is a proof that a flow hands to the gate.
type Attempt struct {
	User    AnyUser
	Proof   Proof
	More    []Proof  // earlier proofs of the same login
	Request *Request // nil outside HTTP
	Backend string
	Label   string // of the session; "" for the request's User-Agent
}

// Admission is the gate's answer to a good attempt.
type Admission struct {
	Token Token
	// Pending is a ticket's secret where factors are missing; Token is zero
	// then.
	Pending string
	Factors []string
	// Answer is the backend's login answer, or the one that names what is
	// missing. A flow returns it.
	Answer *Response
}

// Gate is the one door that turns a proof into a login: active, verified if
// required, factors, hooks. Its refusals are *Error.
type Gate interface {
	Admit(ctx context.Context, a Attempt) (Admission, error)
	// Continue goes on from a pending ticket of this gate's backend; "" is
	// the one that the request's cookie holds (see Holder). prove returns
	// the next proof. It runs five times at most for a ticket, and never
	// for an inactive user. The gate of a flow that is made once for all
	// backends refuses.
	Continue(ctx context.Context, pending string, r *Request,
		prove func(context.Context, AnyUser) (Proof, error)) (Admission, error)
}

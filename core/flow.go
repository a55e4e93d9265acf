package core

import "context"

// Flow is something a person does: routes made from Services, once, or once per
// backend. It ends in a proof and hands it to the gate; it never sees a
// strategy. latchkey.New finds out once which of Factor, Listener, Witness,
// Decider and Purger a Flow is besides.
type Flow interface {
	Name() string // of the group: "login", "register", "reset"
	PerBackend() bool
	// Routes is called once while latchkey.New runs. Its error names what
	// is missing; New joins it with the others.
	Routes(svc *Services) ([]Route, error)
}

// Factor is a flow that can prove a user once more after the first proof.
type Factor interface {
	Method() string // "totp"
	// Asks reports whether the gate must ask u for this factor, given what
	// was proved already.
	Asks(ctx context.Context, u AnyUser, done []Proof) (bool, error)
}

// Decider is a flow that may refuse what is about to happen, or edit its event
// (optional). Decide runs once, outside any transaction, after the
// application's Before hook, which may have edited the event's user. An *Error
// is the answer as it is, any other error is a 503.
type Decider interface {
	Decide(ctx context.Context, svc *Services, e *Event) error
}

// Witness is a flow that takes part in the transaction of what happens: an
// audit log, a rule that must hold whatever else happens at once (optional).
// Its error undoes everything: an *Error is the answer as it is, any other
// error is a 503. It may run again, so it has no other effects. It locks rows
// of its own in one order, after those of users.
//
// Where the user store has no transactions (Users.Atomic is false) it runs
// after the change, which stands: its error is only logged. A Witness that
// enforces a rule refuses such a store in Routes.
type Witness interface {
	Witness(ctx context.Context, svc *Services, e Event) error
}

// Listener is a flow that hears what happened, after the commit and before the
// application's After hook (optional). The answer waits for it; slow work goes
// to Jobs.
type Listener interface {
	On(ctx context.Context, svc *Services, e Event)
}

// Purger is a flow that keeps something by which users log in, beside their
// password (optional). Purge removes all of a user's and returns how many it
// removed. It joins the transaction of ctx.
type Purger interface {
	Purge(ctx context.Context, userID string) (removed int, err error)
}

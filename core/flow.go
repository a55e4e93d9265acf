package core

import (
	"context"
	"time"
)

// Flow is something a person does: routes made from Services, once, or once per
// backend. It ends in a proof and hands it to the gate; it never sees a
// strategy. latchkey.New finds out once which of Factor, Waiver, Way, Listener,
// Witness, Decider, Purger and Exporter a Flow is besides.
type Flow interface {
	Name() string // of the group: "login", "register", "reset"
	PerBackend() bool
	// Routes is called once while latchkey.New runs. Its error names what
	// is missing; New joins it with the others.
	Routes(svc *Services) ([]Route, error)
}

// Factor is a flow that can prove a user once more after the first proof. It
// says whether it asks, and depends on no other factor: the gate decides
// how many and which. It is PerBackend, and its flow continues pending logins
// by Gate.Continue. The optional interfaces beside it are Offerer, Enroller,
// LastResort and Kinder.
type Factor interface {
	Method() string // "totp"
	// Asks reports whether the gate must still require this factor of u,
	// given the proofs in done, of which there is one at least. One for
	// which another factor will do returns false once done is strong
	// (Security.Strong); a step that nothing else replaces goes on asking
	// until done has its own proof. An error is a 503, never a login.
	Asks(ctx context.Context, u AnyUser, done []Proof) (bool, error)
}

// Offerer is a Factor that a user may choose although it does not ask: recovery
// codes in place of a lost device (optional). The gate offers it wherever
// another factor asks, or Options.RequireFactor requires one, unless done has a
// proof by its method.
type Offerer interface {
	Offers(ctx context.Context, u AnyUser, done []Proof) (bool, error)
}

// Enroller is a Factor that a user can get inside a pending login, where one is
// required of them and they have none (optional). Its flow enrols only where
// Gate.Peek returns its method in Enrol: one who has the password alone must
// not add a factor to an account that has one.
type Enroller interface {
	Enrols(ctx context.Context, u AnyUser) (bool, error)
}

// LastResort is a Factor for users who have no other one (optional). Its Asks
// is called only where no other factor asks and the proofs so far are not
// strong, so that it never replaces a better one.
type LastResort interface {
	LastResort() bool
}

// Kinder is a Factor whose proofs are not a thing (optional). See ProofKind.
type Kinder interface {
	Kind() ProofKind
}

// Waiver is a flow that may spare a login its factors: a browser that the user
// trusts (optional). It spares no enrolment, and what it spared is not proved:
// a guard that requires two kinds refuses such a login.
type Waiver interface {
	Waives(ctx context.Context, a Attempt) (bool, error)
}

// Way is a flow by which users log in without another one (optional). Ways
// returns how many ways in the user has by it: 1 for a password, 1 for each
// account at a provider. It joins the transaction of ctx.
type Way interface {
	Ways(ctx context.Context, u AnyUser) (int, error)
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

// Marker is a Purger that can remove what was added since a moment alone
// (optional). What it keeps in the CredentialStore, as a Keeper, needs none: a
// Credential has its time.
type Marker interface {
	// Mark returns the IDs of what the user has now.
	Mark(ctx context.Context, userID string) (ids []string, err error)
	// PurgeBut is Purge without what has one of the IDs.
	PurgeBut(ctx context.Context, userID string, ids []string) (removed int, err error)
}

// Mark is what opened a user's account at a moment, beside their password.
type Mark struct {
	At time.Time
	// IDs are those of every Marker, by the name of its flow.
	IDs map[string][]string
}

// Binder is a flow that reads services outside its routes too, as a Factor does
// whose Asks looks into the credential store (optional). latchkey.New calls
// Bind once, first of all, and uses the flow that it returns in place of this
// one. svc is empty then: New has filled it in when it calls Routes. A
// decorator that wraps a Binder implements Bind itself and returns a decorator.
type Binder interface {
	Bind(svc *Services) Flow
}

// Keeper is a flow that keeps credentials which their owner sees and removes
// (optional): its routes are GET, PATCH and DELETE /factors.
type Keeper interface {
	Keeps() Kept
}

// Kept describes the credentials that a Keeper keeps.
type Kept struct {
	Kind string // of the Credential
	// Beside: they only stand in for a factor, as recovery codes do or a
	// trusted browser, and go with the last credential that is one.
	Beside bool
	// Optional: a login needs them only where their owner says so, by PUT
	// /second-factor, which keeps a Credential of KindSecond.
	Optional bool
	// Way reports whether one logs in alone, so that it may be the last way
	// in; nil where each of a Keeper that is a Way does. It reads Data that
	// the flow has written.
	Way func(*Credential) bool
	// Left returns how often one may still be used; nil for any number of
	// times. It reads Data that the flow has written.
	Left func(*Credential) int
}

// Exporter is a flow that keeps something of users which belongs into the copy
// of their data (optional): POST /users/me/export, Manager.Export.
type Exporter interface {
	// Exports returns the name of its member in the copy, which no other
	// flow has, and a zero value of what Export returns, for the OpenAPI
	// document. Both are always the same.
	Exports(svc *Services) (name string, form any)
	// Export returns what the flow keeps of u, as JSON has it. Nothing of
	// others is in it, no hash, no token and nothing that opens an account:
	// the copy may end anywhere. It bounds what it returns, as all of it is
	// in memory. Its error fails the whole copy.
	Export(ctx context.Context, svc *Services, u AnyUser) (any, error)
}

// Unlocker is a Factor that failed attempts can lock (optional). Unlock makes
// the user's usable again; there may be none.
type Unlocker interface {
	Unlock(ctx context.Context, userID string) error
}

// Rekeyer is a flow that seals what it keeps with the vault's keys (optional).
// Rekey seals anew what was sealed with another key than the first one, and
// returns how much that was. It may run beside everything else, and again.
type Rekeyer interface {
	Rekey(ctx context.Context) (resealed int, err error)
}

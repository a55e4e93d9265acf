package core

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/url"
	"time"
)

// Flow is something a person does: routes made from a Kit, once, or once per
// backend. It ends in a proof and hands it to the gate; it never sees a
// strategy. A Flow that is also a Factor or a Listener is found by
// latchkey.New.
type Flow interface {
	Name() string // of the group: "login", "register", "reset"
	PerBackend() bool
	// Routes is called once while latchkey.New runs. Its error names what
	// is missing; New joins it with the others.
	Routes(kit Kit) ([]Route, error)
}

// Factor is a flow that can prove a user once more after the first proof.
type Factor interface {
	Method() string // "totp"
	// Asks reports whether the gate must ask u for this factor, given what
	// was proved already.
	Asks(ctx context.Context, u AnyUser, done []Proof) (bool, error)
}

// Listener is a flow that hears what happened, after the commit (as the hooks
// named After… do, and before them).
type Listener interface {
	On(ctx context.Context, kit Kit, e Event)
}

// Purger is a flow that keeps something by which users log in, beside their
// password (optional). Purge removes all of a user's and returns how many it
// removed. It joins the transaction of ctx.
type Purger interface {
	Purge(ctx context.Context, userID string) (removed int, err error)
}

// Attempt is a proof that a flow hands to the gate.
type Attempt struct {
	User    AnyUser
	Proof   Proof
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
	// Answer is the backend's login answer, or the one that tells what is
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

// Passwords hashes and checks behind the governor: as many at once as there are
// cores, a bounded queue that is fair between askers, then 503 with
// Retry-After.
type Passwords interface {
	// Judge asks the password policy. u carries the e-mail that the
	// password must not be. It returns *Error with a ReasonCode.
	Judge(ctx context.Context, password string, u AnyUser) error
	Hash(ctx context.Context, by Asker, password string) (PasswordHash, error)
	// Check compares; for a nil user, or one without a usable hash, it does
	// the work of today's parameters and says false. A hash of older
	// parameters is replaced after a success.
	Check(ctx context.Context, by Asker, u AnyUser, password string) (bool, error)
}

// Sessions is what flows may do with logins that exist.
type Sessions interface {
	// List returns a user's living sessions of all backends that can list,
	// newest first.
	List(ctx context.Context, userID string) ([]*Session, error)
	// Revoke ends one, through the backend that issued it.
	Revoke(ctx context.Context, s *Session) error
	// EndAll ends all sessions of u below its TokenEpoch (raised and
	// committed by the caller) in every backend, except keep. It cannot
	// fail the caller: the epoch protects already, and the clean-up is
	// retried in the background.
	EndAll(ctx context.Context, u AnyUser, keep *Session)
	// EndOthers raises the user's TokenEpoch and ends all sessions but
	// keep.
	EndOthers(ctx context.Context, userID string, keep *Session) error
}

// Codec moves input into a user's writable columns and a user out to its public
// form.
type Codec interface {
	// Input writes the members of in that the application's type tags with
	// when ("register", "update"). Its error is a 422.
	Input(u AnyUser, in Object, when string) error
	// Output is what clients see of a user.
	Output(u AnyUser) any
}

// Kit is what a flow is given. It is a struct, so that it can grow; it never
// holds a strategy.
type Kit struct {
	Backend  string   // of a flow made once per backend, else ""
	Ambient  bool     // browsers send the Backend's token by themselves (a cookie)
	Backends []string // all names
	BaseURL  *url.URL // of links in mails; nil if none is configured
	Users    Users
	Tickets  TicketStore // nil if none is configured
	// Transact runs do in a transaction of the user store, or, where that
	// has none (Atomic is false), just runs it.
	Transact func(ctx context.Context, do func(context.Context) error) error
	Atomic   bool
	// Recheck is Transact for a change that the login of ctx allows. It
	// checks that the session still lives, locks the rows of its user and
	// of the targets (IDs of users) in the order of their IDs, and requires
	// of the caller's row: active, of the session's epoch, and let in by
	// the guards of the route. Then it runs do; else it returns a 401 or
	// the guard's refusal. It returns ErrNotFound for a target that does
	// not exist.
	//
	// Without transactions the same is checked right before do, and again
	// where do updates the caller's own row (the guards are not called
	// there: a flag that was lost meanwhile is a 403). Outside of
	// Latchkey's own routes (a Manager's call, a job) and on public ones it
	// is Transact alone. A strategy without Rechecker does not notice a
	// logout. do may run again, and its errors are returned as they are.
	Recheck func(ctx context.Context, targets []string, do func(context.Context) error) error
	// Purge removes whatever beside the password opens the user's account,
	// by every Purger, and returns how much it removed.
	Purge     func(ctx context.Context, userID string) (removed int, err error)
	NewID     func() string // gives the ID that a user will have; nil if the user store cannot
	Gate      Gate
	Codec     Codec
	Passwords Passwords
	Sessions  Sessions
	Limiter   Limiter // that limits nothing where the application has switched limits off
	EmailKey  Canonicalizer
	// Mail sends a mail, in a job of LaterMail. nil if no Sender is
	// configured.
	Mail func(ctx context.Context, m Mail) error
	// Later runs do outside the request, and again after an error, with
	// growing pauses.
	Later func(name string, do func(context.Context) error)
	// LaterMail is Later for jobs that look up who gets a mail, make its
	// ticket and send it. They begin at random within Options.MailDelay, so
	// that neither the request that queued them nor the next one takes
	// longer by what they do. A request queues the same job for every
	// address.
	LaterMail func(name string, do func(context.Context) error)
	// Clear makes the client forget the token of a backend.
	Clear func(resp *Response, backend string)
	// Keys returns the public keys of all backends.
	Keys   func() []json.RawMessage
	Before func(ctx context.Context, e *Event) error
	After  func(ctx context.Context, e Event)
	// RequireVerified: only verified users log in and use the routes of
	// their own account, which Own guards.
	RequireVerified bool
	Own             []Guard
	Log             *slog.Logger
	Now             func() time.Time
	Random          io.Reader
}

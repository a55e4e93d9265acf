package core

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"time"
)

// Services is what a flow works with. latchkey.New makes one for every flow
// that is made once, and one for each backend of the others; they differ in
// Backend and Gate alone. Flows read it, never change it, and never compare the
// pointer. It is a struct so that it can grow.
type Services struct {
	// Backend is the one that the flow was made for; its Name is "" for a
	// flow made once.
	Backend     BackendInfo
	Users       Users
	Tickets     TicketStore     // nil if none is configured
	Credentials CredentialStore // nil if none is configured
	// Vault seals the secrets that flows keep: the first key seals, all
	// open. Empty if none is configured.
	Vault []VaultKey
	// Limiter is never nil: it allows everything where the application has
	// switched limits off.
	Limiter   Limiter
	Gate      Gate
	Sessions  Sessions
	Passwords Passwords
	Codec     Codec
	// CanonicalEmail returns the canonical form of an address, blanks
	// around it cut off; see Canonicalizer.
	CanonicalEmail Canonicalizer
	// Identify returns the key of what a person types to say who they are:
	// of an address, or of a user name where the user type has Named.
	Identify Identifier
	// Mail sends a mail now; call it in a job. nil if no Sender is
	// configured.
	Mail     Sender
	Jobs     Jobs
	Events   Events
	Security Security
	Pages    Pages
	Env      Env
}

// BackendInfo is what a flow sees of a backend; it never sees a strategy.
type BackendInfo struct {
	Name string
	// BrowserSent reports whether browsers send the backend's token by
	// themselves, as they send a cookie.
	BrowserSent bool
	// InsecureHTTP reports whether the transport is set up for plain http,
	// so that cookies have to do without Secure and __Host-.
	InsecureHTTP bool
	// Cookie is the name of the cookie in which the backend's token
	// travels, "" for another transport. The name of a flow's own cookie is
	// that, a dash and a word.
	Cookie string
	// Renews reports whether the backend's logins have a refresh token (see
	// Renewer), and CarriesRefresh whether its transport carries that one
	// too (see RefreshCarrier): else it is in the body.
	Renews, CarriesRefresh bool
}

// Env is the application's environment.
type Env struct {
	// BaseURL is where links in mails lead, and where providers send
	// browsers back to; nil if none is configured.
	BaseURL *url.URL
	// AccountGuards guard what users do with their own account: Verified
	// where the application requires verified addresses, else none.
	AccountGuards []Guard
	// EmailOptional reports whether users may have no address.
	EmailOptional bool
	Log           *slog.Logger
	Now           func() time.Time
	Random        io.Reader
}

// Jobs runs work outside the request. A job that returns an error is run again
// with growing pauses, for about a minute.
type Jobs interface {
	// Enqueue runs do as soon as possible. name is for logs.
	Enqueue(name string, do func(context.Context) error)
	// EnqueueMail is Enqueue for jobs that look up who gets a mail, make
	// its ticket and send it. They start at random within
	// Options.MailDelay, so that neither the request that queued them nor
	// the next one takes longer by what they do. A request queues the same
	// job for every address.
	EnqueueMail(name string, do func(context.Context) error)
}

// Passwords hashes and checks behind the governor: as many at once as there are
// cores, a bounded queue that is fair between askers, then 503 with
// Retry-After.
type Passwords interface {
	// CheckPolicy returns the policy's refusal of a new password, an *Error
	// with a ReasonCode. u carries the address that the password must not
	// be.
	CheckPolicy(ctx context.Context, password string, u AnyUser) error
	Hash(ctx context.Context, by Asker, password string) (PasswordHash, error)
	// Check compares; for a nil user, or one without a usable hash, it does
	// the work of today's parameters and returns false. A hash of older
	// parameters is replaced after a success.
	Check(ctx context.Context, by Asker, u AnyUser, password string) (bool, error)
}

// Sessions is what flows may do with logins that exist.
type Sessions interface {
	// List returns a user's living sessions of all backends that can list,
	// newest first.
	List(ctx context.Context, userID string) ([]*Session, error)
	// Revoke revokes one, through the backend that issued it.
	Revoke(ctx context.Context, s *Session) error
	// Logout revokes s and makes the client forget its token and that of
	// the backend named.
	Logout(ctx context.Context, s *Session, resp *Response, backend string) error
	// RevokeAll raises the user's TokenEpoch, which revokes all sessions
	// and self-contained tokens of every backend, except keep.
	RevokeAll(ctx context.Context, userID string, keep *Session) error
}

// Codec moves input into a user's writable columns and a user out to its public
// form.
type Codec interface {
	// Input writes the members of in that the application's type tags with
	// when ("register", "update"). It returns what is wrong with them, for
	// a 422 (see InvalidProblems).
	Input(u AnyUser, in Object, when string) []*Problem
	// Output returns what clients see of a user: the fields with a json
	// tag, as encoding/json writes them.
	Output(u AnyUser) any
	// Columns returns the columns that Input writes with when, in the order
	// of their fields.
	Columns(when string) []Column
}

// Security answers what concerns the safety of a whole account, across flows.
type Security interface {
	// Purge removes whatever besides the password opens the user's account,
	// by every Purger, and returns how much it removed. It joins the
	// transaction of ctx.
	Purge(ctx context.Context, userID string) (removed int, err error)
	// Mark returns what opens the user's account besides the password. at
	// is the present, or a little before.
	Mark(ctx context.Context, userID string, at time.Time) (Mark, error)
	// PurgeSince is Purge without what the mark has: credentials that are
	// older than it, and what it names. Of a Purger that is neither a
	// Keeper nor a Marker everything goes. It joins the transaction of ctx.
	PurgeSince(ctx context.Context, userID string, m Mark) (removed int, err error)
	// Secure returns the guard of what is sensitive: it refuses as Secured
	// does.
	Secure() Guard
	// Secured returns nil where the login of ctx is in person (see
	// InPerson) and, with the proofs in extra, has a proof that is not
	// older than Options.FreshFor, and none of the user's factors still
	// asks. Proofs that were made elsewhere do not count (see MadeHere).
	// Otherwise it returns the 403 PROOF_REQUIRED that names what would do,
	// the plain 403 where nothing would, or a 503. ctx must have a user.
	Secured(ctx context.Context, extra ...Proof) error
	// MayProve returns nil where one more proof of ctx's login may be by a
	// method, as Gate.Prove decides afterwards: else the 403 or a 503. A
	// flow asks before it sends somebody what to prove with.
	MayProve(ctx context.Context, method string) error
	// Strong reports whether proofs are enough for two; see
	// ProofKinds.Strong.
	Strong(done []Proof) bool
	// Ways returns in how many ways u can log in, by every Way. A flow that
	// takes one away asks in the transaction that locked the user's row.
	Ways(ctx context.Context, u AnyUser) (int, error)
	// HasFactor reports whether a login of u by a password needs a second
	// factor that u has.
	HasFactor(ctx context.Context, u AnyUser) (bool, error)
	// NeedsFactor reports whether the application requires one of u; see
	// Options.RequireFactor.
	NeedsFactor(ctx context.Context, u AnyUser) (bool, error)
	// StillLoggedIn returns nil while the login of ctx would be let in by
	// the guards of its route, as a Commit checks, else the 401 or 403.
	StillLoggedIn(ctx context.Context) error
}

package core

import (
	"context"
	"net/netip"
	"time"
)

// EventKind names what happened. Its values are those of an audit log.
type EventKind string

// The kinds of events.
const (
	EventRegistered  EventKind = "register"
	EventLoggedIn    EventKind = "login"
	EventLoginFailed EventKind = "login.refused"
	// EventProved is a login that was proved once more (a step-up).
	EventProved    EventKind = "proved"
	EventLoggedOut EventKind = "logout"
	EventUpdated   EventKind = "user.updated"
	// EventEmailRequested is a new address that a user has asked for, and
	// that counts once it is confirmed.
	EventEmailRequested EventKind = "email.requested"
	// EventEmailUndone is a change of address that the mailbox before has
	// undone, with everything that came after it. An EventUpdated follows,
	// and runs no hook but AfterUpdate.
	EventEmailUndone     EventKind = "email.undone"
	EventVerifyRequested EventKind = "verify.requested"
	EventEmailVerified   EventKind = "verified"
	EventResetRequested  EventKind = "password.reset_requested"
	// EventResetLink is a link that resets a password, made for the
	// operator of an application and not mailed.
	EventResetLink EventKind = "password.reset_link"
	// EventResetForced is a password that an administrator has made
	// unusable, with a mail by which the user sets another one.
	EventResetForced   EventKind = "password.reset_forced"
	EventPasswordReset EventKind = "password.reset"
	// EventSuspended is a user who may not use their account for a while,
	// or for good; Reason says why. EventReinstated is one who may again,
	// before a suspension has ended by itself, which is no event.
	EventSuspended  EventKind = "user.suspended"
	EventReinstated EventKind = "user.reinstated"
	EventDeleted    EventKind = "user.deleted"
	// EventLeaving is a user who has deleted their account, which is
	// suspended until it is removed. EventLeavingUndone is one whose
	// mailbox has undone that.
	EventLeaving       EventKind = "user.leaving"
	EventLeavingUndone EventKind = "user.leaving_undone"
	// EventExported is a copy of what is kept of a user.
	EventExported EventKind = "export.made"
	EventLinked   EventKind = "oauth.linked"
	EventUnlinked EventKind = "oauth.unlinked"
	// EventFactorAdded is a credential that was added: a second factor, a
	// passkey, recovery codes in place of the former ones. Method is that
	// of its proofs, or the word of what it spares them; Target is its ID.
	EventFactorAdded EventKind = "factor.added"
	// EventFactorRemoved is one that was removed. Without a Target it is
	// everything that opened the account beside its password, which went to
	// the one who proved the address: accounts at providers are among it.
	EventFactorRemoved EventKind = "factor.removed"
	// EventFactorRenamed is one whose Label its owner has changed.
	EventFactorRenamed EventKind = "factor.renamed"
	// EventFactorRefused is a second factor that proved nothing, shown by
	// somebody who has given the first proof. Count is how many wrong ones
	// there were since the last right one; 0 for factors that do not count.
	EventFactorRefused EventKind = "factor.refused"
	// EventRecoveryUsed is a recovery code that was used up. Count is how
	// many are left.
	EventRecoveryUsed EventKind = "recovery.used"
	// EventPasskeyCloned is a passkey whose signature counter did not rise,
	// so that there may be two of it (WebAuthn 3, section 6.1.1). Target is
	// the ID of its Credential. Code is the refusal; it is "" where the
	// passkey is synced, as devices count each on its own.
	EventPasskeyCloned EventKind = "passkey.cloned"
	// EventPasskeySynced is a passkey that may be synced to other devices,
	// and was registered as one that may not, or the reverse. Target is the
	// ID of its Credential; Code is the refusal, if it was one.
	EventPasskeySynced EventKind = "passkey.synced"
	// EventImpersonationBegan is an administrator who acts as User from now
	// on, for the Reason, and EventImpersonationEnded one who does no more.
	// Whatever happens in between by the Session has them as its Actor.
	EventImpersonationBegan EventKind = "impersonation.begin"
	EventImpersonationEnded EventKind = "impersonation.end"
	EventSessionEnded       EventKind = "session.ended"
	EventSessionsEnded      EventKind = "sessions.ended"
	// EventKeyMade is an API key that was made, EventKeyRotated one in
	// place of another, and EventKeyEnded one that was ended by its owner
	// or an operator. Target is the key's ID, of the new one.
	EventKeyMade    EventKind = "key.made"
	EventKeyRotated EventKind = "key.rotated"
	EventKeyEnded   EventKind = "key.ended"
	// EventSessionReused is a refresh token that was used again after it
	// had been replaced, so that somebody has a copy of it: the Session has
	// ended. Client is who sent it, the thief or the owner.
	EventSessionReused EventKind = "session.reused"
	// EventDeviceApproved is a device that the user lets log in, and
	// EventDeviceDenied one that they do not. Backend is the device's, and
	// Client the browser in which they decided. The login that follows is
	// an EventLoggedIn with MethodDevice.
	EventDeviceApproved EventKind = "device.approved"
	EventDeviceDenied   EventKind = "device.denied"
	// EventRefused is a request to one of Latchkey's own routes that was
	// refused because of its credential (401 where there was one), its
	// rights or origin (403), or a limit (429).
	EventRefused EventKind = "refused"
)

// Event is what happens, with the user's type erased. Events fills in At,
// Route, Actor and Client.
type Event struct {
	Kind    EventKind
	At      time.Time
	Route   string // "" outside HTTP
	Backend string // of a login or logout
	Method  string // of the proof: "password"
	Code    string // of a refusal; "" for a success
	Actor   Principal
	// User is whom it happens to, as they are after the change; nil for
	// nobody and for a failed login of an unknown identifier.
	User AnyUser
	// Was is the user before the change; nil where nothing of theirs
	// changed.
	Was *User
	// Target is the ID of what else it is about: a session, a provider.
	Target string
	// NewDevice reports that a login was made in a browser that is not
	// known: one in which the user has not logged in for a year. It is
	// false at a backend whose token browsers do not send by themselves,
	// and without Options.Tickets.
	NewDevice bool
	// Count is a number that some kinds have; 0 for the others.
	Count int
	// Reason is why, in the words of the one who acts; "" for most kinds.
	Reason string
	// Session is the one that began or was revoked.
	Session *Session
	// Keep is the session that outlives a raised TokenEpoch.
	Keep *Session
	// Locks are IDs of further users whose rows the change depends on.
	Locks  []string
	Client Client
	// Fields are the JSON names of the columns that changed, sorted, never
	// their values: Latchkey's own, "password", and those that the
	// application's type tags with "update".
	Fields []string
	// Request is nil outside HTTP, and for what runs after the response
	// (forgot password, request verify). Its Body is consumed.
	Request *Request
	// Input is the body's members, without the password.
	Input Object
	// Identity is who the provider says it is, where a user registers,
	// links or logs in by OAuth, else nil. Between the provider and an
	// EventLoggedIn may lie an exchange or a second factor: then it is
	// shortened by OAuthIdentity.Portable.
	Identity *OAuthIdentity
	// Notes are what a flow's Decide leaves for its own Witness and
	// Listener, under keys of its own types.
	Notes map[any]any
}

// Note leaves a note; see Notes.
func (e *Event) Note(key, value any) {
	if e.Notes == nil {
		e.Notes = map[any]any{}
	}
	e.Notes[key] = value
}

// Principal is who acts.
type Principal struct {
	// Kind is "user", "nobody" (a request without a login) or "system" (a
	// Manager's call, a job).
	Kind, UserID, SessionID string
	// Actor is the ID of the user who acts as UserID, "" where nobody else
	// does; see Session.
	Actor string
}

// Client is where a request came from.
type Client struct {
	IP netip.Addr
	// Label is the User-Agent, made fit to be shown: at most 200 bytes.
	Label string
}

// Commit writes what an event is about: it runs do, and with it every Witness,
// in one transaction of the user store (or, where that has none, in turn).
//
// For a request of a login to one of Latchkey's own routes it first checks that
// login again, since between the guard and the write lie hooks, hashing and
// other servers: the session must live; the rows of its user, of the event's
// user and of Locks are locked in the order of their IDs; and the caller must
// be active, of the session's epoch, and let in by the route's guards.
// Otherwise it returns a 401 or the guard's refusal, and ErrNotFound if a user
// to be locked does not exist. Without transactions the same is checked right
// before do, and again where do updates the caller's own row (there a lost flag
// is a 403). A strategy without Rechecker does not notice a logout.
//
// do may run again: it assigns, and never appends to what it captured. It sets
// the event's User and Was. Its errors are returned as they are; those of a
// Witness are an *Error or a 503, and match no other error.
//
// After the transaction Commit revokes what a raised TokenEpoch, a deletion or
// EventSessionEnded ends, and then raises the event.
type Commit func(ctx context.Context, do func(context.Context) error) error

// Events is the one path of every change: hooks and deciders may refuse it,
// witnesses take part in its transaction, listeners and hooks hear of it.
type Events interface {
	// Begin calls the Before hook and the deciders, once, and returns what
	// writes the change. A flow canonicalises, looks up and hashes between
	// the two, so that a refused change costs no work and no row is locked
	// during work.
	Begin(ctx context.Context, e *Event) (Commit, error)
	// Commit is Begin and what it returns in one.
	Commit(ctx context.Context, e *Event, do func(context.Context) error) error
	// Raise is for what wrote nothing: listeners and the After hook hear of
	// it.
	Raise(ctx context.Context, e Event)
}

// EventOf is an Event with the application's user type.
type EventOf[U any] struct {
	Kind            EventKind
	At              time.Time
	Route           string
	Backend, Method string
	Code            string
	Actor           Principal
	User            *U
	// Was holds the columns of Latchkey's own before the change.
	Was    *User
	Target string
	// NewDevice is that of Event.
	NewDevice bool
	Reason    string
	Session   *Session
	Client    Client
	Fields    []string
	Request   *Request
	Input     Object
	Identity  *OAuthIdentity
	// Enqueue runs slow work after the answer, and again after an error.
	Enqueue func(name string, do func(context.Context) error)
}

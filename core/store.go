package core

import (
	"context"
	"time"
)

// UserStore keeps an application's users. Its obligations are the cases of
// stores/storetest.
//
// Every returned *U is the caller's own copy. Errors: ErrNotFound, ErrTaken,
// ErrConflict, *RefusedError, what change returned, or any other error if the
// store cannot be reached. The constraint that is violated decides: ErrTaken is
// of the ID, the EmailKey and the UsernameKey alone, ErrConflict of every
// unique index that the application has put on the users, *RefusedError of its
// other constraints, its triggers and the types of its columns. All three
// change nothing. An ID that does not parse is ErrNotFound; IDs of one user in
// different spellings (letter case and dashes of a UUID) are one. What cannot
// be stored exactly is an error; a key that no row can hold (NUL, invalid
// UTF-8) is ErrNotFound. An empty EmailKey is no key: any number of users have
// it, and none is found by it. So is an empty UsernameKey, which only the users
// of a type with Named have.
type UserStore[U any] interface {
	// Create stores u and sets u's ID where it is empty. ErrTaken if the
	// ID, the EmailKey or the UsernameKey exists, decided by the store
	// itself: of any number of concurrent calls one wins. An ID is never
	// given again after its user was deleted.
	Create(ctx context.Context, u *U) error
	// Find returns the user of a key ("id", "email" and, of a type with
	// Named, "username"). ErrNotFound for kinds it does not know.
	Find(ctx context.Context, key Key) (*U, error)
	// Update runs change on the current row under a lock and stores what it
	// left. change is pure and does no I/O: it may be run again. Its error
	// undoes everything and is returned as it is. It must not change the
	// ID. ErrTaken if the new EmailKey or UsernameKey exists.
	Update(ctx context.Context, id string, change func(*U) error) (*U, error)
	// Delete removes the user and whatever of theirs the store keeps.
	// ErrNotFound if there is none; ErrConflict if the application's own
	// schema keeps the user, as a foreign key does.
	Delete(ctx context.Context, id string) error
	// List returns a page of the users that q describes, in its order. next
	// is the cursor of the following page, "" on the last. A cursor that
	// the store did not make, or made for another query, is ErrInvalid.
	// From page to page each user comes once while others come and go; but
	// a user who gets another EmailKey between two pages of a query with an
	// Email may come twice or not at all.
	List(ctx context.Context, q Query) (users []*U, next string, err error)
}

// Users is a UserStore with its type erased. It is what flows see; latchkey.New
// makes it.
type Users interface {
	UserRows
	UserTx
}

// UserRows is the part of Users that a UserStore has too.
type UserRows interface {
	New() AnyUser
	Create(ctx context.Context, u AnyUser) error
	Find(ctx context.Context, key Key) (AnyUser, error)
	Update(ctx context.Context, id string, change func(AnyUser) error) (AnyUser, error)
	Delete(ctx context.Context, id string) error
	List(ctx context.Context, q Query) (users []AnyUser, next string, err error)
}

// UserTx is the part of Users that depends on the store's optional interfaces.
type UserTx interface {
	// Transact is Transactor's or, where the store has no transactions,
	// just runs do.
	Transact(ctx context.Context, do func(context.Context) error) error
	// Atomic reports whether the store has transactions.
	Atomic() bool
	// NewID returns the ID that a user will have, "" if the store cannot;
	// see IDMaker.
	NewID() string
	// Lock is Locker's. A store with transactions that is no Locker locks
	// the row by an Update that changes nothing; one without only finds it.
	Lock(ctx context.Context, id string) (AnyUser, error)
}

// Transactor is implemented by stores with transactions (optional). The
// transaction travels in do's context: the same store, and others over the same
// database, join it. Transact nests: inside a transaction it only runs do. An
// error of do undoes everything and is returned as it is, and so does a panic,
// which goes on. A refusal (ErrTaken, ErrNotFound, ErrUsed) leaves the
// transaction usable; after ErrConflict and a *RefusedError do must return it.
// They may come from the commit too, which checks deferred constraints. do may
// be run again, so it must be free of other effects.
type Transactor interface {
	Transact(ctx context.Context, do func(context.Context) error) error
}

// Locker is a UserStore that can lock a user's row (optional, beside
// Transactor). Lock returns the row as it is now and keeps every other
// transaction from changing or deleting it until the transaction of ctx ends;
// it changes no column. Outside a transaction it is a Find. Callers lock
// several rows in the ascending order of their IDs, or they deadlock.
// ErrNotFound if there is no user.
type Locker[U any] interface {
	Lock(ctx context.Context, id string) (*U, error)
}

// EpochStore returns a user's TokenEpoch without loading the user (optional,
// for SessionOnly guards). ErrNotFound if there is no user.
type EpochStore interface {
	Epoch(ctx context.Context, userID string) (int64, error)
}

// RawPasswords is a user store whose users log in at another program too, which
// hashes the bytes of a password as they are typed (optional). Otherwise
// passwords are hashed in the form of RFC 8265, OpaqueString.
type RawPasswords interface {
	RawPasswords() bool
}

// SessionStore keeps sessions under the SHA-256 of their token. The digest is
// compared byte by byte (a binary column, never a case-insensitive text).
type SessionStore interface {
	// Create stores s. ErrTaken if the digest exists; ErrInvalid if s.Epoch
	// is below the user's floor (see DeleteAll).
	Create(ctx context.Context, d [32]byte, s Session) error
	// Find returns a session that has not expired and is not below its
	// user's floor, else ErrNotFound. The session is shared and read-only.
	Find(ctx context.Context, d [32]byte) (Found, error)
	// Touch moves LastSeen and Expires of a session that still exists and
	// has not expired; ErrNotFound otherwise. It never revives one.
	Touch(ctx context.Context, d [32]byte, seen, expires time.Time) error
	// Delete ends one session; it is no error if there is none.
	Delete(ctx context.Context, d [32]byte) error
	// DeleteAll ends every session of the user with an Epoch below the
	// given one, except the one named (the zero digest: none), which gets
	// that epoch if it lives and is the user's. It also writes a floor: a
	// Create with a lower epoch that comes later, or at the same time,
	// leaves nothing that Find would give. A floor only rises, and so does
	// a session's epoch.
	//
	// The floor is written first. A store may forget it 400 days after the
	// last DeleteAll of the user, or as KeepFloors says.
	DeleteAll(ctx context.Context, userID string, epoch int64, except [32]byte) error
}

// SessionLister returns a user's living sessions, newest first (optional, of a
// SessionStore or a Strategy). List returns at most the newest 1,000.
type SessionLister interface {
	List(ctx context.Context, userID string) ([]*Session, error)
}

// SessionTrimmer is a SessionStore that bounds how many sessions a user has
// (optional). Trim ends all living sessions of the user at the backend but the
// newest keep, by Created, and returns the digests of those that it ended. Of
// sessions with the same Created the one named counts as the newest (the zero
// digest: none), then the one with the lower digest.
//
// A strategy trims before it hands the token of a new session out. So, with any
// number of logins at once, no more than keep sessions live whose token
// somebody has. After an error, some may have been ended.
type SessionTrimmer interface {
	Trim(ctx context.Context, userID, backend string, keep int, named [32]byte) (ended [][32]byte, err error)
}

// FloorKeeper is a SessionStore that forgets floors (optional). KeepFloors sets
// for how long it keeps one after the user's last DeleteAll: the longest that a
// session lives, and a day. Of several calls the longest counts; without one it
// is 400 days. A strategy calls it when it is made.
type FloorKeeper interface {
	KeepFloors(d time.Duration)
}

// SessionCache is a SessionStore that keeps sessions in this process's memory
// (optional), and drops there what was changed or revoked. A strategy looks
// there before it calls Find.
type SessionCache interface {
	// Cached returns a function that returns what Find would return for d
	// from memory alone, or nil if Find would query the store. now is the
	// current time. The session is shared and read-only; the function
	// neither blocks nor allocates, and is safe for concurrent use.
	//
	// store is what the strategy was made with. Where that is not the
	// SessionCache itself but decorates it, Cached returns nil: the
	// decorator's Find must see every request.
	Cached(store SessionStore) func(d [32]byte, now time.Time) *Session
}

// Ticket is a one-time token at rest: who and what it is for is frozen in it.
type Ticket struct {
	Digest  [32]byte
	Purpose string // "verify", "reset", "pending"
	UserID  string
	Email   string // the EmailKey it was sent to
	Epoch   int64  // the user's TokenEpoch when it was made
	Data    []byte // at most 8 KiB
	Expires time.Time
}

// TicketStore keeps one-time tokens under the SHA-256 of their secret. Rows
// stay until they expire, consumed or not, so that a replay can be
// distinguished from a forgery. A purpose is part of the key: a token of one
// purpose is unknown under every other.
type TicketStore interface {
	// Put stores t. With replace, unused tickets of the same (Purpose,
	// UserID) die in the same step. ErrTaken if the digest exists; one that
	// expired, or failed too often, exists no more.
	Put(ctx context.Context, t Ticket, replace bool) error
	// Find peeks. ErrNotFound: unknown, expired, replaced or failed too
	// often; ErrUsed, with the ticket, after it was consumed.
	Find(ctx context.Context, purpose string, d [32]byte) (Ticket, error)
	// Consume is Find and marks the ticket used, in one conditional
	// statement: of any number of concurrent calls one succeeds, the others
	// get ErrUsed (with the ticket).
	Consume(ctx context.Context, purpose string, d [32]byte) (Ticket, error)
	// Fail counts a failed attempt against a living ticket, outside any
	// transaction of ctx, and kills the ticket with the max-th. ErrNotFound
	// or ErrUsed as Find.
	Fail(ctx context.Context, purpose string, d [32]byte, max int) error
	// Burn notes (purpose, d) as used until the given time. ErrUsed if it
	// was noted before: of any number of concurrent calls one succeeds. A
	// Find of it returns ErrUsed.
	Burn(ctx context.Context, purpose string, d [32]byte, until time.Time) error
}

// Sweeper deletes expired rows (optional, of any store); it returns their
// number. Correctness never depends on it.
type Sweeper interface {
	Sweep(ctx context.Context) (int, error)
}

// Unwrapper is implemented by decorators of stores, strategies, transports and
// flows, so that optional interfaces are found through them.
type Unwrapper interface{ Unwrap() any }

// As finds the optional interface T in v, or in what v decorates.
func As[T any](v any) (T, bool) {
	for v != nil {
		if t, ok := v.(T); ok {
			return t, true
		}
		w, ok := v.(Unwrapper)
		if !ok {
			break
		}
		v = w.Unwrap()
	}
	var zero T
	return zero, false
}

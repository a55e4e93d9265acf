package core

import (
	"context"
	"time"
)

// Renewer is a Strategy whose logins have a refresh token beside the token that
// Verify takes (optional). Only the gate calls it.
type Renewer interface {
	// Renewable returns the session of a refresh token, of one that has
	// been replaced too, and changes nothing. ErrNoCredential: the token
	// does not have this strategy's shape. ErrInvalid: it has, and its
	// session has ended or never was. Any other error: the store cannot be
	// reached.
	Renewable(ctx context.Context, refresh string) (Found, error)
	// Renew issues new tokens for the session of a refresh token, whose
	// Proofs and Created stay. login.User is the user as they are now;
	// login.Session is what Renewable has returned. Within the strategy's
	// grace, concurrent and repeated calls with one token get the same
	// refresh token. ErrUsed: the token was replaced longer ago, and its
	// session has been ended; an end that failed is another error.
	// ErrInvalid: the session has ended meanwhile. After any other error
	// the same token works, or still gets its successor.
	Renew(ctx context.Context, refresh string, login Login) (Token, error)
}

// Lasting is a Strategy the tokens of which, those that Verify takes, all have
// the same lifetime (optional). latchkey.New warns where that of a Renewer is
// over an hour.
type Lasting interface {
	// Lifetime returns the lifetime, or 0 where tokens differ in it.
	Lifetime() time.Duration
}

// RefreshCarrier is a Transport that carries the refresh token too (optional),
// as a cookie does. Without it the token is in the body of the request. The
// transport's Attach and Clear are of both tokens.
type RefreshCarrier interface {
	// CarriesRefresh reports whether the transport is set up for it. One
	// that is not carries the access token alone.
	CarriesRefresh() bool
	// ExtractRefresh reads the refresh token, with the errors of Extract.
	ExtractRefresh(h Head) (string, error)
}

// Renewals is the part of the Gate that takes refresh tokens. It is of the
// gate's own backend. Where that one's transport is a RefreshCarrier the token
// is the one that the request carries, and the argument is not looked at.
type Renewals interface {
	// Renew answers with new tokens for a refresh token whose session lives
	// and whose user may log in as before. No proof becomes younger. There
	// is one 401 for every other token; the one of a token that was
	// replaced before, which has ended the session, is an
	// EventSessionReused too.
	Renew(ctx context.Context, refresh string, r *Request) (Admission, error)
	// EndRenewable ends the session of a refresh token, and makes the
	// client forget its tokens. The answer is the same whether or not there
	// is such a session (RFC 7009, section 2.2).
	EndRenewable(ctx context.Context, refresh string, r *Request) (*Response, error)
}

// Rotation is what a session's row has of its refresh token, beside the secret
// under whose digest it is stored.
type Rotation struct {
	// Secret is the SHA-256 of the present secret, and Replaced that of the
	// one before. Both are zero while the first token has not been
	// replaced, and Replaced is until the second one is.
	Secret, Replaced [32]byte
	// Sealed is the present secret, encrypted with the token before it.
	Sealed [32]byte
	// At is when Secret became the present one; the zero time if never.
	At time.Time
}

// Turn is a change of a session's Rotation.
type Turn struct {
	// From is the digest that must be the present one; zero for a session
	// that has not been rotated yet.
	From [32]byte
	// Next becomes the rotation. Its Replaced is From.
	Next Rotation
	// Before is the time after which the present secret must not have
	// become so: nothing is replaced twice within the grace.
	Before time.Time
	// Seen and Expires become LastSeen and Expires.
	Seen, Expires time.Time
}

// Rotator is a SessionStore that keeps rotations (optional). Create makes a
// session without one, and everything that ends a session ends its rotation.
type Rotator interface {
	// Rotate makes t.Next the rotation of a session that is living, whose
	// secret is t.From and was not rotated after t.Before, and moves
	// LastSeen and Expires as Touch does: one conditional statement, so
	// that of any number of concurrent calls one wins. It returns the
	// rotation as it is afterwards: t.Next, the one that another call has
	// made, or the present one that is too young. ErrNotFound as Find.
	Rotate(ctx context.Context, d [32]byte, t Turn) (Rotation, error)
}

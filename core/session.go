package core

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"
)

// Session is one login. It is read-only once a store or a strategy has handed
// it out: many requests may share it.
type Session struct {
	// ID is derived from the token's digest (hexadecimal), or is a JWT's
	// sid or jti. It is never the token, and may be shown to its owner.
	ID, UserID string
	// Backend is the name of the backend that issued the session; presented
	// through another it is invalid.
	Backend string
	// Label names the device (the User-Agent by default, at most 200
	// bytes).
	Label string
	IP    netip.Addr
	// Epoch is the user's TokenEpoch as of the first proof, or AnyEpoch.
	Epoch  int64
	Proofs []Proof
	// Created, LastSeen and Expires are UTC. LastSeen is written coarsely,
	// never per request.
	Created, LastSeen, Expires time.Time
	// Scopes bound what the session may do: the guards of a route must name
	// them (see Guard.Scope). nil is everything that the user may; an empty
	// list is nothing.
	Scopes []string
	// Organization is the ID of the one that the session is bound to; ""
	// for none.
	Organization string
	// Actor is the ID of the user who acts as UserID (RFC 8693, section
	// 4.1), ActorSession the ID of their own session, and ActorEpoch their
	// TokenEpoch then; "" and 0 where a person acts for themselves.
	Actor, ActorSession string
	ActorEpoch          int64
	// Brief is a session that its client forgets with the browser, and that
	// strategies end earlier.
	Brief bool
	// Extra holds a strategy's typed claims, nil without.
	Extra any
}

// AnyEpoch is the Epoch of a session that outlives new passwords and
// everything else that raises its user's TokenEpoch, as an API key does. Its
// user is loaded for every request, under SessionOnly too, so that it ends with
// a deactivation, a suspension or a deletion. It is for strategies that keep
// what they issue themselves and are no AllRevoker: a SessionStore revokes it
// with the sessions of any other epoch.
const AnyEpoch = -1

// ActorLifetime is how long a session with an Actor lives at most, from when it
// began and however busy it is. There is no refresh token for one.
const ActorLifetime = time.Hour

// Proved returns the time of the latest proof by one of the methods, or of any
// without methods; the zero time if there is none.
func (s *Session) Proved(methods ...string) time.Time { return latest(s.Proofs, methods) }

// InPerson reports whether the user themselves are behind the session: it has
// no Scopes, as an API key's has, and nobody else acts as the user.
func (s *Session) InPerson() bool { return s.Scopes == nil && s.Actor == "" }

// Found is what a strategy has of a valid token. User is set only where it
// was read in the same query, fresh from the store; the front door loads it
// otherwise.
type Found struct {
	*Session
	User AnyUser
}

// Login is what a strategy issues a token for. The strategy sets Session's ID,
// LastSeen and Expires, and Created where it is zero. One that is set is when
// the login began (a step-up), and lifetimes count from it.
//
// The gate leaves the ID empty. A Renewer sets it for the strategy that it
// wraps: the token is one of several of a session that exists, and has its ID
// and Created. Its lifetime counts from now and ends with the session's
// Expires, and Revoke ends all tokens of the ID. A strategy that cannot do that
// refuses such a login.
type Login struct {
	User    AnyUser
	Session Session
}

// Token is a credential on its way to the client; it exists in clear only in
// the response.
type Token struct {
	Raw string
	// SessionID is the ID of the Session that Verify returns for Raw.
	SessionID string
	// Refresh is the refresh token of a Renewer, else empty.
	Refresh string
	// Expires bounds the life of a cookie with Raw, RefreshExpires of one
	// with Refresh.
	Expires, RefreshExpires time.Time
	// Brief is that of the session. The gate sets it.
	Brief bool
}

// Format and LogValue keep a token out of logs.
func (Token) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[token]") }

// LogValue is "[token]".
func (Token) LogValue() slog.Value { return slog.StringValue("[token]") }

package core

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"
)

// Proof says how and when a person proved who they are.
type Proof struct {
	Method string // "password", "oauth:google", "totp"
	At     time.Time
}

// Session is one login. It is read-only once a store or a strategy has handed
// it out: many requests may share it.
type Session struct {
	// ID is derived from the token's digest (hexadecimal), or is a JWT's
	// jti. It is never the token, and may be shown to its owner.
	ID, UserID string
	// Backend is the name of the backend that issued the session; presented
	// through another it is invalid.
	Backend string
	// Label names the device (the User-Agent by default, at most 200
	// bytes).
	Label string
	IP    netip.Addr
	// Epoch is the user's TokenEpoch as of the first proof.
	Epoch  int64
	Proofs []Proof
	// Created, LastSeen and Expires are UTC. LastSeen is written coarsely,
	// never per request.
	Created, LastSeen, Expires time.Time
	// Extra holds a strategy's typed claims, nil without.
	Extra any
}

// ProvedAt is the time of the latest proof, the zero time without any.
func (s *Session) ProvedAt() time.Time {
	var latest time.Time
	for _, p := range s.Proofs {
		if p.At.After(latest) {
			latest = p.At
		}
	}
	return latest
}

// Found is what a strategy has of a valid token. User is set only where it
// was read in the same query, fresh from the store; the front door loads it
// otherwise.
type Found struct {
	*Session
	User AnyUser
}

// Login is what the gate asks a strategy to issue a token for. The strategy
// fills Session's ID, Created, LastSeen and Expires.
type Login struct {
	User    AnyUser
	Session Session
}

// Token is a credential on its way to the client; it exists in clear only in
// the response.
type Token struct {
	Raw string
	// Refresh is set by strategies that rotate, else empty.
	Refresh string
	// Expires bounds a cookie's life.
	Expires time.Time
}

// Format and LogValue keep a token out of logs.
func (Token) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[token]") }

// LogValue is "[token]".
func (Token) LogValue() slog.Value { return slog.StringValue("[token]") }

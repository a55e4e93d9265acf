package core

import (
	"context"
	"encoding/json"
	"net/url"
	"time"
)

// Backend is a name, a transport (how a token travels) and a strategy (how it
// is issued, verified, revoked).
type Backend struct {
	Name      string // in paths and route names: lower-case letters, digits, '-', '_'
	Transport Transport
	Strategy  Strategy
}

// Strategy issues, verifies and revokes tokens. Its obligations are the cases
// of strategies/strategytest.
//
// It never compares epochs and never loads users: the front door does both
// after Verify, so a cache inside a strategy is safe. It must keep
// Login.Session's UserID, Backend, Epoch and Proofs, and a Created that is set,
// and give them back at Verify.
type Strategy interface {
	Issue(ctx context.Context, login Login) (Token, error)
	// Verify returns the session of a token. ErrNoCredential: the token
	// does not have this strategy's shape, try the next backend.
	// ErrInvalid: it has, and is not valid. Any other error: the store
	// cannot be reached.
	Verify(ctx context.Context, token string) (Found, error)
	// Revoke ends the session; Verify of its token is ErrInvalid as soon as
	// Revoke has returned. (A strategy that cannot, such as a JWT without a
	// deny list, says so in its documentation.)
	Revoke(ctx context.Context, s *Session) error
}

// Standing is a strategy whose tokens are not the answer to a login, such as
// API keys (optional). latchkey.New makes none of the flows that are made once
// per backend for its backend: no login, no second factor, no OAuth. Its Issue
// returns an error.
type Standing interface {
	Standing() bool
}

// AllRevoker ends all of a user's sessions with an epoch below the given one,
// except the one with the ID except ("" for none), which is carried over to the
// new epoch if the strategy issued it (optional). A later Issue below epoch is
// ErrInvalid.
type AllRevoker interface {
	RevokeAll(ctx context.Context, userID string, epoch int64, except string) error
}

// Waiter is a strategy that works in the background (optional). Wait returns
// when what is under way has ended, or with ctx' error.
type Waiter interface {
	Wait(ctx context.Context) error
}

// Rechecker is Verify of a session that Verify returned before, without its
// token and past what Verify caches (optional): for streams that stay open, for
// sessions whose epoch is not their user's, and before a change is written. It
// returns the session as it is now, or fails as Verify does: ErrInvalid, or any
// other error if it cannot reach its store. It is no activity: an open stream
// keeps no session from idling out.
type Rechecker interface {
	Recheck(ctx context.Context, s *Session) (Found, error)
}

// KeySet returns a strategy's public keys as JWKs, RFC 7517 (optional). Secrets
// and private members never appear.
type KeySet interface {
	PublicKeys() []json.RawMessage
}

// Transport says how a token travels. Its obligations are the cases of
// transports/transporttest.
type Transport interface {
	// Extract reads the token. ErrNoCredential if there is none; *Error 400
	// DUPLICATE_CREDENTIALS, with the header that makes a browser forget
	// them; *Error 403 CROSS_ORIGIN_REFUSED where a credential that
	// browsers attach by themselves comes from another origin with an
	// unsafe method.
	Extract(h Head) (string, error)
	// Protect refuses what must not reach an unsafe route of the backend,
	// its login too, whether or not there is a credential yet.
	Protect(h Head) error
	// Attach turns resp into the backend's login answer.
	Attach(resp *Response, t Token)
	// Clear makes the client forget its token. It sets no status.
	Clear(resp *Response)
	// Scheme is the OpenAPI 3.1 security scheme object.
	Scheme() json.RawMessage
}

// Located is a transport that can trust the origin at which browsers see the
// application, which a proxy that rewrites Host hides (optional). latchkey.New
// calls At once, with Options.BaseURL, and uses the transport that it returns.
// A decorator that embeds a Located transport must implement At itself, and
// return a decorator; what is of another type is not used.
type Located interface {
	// At returns a copy that trusts the origin of base too.
	At(base *url.URL) Transport
}

// Ambient is a transport whose token browsers send by themselves, so that a
// login answer needs no body (optional).
type Ambient interface {
	Ambient() bool
}

// Challenger is a transport whose 401 carries a WWW-Authenticate value
// (optional). presented says whether there was a token.
type Challenger interface {
	Challenge(presented bool) string
}

// ProofChallenger is a transport whose 403 PROOF_REQUIRED carries a
// WWW-Authenticate value (optional): RFC 9470, section 3. age is how old the
// proof may be, 0 for any age; methods are those that will do, none for any.
type ProofChallenger interface {
	ChallengeProof(age time.Duration, methods []string) string
}

// Holder is a Transport that keeps the secret of a pending login at the client
// between two proofs (optional): a browser needs no script for it, and it never
// stands in a URL. What is held is no credential: Extract does not return it.
// Without a Holder, a login of an Ambient backend that ends by a redirect and
// lacks a factor cannot go on.
type Holder interface {
	// Hold makes the client keep the secret for age, in place of an earlier
	// one, and send it along by itself. It sets neither status nor body.
	Hold(resp *Response, pending string, age time.Duration)
	// Held returns the secret that a request brings. It is "" where there
	// is none, where there are several, where it cannot be one, and where
	// the request is one that Protect refuses.
	Held(h Head) string
	// Release makes the client forget the secret. It sets neither status
	// nor body.
	Release(resp *Response)
}

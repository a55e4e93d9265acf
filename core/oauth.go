package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"
)

// Codes of the OAuth routes.
const (
	CodeOAuthStateUndecodable = "ACCESS_TOKEN_DECODE_ERROR"
	CodeOAuthStateExpired     = "ACCESS_TOKEN_ALREADY_EXPIRED"
	CodeOAuthInvalidState     = "OAUTH_INVALID_STATE"
	CodeOAuthDeclined         = "OAUTH_DECLINED"
	CodeOAuthProviderError    = "OAUTH_PROVIDER_ERROR"
	CodeOAuthNoEmail          = "OAUTH_NOT_AVAILABLE_EMAIL"
	CodeOAuthUserExists       = "OAUTH_USER_ALREADY_EXISTS"
	CodeOAuthAlreadyLinked    = "OAUTH_ACCOUNT_ALREADY_LINKED"
	CodeOAuthLastLoginMethod  = "OAUTH_LAST_LOGIN_METHOD"
)

// OAuthAccount links a user to an account at a provider. (Provider, Subject) is
// unique: an account belongs to one user.
type OAuthAccount struct {
	ID     string // given by the store when it is empty at Create
	UserID string
	// Provider is the provider's name ("google"). Subject is the account's
	// stable id there, never a name that its owner can change.
	Provider, Subject string
	// Email is what the provider says today; nothing is looked up by it.
	Email string
	// AccessToken and RefreshToken are as the vault has sealed them; a
	// store keeps them as they are, at most 16 KiB each.
	AccessToken  string `json:"-"`
	RefreshToken string `json:"-"`
	// Expires is the access token's end in whole seconds, UTC; zero if it
	// is not known.
	Expires time.Time
}

// Format keeps the tokens out of logs: another program may have written them in
// clear.
func (a OAuthAccount) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "[account %q of user %q at %q]", a.ID, a.UserID, a.Provider)
}

// LogValue has the identifiers alone.
func (a OAuthAccount) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", a.ID), slog.String("user", a.UserID), slog.String("provider", a.Provider))
}

// OAuthAccountStore keeps the links of users to providers' accounts. Its
// obligations are cases of stores/storetest. Text is compared byte by byte.
// What it returns is the caller's own copy.
type OAuthAccountStore interface {
	// Create stores a and sets a's ID where it is empty. ErrTaken if the
	// ID, or (Provider, Subject), exists, decided by the store itself: of
	// any number of concurrent calls one wins. A refusal leaves a
	// transaction usable.
	Create(ctx context.Context, a *OAuthAccount) error
	// Find returns the link of a provider's account. ErrNotFound if there
	// is none.
	Find(ctx context.Context, provider, subject string) (*OAuthAccount, error)
	// List returns a user's links, the oldest first.
	List(ctx context.Context, userID string) ([]*OAuthAccount, error)
	// Update runs change on the current row under a lock and stores what it
	// left, as UserStore's does. It must not change ID, Provider or
	// Subject.
	Update(ctx context.Context, id string, change func(*OAuthAccount) error) (*OAuthAccount, error)
	// Delete removes a link. ErrNotFound if there is none.
	Delete(ctx context.Context, id string) error
}

// IDMaker is a user store that can say an ID before its user exists (optional).
// Stores without transactions need it for OAuth: the link is written first,
// with the ID that the user will have.
type IDMaker interface {
	NewID() string
}

// OAuthIdentity is who a provider says has logged in.
type OAuthIdentity struct {
	// Provider is the name of who says so ("google"). The flow sets it,
	// not the provider.
	Provider string
	// Subject is the account's stable id at the provider, at most 255
	// bytes.
	Subject string
	Email   string // "" if the provider has none
	// EmailVerified is what the provider says of Email; nil is unknown,
	// which is not true.
	EmailVerified *bool
	Name          string // for people; "" if unknown
	Picture       string // a URL; "" if unknown
	// Claims is the provider's own answer, for an application's
	// BeforeRegister and BeforeLogin.
	Claims json.RawMessage `json:",omitempty"`
}

// portable is how much of an identity a ticket has room for, in bytes of JSON.
const portable = 6 << 10

// Portable returns the identity as it is kept in a Ticket, whose Data is
// bounded: without Claims where its JSON is over 6 KiB or Claims are no JSON,
// and nothing but Provider and Subject where it is too long then too. So a rule
// of BeforeLogin must not take a claim that is missing for a good one. It is
// nil for nil.
func (i *OAuthIdentity) Portable() *OAuthIdentity {
	if i == nil {
		return nil
	}
	for _, short := range []*OAuthIdentity{i, {i.Provider, i.Subject, i.Email, i.EmailVerified, i.Name, i.Picture, nil}} {
		if encoded, err := json.Marshal(short); err == nil && len(encoded) <= portable {
			return short
		}
	}
	return &OAuthIdentity{Provider: i.Provider, Subject: i.Subject}
}

// Verified reports that the provider vouches for the address.
func (i OAuthIdentity) Verified() bool {
	return i.Email != "" && i.EmailVerified != nil && *i.EmailVerified
}

// OAuthTokens are what a provider issues. They print as "[tokens]".
type OAuthTokens struct {
	Access, Refresh string
	Expires         time.Time // of Access; zero if it is not known
}

// Format keeps tokens out of logs.
func (OAuthTokens) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[tokens]") }

// LogValue is "[tokens]".
func (OAuthTokens) LogValue() slog.Value { return slog.StringValue("[tokens]") }

// MarshalJSON is "[tokens]".
func (OAuthTokens) MarshalJSON() ([]byte, error) { return []byte(`"[tokens]"`), nil }

// OAuthBegin is what a login at a provider begins with. It prints as "[begin]".
type OAuthBegin struct {
	State       string
	Nonce       string // for OpenID Connect
	Challenge   string // PKCE's S256 challenge (RFC 7636)
	RedirectURI string
	Scopes      []string // beyond the provider's own
}

// Format keeps state and nonce out of logs.
func (OAuthBegin) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[begin]") }

// LogValue is "[begin]".
func (OAuthBegin) LogValue() slog.Value { return slog.StringValue("[begin]") }

// MarshalJSON is "[begin]".
func (OAuthBegin) MarshalJSON() ([]byte, error) { return []byte(`"[begin]"`), nil }

// OAuthFinish is what came back. It prints as "[finish]".
type OAuthFinish struct {
	Code        string
	Verifier    string // PKCE's
	Nonce       string
	RedirectURI string // as in OAuthBegin
	// Form holds all parameters of the callback, those that were posted too
	// (iss of RFC 9207, Apple's user).
	Form url.Values
}

// Format keeps code and verifier out of logs.
func (OAuthFinish) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[finish]") }

// LogValue is "[finish]".
func (OAuthFinish) LogValue() slog.Value { return slog.StringValue("[finish]") }

// MarshalJSON is "[finish]".
func (OAuthFinish) MarshalJSON() ([]byte, error) { return []byte(`"[finish]"`), nil }

// ErrOAuthCodeRefused is part of the error of Provider.Finish where the service
// answered that the code is not good (RFC 6749, section 5.2, invalid_grant).
// Anyone who begins a login can send a wrong code, so it is no fault to wake an
// operator for.
var ErrOAuthCodeRefused = errors.New("latchkey: the provider refused the code")

// Provider is a service that people log in with. Implementations are safe for
// concurrent use and keep nothing between Begin and Finish.
//
// An *Error is the answer as it is (OAUTH_INVALID_STATE for a wrong iss or
// nonce). A context that has run out becomes a 504, any other error a 502,
// OAUTH_PROVIDER_ERROR both; errors must not hold codes or tokens. Who calls
// sets no deadline: a provider bounds its own calls (10 s, 1 MiB, no
// redirects).
type Provider interface {
	Name() string // "google": lower-case letters, digits, '-' and '_'
	// Begin returns the URL to send the browser to.
	Begin(ctx context.Context, b OAuthBegin) (string, error)
	// Finish trades the code for tokens and an identity. It checks iss
	// and nonce before it believes anything. Its error wraps
	// ErrOAuthCodeRefused where the service refuses the code.
	Finish(ctx context.Context, f OAuthFinish) (OAuthIdentity, OAuthTokens, error)
}

// TokenRefresher is a provider that renews access tokens (optional). The
// Refresh of what it returns is empty if the old one stays good. The error is
// ErrInvalid where the service refuses the token, so that the user must log in
// there again.
type TokenRefresher interface {
	Refresh(ctx context.Context, refresh string) (OAuthTokens, error)
}

// TokenRevoker is a provider that takes tokens back, RFC 7009 (optional).
type TokenRevoker interface {
	RevokeTokens(ctx context.Context, t OAuthTokens) error
}

// OAuthArrivals is a flow that finds or makes the user of an account at a
// provider, without logging anybody in (optional; the flow "oauth:<provider>"
// is one).
type OAuthArrivals interface {
	User(ctx context.Context, svc *Services, who OAuthIdentity, tokens OAuthTokens) (AnyUser, error)
}

// OAuthAccountKeeper is a flow that keeps accounts at providers (optional; the
// flow "accounts" is one). OAuthAccounts returns its store.
type OAuthAccountKeeper interface{ OAuthAccounts() OAuthAccountStore }

// OAuthTokenSealer is an OAuthAccountKeeper that keeps the tokens of providers
// too (optional). SealTokens puts tokens into an account, whose Provider and
// Subject are set, as the flow does after a login: sealed, or not at all where
// the application has no vault.
type OAuthTokenSealer interface {
	SealTokens(a *OAuthAccount, t OAuthTokens)
}

// FaultyProvider is a provider whose constructor returns no error, and that
// reports what is wrong with it here instead, so that a table of providers
// reads as one (optional). Err returns nil for a usable one.
type FaultyProvider interface{ Err() error }

package latchkey

import (
	"context"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/email"
	"github.com/latchkey-go/latchkey/internal/username"
)

// The vocabulary that applications need, so that they import this package
// alone. See core for the descriptions.
type (
	// User holds the columns that Latchkey needs; an application's user
	// type embeds it by value.
	User = core.User
	// Named holds the columns of users' names; a user type embeds it by
	// value beside User.
	Named = core.Named
	// Key names one user; core has its constructors.
	Key = core.Key
	// Backend is a name, a transport and a strategy.
	Backend = core.Backend
	// Flow is something a person does, as a value for Options.Flows.
	Flow = core.Flow
	// Guard is a condition on who is asking.
	Guard = core.Guard
	// Group is a list of routes to mount.
	Group = core.Group
	// Session is one login.
	Session = core.Session
	// Error is an answer to a client: a code, a status, a reason.
	Error = core.Error
	// Captcha checks the answer to a riddle.
	Captcha = core.Captcha
	// Limit is a number of events in a window.
	Limit = core.Limit
	// Mail is a message to a user.
	Mail = core.Mail
	// Sender delivers mail.
	Sender = core.Sender
	// Finding is something that Doctor has to say.
	Finding = core.Finding
	// EventKind names what happened; core has the kinds.
	EventKind = core.EventKind
)

// Hooks are an application's functions around what Latchkey does.
type Hooks[U any] = core.Hooks[U]

// Event describes what a hook is called for.
type Event[U any] = core.EventOf[U]

// CurrentUser returns the authenticated user of a request that passed Require
// or Optional. It returns false for an anonymous request, under SessionOnly,
// and for another user type than the application's. The user is the request's
// own copy.
func CurrentUser[U any](ctx context.Context) (*U, bool) { return core.CurrentUser[U](ctx) }

// CurrentSession returns the session of a request, read-only. It returns false
// for an anonymous request.
func CurrentSession(ctx context.Context) (*Session, bool) { return core.CurrentSession(ctx) }

// Actor returns the ID of the administrator who acts as the current user; it is
// false where the user acts for themselves, and for anonymous requests.
func Actor(ctx context.Context) (userID string, ok bool) {
	s, ok := core.CurrentSession(ctx)
	if !ok || s == nil || s.Actor == "" {
		return "", false
	}
	return s.Actor, true
}

// CanonicalEmail checks an e-mail address strictly and returns the form by
// which addresses are compared: NFC and lower case, the domain as its IDNA
// A-labels. It is the default of Options.CanonicalEmail. Dots and plus tags
// count: a provider's private rules are its own.
func CanonicalEmail(address string) (string, error) { return email.Canonical(address) }

// Identify returns the key of what a person has typed to say who they are: of
// an e-mail address (CanonicalEmail) where there is an @-sign, else of a user
// name. It is the default of Options.Identify where the user type has Named.
//
// A user name has 3 to 64 letters, digits, dots, underscores and hyphens, is
// not all digits, and begins and ends with neither dot nor hyphen. Names are
// compared by the form of RFC 8265, UsernameCaseMapped: letter case, width and
// Unicode composition make no difference. Names that mix alphabets, and names
// of another alphabet that look Latin, are refused.
func Identify(typed string) (Key, error) { return identified(CanonicalEmail, typed) }

func identified(canonical core.Canonicalizer, typed string) (Key, error) {
	of, byKey := username.Canonical, core.ByUsername
	if strings.Contains(typed, "@") {
		of, byKey = canonical, core.ByEmail
	}
	key, err := of(typed)
	if err != nil {
		return Key{}, err
	}
	return byKey(key), nil
}

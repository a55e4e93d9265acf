package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"
)

// Credential is something by which a user proves who they are, or that spares
// them a proof: a TOTP secret, a passkey, recovery codes, a trusted browser, an
// API key. ID, Owner, Kind, Key and Created never change.
type Credential struct {
	// ID is made by the store where it is empty at Create. Its owner may
	// see it.
	ID    string
	Owner string // the user's ID
	// Kind is the word of the flow that keeps it ("totp", "passkey"), 1 to
	// 64 bytes of printable ASCII.
	Kind string
	// Key is unique within Kind, 1 to 255 bytes of printable ASCII: the
	// owner's ID where each has one, else the hexadecimal SHA-256 of what
	// the client shows. It is never what the client shows itself.
	Key string `json:"-"`
	// Label is for its owner ("the blue key"), at most 200 bytes of UTF-8.
	Label string
	// Data is the flow's own, at most 8 KiB. A flow seals the secrets in
	// it, for the store keeps it as it is.
	Data []byte `json:"-"`
	// Created, Used and Expires are in UTC and whole microseconds; a store
	// cuts off the rest. A zero Used or Expires is never.
	Created, Used, Expires time.Time
}

// KindSecond is the Kind of the credential by which a user has said that every
// login of theirs needs a factor which is optional otherwise; see Kept. Its Key
// is the user's ID.
const KindSecond = "second"

// KindTrusted is the Kind of the credential of a browser that spares its owner
// the second factor. Its Key is the digest of what is in the browser's cookie.
const KindTrusted = "trusted"

// CredentialLabelMax is the greatest length of a Credential's Label, in bytes.
const CredentialLabelMax = 200

// Limits of a Credential, in bytes.
const (
	credentialKindMax = 64
	credentialKeyMax  = 255
	credentialDataMax = 8 << 10
)

// Check returns an error that names the fields which break a limit, and never
// what they hold. Stores call it before they write, so that all refuse alike.
func (c *Credential) Check() error {
	var errs []error
	refuse := func(broken bool, why string) {
		if broken {
			errs = append(errs, errors.New("latchkey: a credential's "+why))
		}
	}
	refuse(c.Owner == "", "Owner is empty")
	refuse(!isPrintable(c.Kind, credentialKindMax), "Kind is not 1 to 64 bytes of printable ASCII")
	refuse(!isPrintable(c.Key, credentialKeyMax), "Key is not 1 to 255 bytes of printable ASCII")
	refuse(len(c.Label) > CredentialLabelMax || !utf8.ValidString(c.Label) || strings.Contains(c.Label, "\x00"),
		"Label is over 200 bytes, not UTF-8, or has a NUL")
	refuse(len(c.Data) > credentialDataMax, "Data is over 8 KiB")
	for _, at := range []time.Time{c.Created, c.Used, c.Expires} {
		year := at.UTC().Year()
		refuse(year < 1 || year > 9999, "times are not within the years 1 to 9999")
	}
	return errors.Join(errs...)
}

func isPrintable(s string, max int) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return s != "" && len(s) <= max
}

// Format keeps Key and Data out of logs.
func (c Credential) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "[credential %q of user %q: %s]", c.ID, c.Owner, c.Kind)
}

// LogValue has the identifiers alone.
func (c Credential) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", c.ID), slog.String("user", c.Owner), slog.String("kind", c.Kind))
}

// CredentialStore keeps the credentials of users. Its obligations are cases of
// stores/storetest.
//
// Kind and Key are compared byte by byte. A credential exists until its
// Expires, and from that moment it is as if it had been deleted. What is
// returned is the caller's own copy. An ID or an owner that does not parse is
// ErrNotFound (in a List: nothing), and so is a key that no credential can
// have; what breaks a limit of Credential is an error that is none of this
// package's. Kind and owner are part of every change, so that a flow cannot
// reach another's credential (OWASP API1:2023, broken object level
// authorization).
//
// The deletion of a user takes their credentials along: a store over the same
// database as its UserStore deletes them in that one's Delete, in its
// transaction. The front door does it for the others.
type CredentialStore interface {
	// Create stores c and sets c's ID where it is empty. ErrTaken if the
	// ID, or (Kind, Key), exists, of any user; else ErrFull if the
	// owner has max of the kind already, where 0 is any number. (So who
	// adds a thing again hears that it is there, and not that something
	// else must go first.) Both are decided by the store itself: of any
	// number of concurrent calls one gets the key, and no more than max get
	// through. A refusal leaves a transaction usable.
	Create(ctx context.Context, c *Credential, max int) error
	// Find returns the credential of a key. ErrNotFound if there is none.
	Find(ctx context.Context, kind, key string) (*Credential, error)
	// List returns an owner's credentials of a kind, or of all kinds for
	// "", the oldest first, by Created.
	List(ctx context.Context, kind, owner string) ([]*Credential, error)
	// Update runs change on the current row under a lock and stores the
	// Label, Data, Used and Expires that it left. change is pure and does
	// no I/O: it may run again. Its error undoes everything and is returned
	// as it is (ErrUsed for a code that was used before). So a value that
	// may be used once is checked and taken out in change: of any number of
	// concurrent calls one succeeds. Update never moves a credential:
	// whether a change of another field is an error or has no effect is the
	// store's choice. ErrNotFound if there is none, also for another
	// owner's.
	Update(ctx context.Context, kind, owner, id string, change func(*Credential) error) (*Credential, error)
	// Delete removes a credential. ErrNotFound if there is none, also for
	// another owner's: of any number of concurrent calls one succeeds.
	Delete(ctx context.Context, kind, owner, id string) error
}

// CredentialPager is a CredentialStore that returns a kind's credentials of all
// owners, page by page, so that what they seal can be sealed anew (optional).
// after is the Key of the last one of the page before, "" for the first page;
// limit is at least 1. In the store's own order, which no change of a
// credential changes, a page has the next ones, and is empty after the last.
type CredentialPager interface {
	Page(ctx context.Context, kind, after string, limit int) ([]*Credential, error)
}

package core

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// PasswordHash is an encoded password hash ("$argon2id$…", "$2b$…"). It prints
// and logs as "[hash]", so that it does not reach a log by accident. (fmt
// cannot keep that for a pointer deep inside a struct that is printed with %s
// or %q: log ids, not users.) Convert it to string to store it.
type PasswordHash string

// Format writes "[hash]" whatever the verb.
func (PasswordHash) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[hash]") }

// LogValue is "[hash]" too, for handlers that do not go through fmt.
func (PasswordHash) LogValue() slog.Value { return slog.StringValue("[hash]") }

// User holds the columns that Latchkey needs. An application embeds it by value
// and adds columns of its own:
//
//	type Account struct {
//		latchkey.User
//		FullName string `json:"full_name" auth:"register,update"`
//	}
//
// A field is sent to clients if it has a json tag that is not "-". They may
// write it where it has an auth tag besides, with words joined by commas:
// "register" (POST /register), "update" (PATCH /me and /{id}), and "required"
// beside "register", with which a registration without the field is 422. Its
// type is any that encoding/json reads: texts, numbers, bools, slices, maps,
// structs, pointers to one (null, and absent, are nil), time.Time (RFC 3339),
// types with UnmarshalJSON or UnmarshalText. Fields of embedded structs count
// by encoding/json's rules; latchkey.New reports what is wrong.
type User struct {
	// ID is given by the store when it is empty at Create. Its column's
	// type is the store's option; here it is text.
	ID string `json:"id"`
	// Email is kept and shown as it was typed.
	Email string `json:"email"`
	// EmailKey is the canonical form of Email, unique over all users. Only
	// the front door sets it; a store compares it byte by byte.
	EmailKey string `json:"-"`
	// HashedPassword may be empty (a user without a password); nothing
	// verifies against it then.
	HashedPassword PasswordHash `json:"-"`
	IsActive       bool         `json:"is_active"`
	IsSuperuser    bool         `json:"is_superuser"`
	IsVerified     bool         `json:"is_verified"`
	// TokenEpoch counts the moments at which every session and token of the
	// user ended. What was issued under another value is invalid.
	TokenEpoch int64 `json:"-"`
	// CreatedAt and UpdatedAt are set by the front door, in UTC and whole
	// microseconds.
	CreatedAt time.Time `json:"-"`
	UpdatedAt time.Time `json:"-"`
	// SuspendedUntil is when a suspension ends; the zero time is none, and
	// ForGood has no end. Whoever sets it raises TokenEpoch too, which ends
	// what the user is logged in with.
	SuspendedUntil time.Time `json:"-"`
	// SuspendedFor is the reason of the suspension.
	SuspendedFor string `json:"-"`
}

// Blocked reports whether the user may not use their account: they are
// inactive, or suspended at that time.
func (u *User) Blocked(now time.Time) bool { return !u.IsActive || now.Before(u.SuspendedUntil) }

// SuspendedForLeaving is the SuspendedFor of a user who is Leaving. No
// administrator suspends for it.
const SuspendedForLeaving = "The account is being deleted, as its owner asked. The link in the mail about it keeps the account."

// Leaving reports whether the user has deleted their account and is suspended
// until it is removed. Another suspension, and the end of it, keep the account.
func (u *User) Leaving() bool {
	return u.SuspendedFor == SuspendedForLeaving && u.SuspendedUntil.Equal(ForGood())
}

// ForGood returns the SuspendedUntil of a suspension without an end: the last
// microsecond of the year 9999, which every store keeps.
func ForGood() time.Time { return time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC) }

// Base returns access to the embedded columns. A type that embeds User has it
// by promotion.
func (u *User) Base() *User { return u }

// AnyUser is an application's user with its type erased: always the
// application's *U, so a type assertion to it succeeds.
type AnyUser interface{ Base() *User }

// Model constrains a pointer to an application's user type. It stands on
// constructors alone; both parameters are inferred.
type Model[U any] interface {
	*U
	AnyUser
}

// Key names one user: by "id", by "email" (Value is an EmailKey), by "username"
// (Value is a UsernameKey).
type Key struct{ Kind, Value string }

// ByID is the key of a user's ID.
func ByID(id string) Key { return Key{"id", id} }

// ByEmail is the key of a canonical e-mail (see User.EmailKey).
func ByEmail(emailKey string) Key { return Key{"email", emailKey} }

// ByUsername is the key of a canonical user name (see Named.UsernameKey).
func ByUsername(usernameKey string) Key { return Key{"username", usernameKey} }

// Identifier returns the key of what a person has typed to say who they are.
// Keys of its own making must be those of ByEmail, with the canonical form of
// an address, and of ByUsername. A name may be registered where the key's kind
// is "username"; the error's text is shown to the client then, and must not
// repeat what was typed. It does no I/O.
type Identifier func(typed string) (Key, error)

// Canonicalizer checks a typed e-mail address and returns its canonical form,
// by which addresses are compared. The error's text is shown to the client and
// must not repeat the address.
type Canonicalizer func(email string) (key string, err error)

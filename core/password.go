package core

import "context"

// Hasher makes and verifies password hashes of one family. Implementations are
// safe for concurrent use and keep no password.
type Hasher interface {
	// Hash returns an encoded hash. An error means that the password can
	// never be hashed (over bcrypt's 72 bytes, NUL) or no randomness.
	Hash(password string) (PasswordHash, error)
	// Knows reports whether h is of this family, by its prefix.
	Knows(h PasswordHash) bool
	// Verify compares in constant time. A malformed hash, or one with
	// parameters beyond the hasher's bounds, is an error: it costs nothing
	// and never panics.
	Verify(h PasswordHash, password string) (bool, error)
	// Outdated reports that h is weaker than what Hash would make now, so
	// that it is replaced at the next login. A stronger one is not.
	Outdated(h PasswordHash) bool
}

// HashChecker is a Hasher that can examine a hash without a password
// (optional), so that an import finds hashes that can never verify. CheckHash
// returns the error that Verify would return for a hash that is malformed, or
// has parameters beyond the bounds; it does no work.
type HashChecker interface {
	CheckHash(h PasswordHash) error
}

// PasswordPolicy judges a new password for u, which carries the e-mail. It
// returns nil or an *Error with Reason (English), ReasonCode and Args; its Code
// and Status are set by the flow.
type PasswordPolicy func(ctx context.Context, password string, u AnyUser) error

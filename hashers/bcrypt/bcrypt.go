// Package bcrypt hashes passwords with bcrypt. It is there for hashes that were
// made elsewhere: the prefixes $2a$, $2b$ and $2y$ verify. New applications
// hash with argon2id and list this hasher second, so that imported hashes are
// replaced at login.
//
//	hasher, err := bcrypt.New(bcrypt.Options{})
//	ok, err := hasher.Verify(imported, "analytical engine 1843")
//
// Security notes. bcrypt reads 72 bytes at most, and many implementations stop
// at a NUL, so passwords that are longer or have one are refused and never
// truncated. Each step of the cost doubles the work: hashes of a cost above 15
// (seconds of a core) are refused before any.
//
// Devise appends a pepper to the password if it has one, and bcrypt then reads
// the first 72 bytes of both: of a pepper with 128 characters, which is what
// Devise makes, a part, and nothing of it where the password has 72 bytes
// itself. [Options.Pepper] does the same.
package bcrypt

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"golang.org/x/crypto/bcrypt"
)

const (
	maxPassword = 72 // bytes
	minHashCost = 10 // OWASP, Password Storage Cheat Sheet, "bcrypt"
	minCost     = 4  // bcrypt's own least
	maxCost     = 15
)

// Options are the parameters of new hashes. The zero value is secure.
type Options struct {
	// Cost is the binary logarithm of the number of rounds: at least 10,
	// OWASP's floor, and at most 15. Default: 12 (about 200 to 400 ms of a
	// core).
	Cost int
	// Pepper is a secret that is appended to every password, for hashes of
	// a Devise that has config.pepper; a hash without a pepper then matches
	// no password. Default: none.
	Pepper string
}

// Format keeps the pepper out of logs.
func (Options) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[bcrypt options]") }

// LogValue is "[bcrypt options]".
func (Options) LogValue() slog.Value { return slog.StringValue("[bcrypt options]") }

// MarshalJSON is "[bcrypt options]".
func (Options) MarshalJSON() ([]byte, error) { return []byte(`"[bcrypt options]"`), nil }

// Hasher is a core.Hasher. It prints as "[bcrypt]".
type Hasher struct {
	cost   int
	pepper string
}

var (
	_ core.Hasher      = (*Hasher)(nil)
	_ core.HashChecker = (*Hasher)(nil)
)

// Format keeps the pepper out of logs.
func (Hasher) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[bcrypt]") }

// New returns a hasher. It refuses a cost out of bounds, and a pepper with a
// NUL, where other programs stop reading.
func New(o Options) (*Hasher, error) {
	if o.Cost == 0 {
		o.Cost = 12
	}
	var errs []error
	if o.Cost < minHashCost || o.Cost > maxCost {
		errs = append(errs, fmt.Errorf("bcrypt: Cost must be %d to %d", minHashCost, maxCost))
	}
	if strings.ContainsRune(o.Pepper, 0) {
		errs = append(errs, errors.New("bcrypt: Pepper must not have a NUL"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Hasher{o.Cost, o.Pepper}, nil
}

// peppered is what bcrypt reads of a password that Hash does not refuse.
func (h *Hasher) peppered(password string) []byte {
	b := []byte(password + h.pepper)
	return b[:min(len(b), maxPassword)]
}

// Hash returns an encoded hash with a new salt. A password of more than 72
// bytes, or with a NUL, is refused with a *core.Error with a Reason, as a
// password policy does; any other error means that there was no randomness.
func (h *Hasher) Hash(password string) (core.PasswordHash, error) {
	if refusal := refuse(password); refusal != nil {
		return "", refusal
	}
	hash, err := bcrypt.GenerateFromPassword(h.peppered(password), h.cost)
	if err != nil {
		return "", fmt.Errorf("bcrypt: %w", err)
	}
	return core.PasswordHash(hash), nil
}

// Knows reports whether hash is a bcrypt hash, by its prefix.
func (h *Hasher) Knows(hash core.PasswordHash) bool {
	for _, prefix := range [...]string{"$2a$", "$2b$", "$2y$"} {
		if strings.HasPrefix(string(hash), prefix) {
			return true
		}
	}
	return false
}

// CheckHash implements core.HashChecker.
func (h *Hasher) CheckHash(hash core.PasswordHash) error {
	_, err := h.costOf(hash)
	return err
}

// Verify compares in constant time. A password that Hash refuses is false after
// the same work, so that timing does not tell. An error means that hash is
// malformed or its cost out of bounds (4 to 15); there was no work then.
func (h *Hasher) Verify(hash core.PasswordHash, password string) (bool, error) {
	if _, err := h.costOf(hash); err != nil {
		return false, err
	}
	refused := refuse(password) != nil
	if refused {
		password = ""
	}
	matches := bcrypt.CompareHashAndPassword([]byte(hash), h.peppered(password)) == nil
	return matches && !refused, nil
}

// Outdated reports that hash has a lower cost than Hash would give it now, or
// cannot be verified.
func (h *Hasher) Outdated(hash core.PasswordHash) bool {
	cost, err := h.costOf(hash)
	return err != nil || cost < h.cost
}

// refuse returns an untyped nil for a good password.
func refuse(password string) error {
	switch {
	case len(password) > maxPassword:
		return &core.Error{
			Status: http.StatusBadRequest, Reason: "Password should be at most 72 bytes",
			ReasonCode: "PASSWORD_TOO_LONG", Args: map[string]any{"max": maxPassword},
		}
	case strings.ContainsRune(password, 0):
		return &core.Error{
			Status: http.StatusBadRequest, Reason: "Password contains a character that is not allowed",
			ReasonCode: "PASSWORD_INVALID",
		}
	}
	return nil
}

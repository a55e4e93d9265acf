// Package passwords hashes and checks passwords behind the governor, and does
// the same work for a user who does not exist.
//
//	p, err := passwords.New(passwords.Parts{
//		Hashers:  hashers,
//		Policy:   policy.Default,
//		Governor: governor.New(0, 0),
//		Users:    users,
//		Log:      log,
//	})
//	asker := core.AskedBy(emailKey, r)
//	ok, err := p.Check(ctx, asker, user, "correct horse")
//
// Security notes: an unknown user, and one without a usable hash, cost a hash
// of today's parameters (OWASP "Authentication" cheat sheet). Imported hashes
// with other parameters take their own time, weaker ones until they are
// replaced at the first login: where many are stronger, the first hasher should
// have their parameters. A password is normalised (RFC 8265, OpaqueString), as
// keyboards differ in the bytes that they send for it; see Parts.Raw.
package passwords

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/governor"
)

// Parts are what Passwords is made of; all are required.
type Parts struct {
	Hashers  []core.Hasher // the first hashes, all verify
	Policy   core.PasswordPolicy
	Governor *governor.Governor
	Users    core.Users
	Log      *slog.Logger
	// Raw hashes passwords as they are typed: another program does so too,
	// and checks the hashes.
	Raw bool
}

// Passwords implements core.Passwords.
type Passwords struct {
	Parts
	dummy core.PasswordHash
}

var _ core.Passwords = (*Passwords)(nil)

// New makes the dummy hash, which is the one thing that can fail.
func New(p Parts) (*Passwords, error) {
	for i, h := range p.Hashers {
		if h == nil {
			return nil, fmt.Errorf("Options.Hashers: hasher %d is nil", i+1)
		}
	}
	dummy, err := p.Hashers[0].Hash("a password that nobody has")
	if err != nil {
		return nil, fmt.Errorf("Options.Hashers: the first hasher cannot hash: %w", err)
	}
	return &Passwords{p, dummy}, nil
}

// CheckPolicy implements core.Passwords.
func (p *Passwords) CheckPolicy(ctx context.Context, password string, u core.AnyUser) error {
	form, err := p.form(password)
	if err != nil {
		return err
	}
	return p.Policy(ctx, form, u)
}

// Hash implements core.Passwords.
func (p *Passwords) Hash(ctx context.Context, by core.Asker, password string) (hash core.PasswordHash, err error) {
	form, err := p.form(password)
	if err != nil {
		return "", err
	}
	if busy := p.governed(ctx, by, func() { hash, err = p.Hashers[0].Hash(form) }); busy != nil {
		return "", busy
	}
	if refusal := (*core.Error)(nil); err != nil && !errors.As(err, &refusal) {
		err = &core.Error{
			Status: http.StatusBadRequest, Reason: "Password cannot be used here", ReasonCode: "PASSWORD_INVALID", Cause: err,
		}
	}
	return hash, err
}

// Check implements core.Passwords. Every user, also one who does not exist,
// costs as many hashes as a wrong password: two where the password has another
// form than the one that is stored.
func (p *Passwords) Check(ctx context.Context, by core.Asker, u core.AnyUser, password string) (ok bool, err error) {
	hasher, hash := p.usable(ctx, u)
	known := hasher != nil
	if !known {
		hasher, hash = p.Hashers[0], p.dummy
	}
	for _, form := range p.forms(password) {
		if busy := p.governed(ctx, by, func() { ok, err = hasher.Verify(hash, form) }); busy != nil {
			return false, busy
		}
		if err != nil && known {
			p.Log.ErrorContext(ctx, "latchkey: a stored password hash is unusable; the user needs a reset", "user", u.Base().ID,
				"err", err)
			hasher, hash, known = p.Hashers[0], p.dummy, false
			if busy := p.governed(ctx, by, func() { _, _ = hasher.Verify(hash, form) }); busy != nil {
				return false, busy
			}
			continue
		}
		if ok && known {
			if hasher != p.Hashers[0] || hasher.Outdated(hash) {
				p.upgrade(ctx, by, u, password)
			}
			return true, nil
		}
	}
	return false, nil
}

// usable finds the hasher of u's hash; nil where there is no hash, or one of no
// known family, which is logged.
func (p *Passwords) usable(ctx context.Context, u core.AnyUser) (core.Hasher, core.PasswordHash) {
	if u == nil || u.Base().HashedPassword == "" {
		return nil, ""
	}
	hash := u.Base().HashedPassword
	for _, h := range p.Hashers {
		if h.Knows(hash) {
			return h, hash
		}
	}
	p.Log.ErrorContext(ctx, "latchkey: a stored password hash is of no known family; the user needs a reset", "user",
		u.Base().ID)
	return nil, ""
}

var errChanged = errors.New("the hash has changed meanwhile")

// upgrade replaces the hash by one of today's parameters. It must not fail the
// login.
func (p *Passwords) upgrade(ctx context.Context, by core.Asker, u core.AnyUser, password string) {
	fresh, err := p.Hash(ctx, by, password)
	if err == nil {
		old := u.Base().HashedPassword
		_, err = p.Users.Update(ctx, u.Base().ID, func(u core.AnyUser) error {
			if u.Base().HashedPassword != old {
				return errChanged
			}
			u.Base().HashedPassword = fresh
			return nil
		})
	}
	if err != nil && !errors.Is(err, errChanged) {
		p.Log.WarnContext(ctx, "latchkey: a password hash could not be upgraded", "user", u.Base().ID, "err", err)
	}
}

// governed runs do when there is room; 503 when the queue is full or the client
// gave up waiting.
func (p *Passwords) governed(ctx context.Context, by core.Asker, do func()) error {
	if err := p.Governor.Do(ctx, by, do); err != nil {
		return core.Unavailable(err)
	}
	return nil
}

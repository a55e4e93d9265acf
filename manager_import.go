package latchkey

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/naming"
)

// Import stores a user of another system with the password's hash as it is, and
// with accounts at providers, all or nothing where the store has transactions.
// It asks no policy and no hook, and sends no mail; Create does. Package
// importers reads the users of other systems and calls it.
//
// u's Email and user name are canonicalised; its flags, its columns, its
// suspension and its CreatedAt are kept, and so is its ID if it has one. The
// hash is "" for a user without a password, else one that CheckHash takes; it
// is replaced at the first login if it is outdated. UserID of a link is set.
// AccessToken and RefreshToken of a link are in clear: they are sealed by the
// vault of flows/oauth, and left out where it has none.
//
// Import returns core.ErrTaken, with a text that says what, if the ID, the
// address, the name or an account exists; core.ErrConflict and
// *core.RefusedError are of the application's own schema; 422 is of an address
// or a name that is none.
func (m *Manager[U]) Import(ctx context.Context, u *U, hash core.PasswordHash, links ...core.OAuthAccount) error {
	return m.imported(ctx, u, hash, links, nil)
}

// TryImport returns the error that Import would return now, and stores nothing.
// A store with transactions stores the user and undoes it, so that the
// application's own schema is heard too; one without is searched for the
// address, the ID and the accounts.
func (m *Manager[U]) TryImport(ctx context.Context, u *U, hash core.PasswordHash, links ...core.OAuthAccount) error {
	id := m.any(u).Base().ID
	err := m.imported(ctx, u, hash, links, errTried)
	m.any(u).Base().ID = id
	if errors.Is(err, errTried) {
		return nil
	}
	return err
}

// errTried undoes what TryImport has stored.
var errTried = errors.New("latchkey: tried")

// CanonicalEmail returns the form of an address by which it is compared, blanks
// around it cut off. Its error is for people and does not repeat the address.
func (m *Manager[U]) CanonicalEmail(address string) (string, error) {
	return m.auth.svc.CanonicalEmail(strings.TrimSpace(address))
}

// CheckHash returns nil if a password can be checked against a hash: a hasher
// of Options.Hashers has its form and, where it can say so without work
// (core.HashChecker), finds it well formed and within its bounds.
func (m *Manager[U]) CheckHash(hash core.PasswordHash) error {
	for _, h := range m.auth.opts.Hashers {
		if !h.Knows(hash) {
			continue
		}
		if examiner, ok := core.As[core.HashChecker](h); ok {
			return examiner.CheckHash(hash)
		}
		return nil
	}
	return errors.New("latchkey: no hasher of Options.Hashers knows the hash's form")
}

// imported stores a user and, in the same transaction, returns done.
func (m *Manager[U]) imported(
	ctx context.Context, u *U, hash core.PasswordHash, links []core.OAuthAccount, done error,
) error {
	svc, b := m.auth.svc, m.any(u).Base()
	key, err := m.identify(u)
	if err != nil {
		return err
	}
	if hash != "" {
		if err := m.CheckHash(hash); err != nil {
			return err
		}
	}
	keeper := m.keeper()
	if len(links) > 0 && keeper == nil {
		return errors.New("latchkey: links need the flows of flows/oauth in Options.Flows, which keep them")
	}
	b.EmailKey, b.HashedPassword = key, hash
	if !svc.Users.Atomic() {
		if err := m.vacant(ctx, u, keeper, links); err != nil || done != nil {
			return err
		}
	}
	id, accounts := b.ID, sealed(keeper, links)
	return svc.Users.Transact(withImport(ctx), func(ctx context.Context) error {
		b.ID = id // not that of a run which was undone
		if err := svc.Users.Create(ctx, m.any(u)); errors.Is(err, core.ErrTaken) {
			return m.taken(ctx, u)
		} else if err != nil {
			return err
		}
		for _, l := range accounts {
			l.UserID = b.ID
			if err := keeper.OAuthAccounts().Create(ctx, &l); err != nil {
				return accountError(l, err)
			}
		}
		return done
	})
}

// identify sets the key of a user's name, and returns that of the address.
func (m *Manager[U]) identify(u *U) (emailKey string, err error) {
	svc, b := m.auth.svc, m.any(u).Base()
	if err := core.InvalidProblems(naming.Settle(svc.Identify, m.any(u))); err != nil {
		return "", err
	}
	if b.Email = strings.TrimSpace(b.Email); b.Email == "" && svc.Env.EmailOptional {
		return "", nil
	}
	key, err := svc.CanonicalEmail(b.Email)
	if err != nil {
		return "", core.Invalid(core.BadValue("email", err.Error()))
	}
	return key, nil
}

// keeper returns the flow that keeps accounts at providers, or nil.
func (m *Manager[U]) keeper() core.OAuthAccountKeeper {
	var keeper core.OAuthAccountKeeper
	for _, f := range m.auth.opts.Flows {
		if k, ok := core.As[core.OAuthAccountKeeper](f); ok {
			keeper = k
		}
	}
	return keeper
}

// sealed returns links with their tokens as they are stored.
func sealed(keeper core.OAuthAccountKeeper, links []core.OAuthAccount) []core.OAuthAccount {
	all := make([]core.OAuthAccount, len(links))
	sealer, ok := core.As[core.OAuthTokenSealer](keeper)
	for i, l := range links {
		t := core.OAuthTokens{Access: l.AccessToken, Refresh: l.RefreshToken, Expires: l.Expires}
		l.AccessToken, l.RefreshToken = "", ""
		if ok && t.Access != "" {
			sealer.SealTokens(&l, t)
		}
		all[i] = l
	}
	return all
}

// vacant returns what a store without transactions would find taken.
func (m *Manager[U]) vacant(
	ctx context.Context, u *U, keeper core.OAuthAccountKeeper, links []core.OAuthAccount,
) error {
	b := m.any(u).Base()
	for _, key := range append([]core.Key{core.ByID(b.ID), core.ByEmail(b.EmailKey)}, m.nameOf(u)...) {
		switch _, err := m.auth.svc.Users.Find(ctx, key); {
		case err == nil:
			return m.taken(ctx, u)
		case !errors.Is(err, core.ErrNotFound):
			return err
		}
	}
	for _, l := range links {
		switch _, err := keeper.OAuthAccounts().Find(ctx, l.Provider, l.Subject); {
		case err == nil:
			return accountError(l, core.ErrTaken)
		case !errors.Is(err, core.ErrNotFound):
			return err
		}
	}
	return nil
}

// nameOf returns the key of a user's name, if there is one.
func (m *Manager[U]) nameOf(u *U) []core.Key {
	if n := core.NamedOf(u); n != nil && n.UsernameKey != "" {
		return []core.Key{core.ByUsername(n.UsernameKey)}
	}
	return nil
}

// taken says which key of a user exists.
func (m *Manager[U]) taken(ctx context.Context, u *U) error {
	what := "the ID"
	for _, key := range append(m.nameOf(u), core.ByEmail(m.any(u).Base().EmailKey)) {
		if _, err := m.auth.svc.Users.Find(ctx, key); err == nil {
			what = map[string]string{"username": "the user name", "email": "the address"}[key.Kind]
		}
	}
	return fmt.Errorf("latchkey: %s: %w", what, core.ErrTaken)
}

func accountError(l core.OAuthAccount, err error) error {
	return fmt.Errorf("latchkey: the account at %s: %w", l.Provider, err)
}

type importKey struct{}

// withImport makes Create keep a user's CreatedAt.
func withImport(ctx context.Context) context.Context {
	return context.WithValue(ctx, importKey{}, true)
}

func imports(ctx context.Context) bool { return ctx.Value(importKey{}) != nil }

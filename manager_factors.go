package latchkey

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// Factors returns what a user proves with who they are besides a password, the
// oldest first: the credentials of flows that are a core.Keeper. Their Data is
// the flows' own.
func (m *Manager[U]) Factors(ctx context.Context, userID string) ([]*core.Credential, error) {
	return m.auth.kept.List(ctx, m.auth.svc, userID)
}

// RemoveFactor removes one of them, also the last one of a user who must have a
// factor: they get a new one at their next login. It ends the user's logins,
// unless what it removes only stands in for a factor, as recovery codes do.
// core.ErrNotFound if there is none.
func (m *Manager[U]) RemoveFactor(ctx context.Context, userID, id string) error {
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return err
	}
	err = m.auth.kept.Remove(withoutRoute(ctx), m.auth.svc, u, id, nil)
	if errors.Is(err, core.NotFound()) {
		return core.ErrNotFound
	}
	return err
}

// RemoveFactors removes all of them, for a user who has lost what they had, and
// ends the user's logins. core.ErrNotFound if there is no such user.
func (m *Manager[U]) RemoveFactors(ctx context.Context, userID string) (removed int, err error) {
	if _, err := m.auth.svc.Users.Find(ctx, core.ByID(userID)); err != nil {
		return 0, err
	}
	all, err := m.Factors(ctx, userID)
	for _, c := range all {
		switch err := m.RemoveFactor(ctx, userID, c.ID); {
		case err == nil:
			removed++
		case !errors.Is(err, core.ErrNotFound): // gone with another one
			return removed, err
		}
	}
	return removed, err
}

// UnlockFactor makes the factors of a user usable again that wrong codes have
// locked.
func (m *Manager[U]) UnlockFactor(ctx context.Context, userID string) error {
	var errs []error
	for _, f := range m.auth.flows {
		if u, ok := core.As[core.Unlocker](f); ok {
			errs = append(errs, u.Unlock(ctx, userID))
		}
	}
	return errors.Join(errs...)
}

// Rekey seals anew whatever the application's flows have sealed with another
// key than the first one of Options.Vault, and returns how much that was. Once
// it returns 0 the other keys may go. It may run beside the application. What
// was sealed with a key that is not there is core.ErrInvalid, once everything
// else has been sealed.
func (m *Manager[U]) Rekey(ctx context.Context) (resealed int, err error) {
	var errs []error
	for _, f := range m.auth.flows {
		if r, ok := core.As[core.Rekeyer](f); ok {
			n, err := r.Rekey(ctx)
			resealed += n
			errs = append(errs, err)
		}
	}
	return resealed, errors.Join(errs...)
}

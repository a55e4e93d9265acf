package latchkey

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

// APIKeys returns a user's API keys, the oldest first. It needs the flow of an
// apikey.Strategy in Options.Flows.
func (m *Manager[U]) APIKeys(ctx context.Context, userID string) ([]apikey.Key, error) {
	f, err := flowOf[apikey.Flow](m.auth.opts.Flows)
	if err != nil {
		return nil, err
	}
	return f.List(ctx, m.auth.svc, userID)
}

// CreateService stores a user who is no person, for a program that belongs to
// nobody: active, without e-mail address, user name and password, and with the
// columns and IsSuperuser as they are in u. No login finds such a user, and no
// mail goes to them: they act by the API keys that MakeAPIKey makes, which
// needs the flow of an apikey.Strategy in Options.Flows. The hooks of a
// registration run, and find no address. Refusals: 422, also for an address, a
// name or a password in u or set by a hook; REGISTER_USER_CONFLICT.
func (m *Manager[U]) CreateService(ctx context.Context, u *U) error {
	if _, err := flowOf[apikey.Flow](m.auth.opts.Flows); err != nil {
		return err
	}
	return account.CreateService(ctx, m.auth.svc, m.any(u))
}

// MakeAPIKey makes an API key for a user, and returns it: nobody learns it
// afterwards. It is for a user's program that an operator sets up, and for a
// user who is no person. core.ErrNotFound if there is no such user; an *Error,
// 422 or API_KEY_LIMIT, for a key that cannot be made.
func (m *Manager[U]) MakeAPIKey(
	ctx context.Context, userID string, w apikey.Wanted,
) (token string, made apikey.Key, err error) {
	f, err := flowOf[apikey.Flow](m.auth.opts.Flows)
	if err != nil {
		return "", apikey.Key{}, err
	}
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return "", apikey.Key{}, err
	}
	return f.Make(withoutRoute(ctx), m.auth.svc, u, w, nil)
}

// EndAPIKey ends a user's API key. core.ErrNotFound if there is none, or no
// such user.
func (m *Manager[U]) EndAPIKey(ctx context.Context, userID, id string) error {
	f, err := flowOf[apikey.Flow](m.auth.opts.Flows)
	if err != nil {
		return err
	}
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(userID))
	if err != nil {
		return err
	}
	err = f.End(withoutRoute(ctx), m.auth.svc, u, id, nil)
	if errors.Is(err, core.NotFound()) {
		return core.ErrNotFound
	}
	return err
}

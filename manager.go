package latchkey

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/flows/emailchange"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/internal/suspended"
)

// Manager does outside HTTP what the routes do: the same checks, hooks and
// events. Its refusals are the same *Error; core.ErrNotFound means that there
// is no such user.
type Manager[U any] struct {
	auth  *Auth[U]
	any   func(*U) core.AnyUser
	typed func(core.AnyUser) *U
}

func newManager[U any, PU core.Model[U]](a *Auth[U]) *Manager[U] {
	return &Manager[U]{
		auth: a,
		any:  func(u *U) core.AnyUser { return PU(u) },
		typed: func(u core.AnyUser) *U {
			p, _ := u.(PU)
			return (*U)(p)
		},
	}
}

// Create stores a new user with its e-mail, user name, flags and columns as
// they are in u; with an empty password the user has none. Refusals: 422,
// REGISTER_INVALID_PASSWORD, REGISTER_USER_ALREADY_EXISTS,
// REGISTER_USERNAME_ALREADY_EXISTS, REGISTER_USER_CONFLICT. A 422 for what the
// application's own schema refuses has a *core.RefusedError in its chain. Mind
// that IsActive must be set for a user who is to log in.
func (m *Manager[U]) Create(ctx context.Context, u *U, password string) error {
	return account.Create(ctx, m.auth.svc, m.any(u), password, nil, nil)
}

// Find returns a user by ID.
func (m *Manager[U]) Find(ctx context.Context, id string) (*U, error) {
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(id))
	return m.typed(u), err
}

// FindByEmail returns a user by e-mail, in any spelling of the same canonical
// form.
func (m *Manager[U]) FindByEmail(ctx context.Context, address string) (*U, error) {
	key, err := m.auth.svc.CanonicalEmail(address)
	if err != nil {
		return nil, core.ErrNotFound
	}
	u, err := m.auth.svc.Users.Find(ctx, core.ByEmail(key))
	return m.typed(u), err
}

// FindByUsername returns a user by name, in any spelling of the same canonical
// form.
func (m *Manager[U]) FindByUsername(ctx context.Context, name string) (*U, error) {
	key, err := m.auth.svc.Identify(name)
	if err != nil || key.Kind != "username" {
		return nil, core.ErrNotFound
	}
	u, err := m.auth.svc.Users.Find(ctx, key)
	return m.typed(u), err
}

// Changes are what Update changes; nil leaves as it is.
type Changes[U any] struct {
	Email, Username, Password         *string
	IsActive, IsSuperuser, IsVerified *bool
	// Edit changes the application's own columns. It is pure and may run
	// again; what it does to the columns of User and Named is undone.
	Edit func(*U) error
}

// Update changes a user. A new password and a deactivation end all sessions and
// tokens; a new address is unverified unless IsVerified says otherwise.
// Refusals: 422, UPDATE_USER_INVALID_PASSWORD,
// UPDATE_USER_EMAIL_ALREADY_EXISTS, UPDATE_USER_USERNAME_ALREADY_EXISTS,
// UPDATE_USER_CONFLICT, and Edit's error as it is.
func (m *Manager[U]) Update(ctx context.Context, id string, c Changes[U]) (*U, error) {
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(id))
	if err != nil {
		return nil, err
	}
	changes := account.Changes{
		Email: c.Email, Username: c.Username, Password: c.Password,
		IsActive: c.IsActive, IsSuperuser: c.IsSuperuser, IsVerified: c.IsVerified,
	}
	if c.Edit != nil {
		changes.Edit = func(u core.AnyUser) error { return c.Edit(m.typed(u)) }
	}
	u, err = account.Change(withoutRoute(ctx), m.auth.svc, u, changes)
	return m.typed(u), err
}

// Delete removes a user and ends their sessions. DELETE_USER_CONFLICT means
// that the application's own schema keeps the user.
func (m *Manager[U]) Delete(ctx context.Context, id string) error {
	u, err := m.auth.svc.Users.Find(ctx, core.ByID(id))
	if err != nil {
		return err
	}
	return account.Remove(withoutRoute(ctx), m.auth.svc, u, nil)
}

// Authenticate returns the active user of an e-mail or a user name (see
// Options.Identify) and a password, and counts failures against the login
// limit. It starts no session and asks for no second factor. Refusals:
// LOGIN_BAD_CREDENTIALS, LOGIN_USER_SUSPENDED, RATE_LIMITED,
// SERVICE_UNAVAILABLE.
func (m *Manager[U]) Authenticate(ctx context.Context, identifier, password string) (user *U, err error) {
	c := account.Credentials{Identifier: identifier, Password: password}
	err = account.Authenticate(ctx, m.auth.svc, m.auth.guesses(), c,
		func(_ context.Context, u core.AnyUser) error {
			if err := suspended.Refusal(u.Base(), m.auth.opts.Now()); err != nil {
				return err
			}
			user = m.typed(u)
			return nil
		})
	return user, err
}

// EndSessions ends all sessions and tokens of a user.
func (m *Manager[U]) EndSessions(ctx context.Context, id string) error {
	return m.auth.svc.Sessions.RevokeAll(withoutRoute(ctx), id, nil)
}

// RequestVerify sends the verification mail to the user of an address, if there
// is one who needs it.
func (m *Manager[U]) RequestVerify(ctx context.Context, address string) error {
	f, err := flowOf[verify.Flow](m.auth.opts.Flows)
	if err != nil {
		return err
	}
	return m.request(ctx, address, f.Request)
}

// Verify verifies an address with the token of its mail. Refusals:
// VERIFY_USER_BAD_TOKEN, VERIFY_USER_ALREADY_VERIFIED.
func (m *Manager[U]) Verify(ctx context.Context, token string) (*U, error) {
	f, err := flowOf[verify.Flow](m.auth.opts.Flows)
	if err != nil {
		return nil, err
	}
	u, err := f.Verify(ctx, m.auth.svc, token, nil)
	return m.typed(u), err
}

// ForgotPassword sends the reset mail to the user of an address, if there is an
// active one.
func (m *Manager[U]) ForgotPassword(ctx context.Context, address string) error {
	f, err := flowOf[reset.Flow](m.auth.opts.Flows)
	if err != nil {
		return err
	}
	return m.request(ctx, address, f.Request)
}

// ResetPassword sets a new password with the token of the reset mail. Refusals:
// RESET_PASSWORD_BAD_TOKEN, RESET_PASSWORD_INVALID_PASSWORD.
func (m *Manager[U]) ResetPassword(ctx context.Context, token, password string) (*U, error) {
	f, err := flowOf[reset.Flow](m.auth.opts.Flows)
	if err != nil {
		return nil, err
	}
	u, err := f.Reset(ctx, m.auth.svc, token, password, nil)
	return m.typed(u), err
}

// ConfirmEmail makes the address of a mailed token that of its user, as POST
// /email/confirm does for a login of theirs: the caller vouches for who
// presents it. Refusals: EMAIL_CHANGE_BAD_TOKEN,
// UPDATE_USER_EMAIL_ALREADY_EXISTS, and those of BeforeUpdate.
func (m *Manager[U]) ConfirmEmail(ctx context.Context, token string) (*U, error) {
	f, err := flowOf[emailchange.Flow](m.auth.opts.Flows)
	if err != nil {
		return nil, err
	}
	u, err := f.ConfirmAddress(ctx, m.auth.svc, token, nil)
	return m.typed(u), err
}

// UndoEmail undoes the change of address that a mailed token was made for, as
// POST /email/undo does. Refusals: EMAIL_CHANGE_BAD_TOKEN,
// UPDATE_USER_EMAIL_ALREADY_EXISTS.
func (m *Manager[U]) UndoEmail(ctx context.Context, token string) (*U, error) {
	f, err := flowOf[emailchange.Flow](m.auth.opts.Flows)
	if err != nil {
		return nil, err
	}
	u, err := f.Undo(ctx, m.auth.svc, token, nil)
	return m.typed(u), err
}

// OAuthCallback returns the user of an account at a provider of the flow oauth,
// as its callback does, for applications that have logged the person in by
// other means (a native SDK): the user whom the account is linked to, or who
// has its verified address where the provider may link by it, or a new one. The
// caller vouches for who. Nobody is logged in. Refusals:
// OAUTH_NOT_AVAILABLE_EMAIL, OAUTH_USER_ALREADY_EXISTS, LOGIN_BAD_CREDENTIALS
// for a deactivated user, LOGIN_USER_SUSPENDED for a suspended one, 422 and
// REGISTER_USER_CONFLICT as of Create, those of the hooks, and
// OAUTH_PROVIDER_ERROR for a subject that is none (empty, over 255 bytes).
func (m *Manager[U]) OAuthCallback(
	ctx context.Context, provider string, who core.OAuthIdentity, tokens core.OAuthTokens,
) (*U, error) {
	for _, f := range m.auth.opts.Flows {
		social, ok := core.As[core.OAuthArrivals](f)
		if ok && f.Name() == "oauth:"+provider {
			u, err := social.User(ctx, m.auth.svc, who, tokens)
			return m.typed(u), err
		}
	}
	return nil, fmt.Errorf("latchkey: Options.Flows has no flow oauth of a provider %q", provider)
}

func (m *Manager[U]) request(
	ctx context.Context, address string, ask func(context.Context, *core.Services, string) error,
) error {
	key, err := m.auth.svc.CanonicalEmail(address)
	if err != nil {
		return core.Invalid(core.BadValue("email", err.Error()))
	}
	return ask(ctx, m.auth.svc, key)
}

func flowOf[F Flow](flows []Flow) (F, error) {
	for _, f := range flows {
		if found, ok := f.(F); ok {
			return found, nil
		}
	}
	var none F
	return none, errors.New("latchkey: the flow " + none.Name() + " is not in Options.Flows")
}

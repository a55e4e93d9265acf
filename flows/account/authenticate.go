package account

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/loginlimit"
)

// Credentials are what a person types to log in.
type Credentials struct {
	Identifier, Password string
	Request              *core.Request // nil outside HTTP
}

// Authenticate finds the user of the credentials and hands it to admit, which
// says whether the login succeeds; the login limit counts failures of both.
// Refusals: LOGIN_BAD_CREDENTIALS (unknown user, malformed address, wrong
// password: the same work), 429, 503, and what admit returns.
func Authenticate(
	ctx context.Context, svc *core.Services, failures []core.Limit, c Credentials,
	admit func(context.Context, core.AnyUser) error,
) error {
	key, malformed := svc.CanonicalEmail(c.Identifier)
	if malformed != nil {
		key = ""
	}
	settle := func(error) {}
	if key != "" {
		var err error
		if settle, err = loginlimit.Allow(ctx, svc.Limiter, failures, key, svc.Env.Log); err != nil {
			return err
		}
	}
	u, err := check(ctx, svc, key, c)
	if err == nil {
		err = admit(ctx, u)
	}
	settle(err)
	if errors.Is(err, core.Refuse(core.CodeLoginBadCredentials)) {
		svc.Events.Raise(ctx, core.Event{
			Kind: core.EventLoginFailed, Backend: svc.Backend.Name, Method: "password", Code: core.CodeLoginBadCredentials,
			User: u, Request: c.Request,
		})
	}
	return err
}

// check returns the user of the address, with LOGIN_BAD_CREDENTIALS too if the
// password is wrong.
func check(ctx context.Context, svc *core.Services, emailKey string, c Credentials) (core.AnyUser, error) {
	var u core.AnyUser
	if emailKey != "" { // "" is malformed, and no address of anyone's
		found, err := svc.Users.Find(ctx, core.ByEmail(emailKey))
		if err != nil && !errors.Is(err, core.ErrNotFound) {
			return nil, core.Unavailable(err)
		}
		u = found
	}
	ok, err := svc.Passwords.Check(ctx, core.AskedBy(emailKey, c.Request), u, c.Password)
	if err != nil {
		return u, err
	}
	if !ok {
		return u, core.Refuse(core.CodeLoginBadCredentials)
	}
	return u, nil
}

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
// Refusals: LOGIN_BAD_CREDENTIALS (unknown user, malformed identifier, wrong
// password: the same work), 429, 503, and what admit returns.
func Authenticate(
	ctx context.Context, svc *core.Services, failures []core.Limit, c Credentials,
	admit func(context.Context, core.AnyUser) error,
) error {
	key, malformed := svc.Identify(c.Identifier)
	if malformed != nil {
		key = core.Key{}
	}
	settle := func(error) {}
	if key.Value != "" {
		var err error
		if settle, err = loginlimit.Allow(ctx, svc.Limiter, failures, loginlimit.Of(key), svc.Env.Log); err != nil {
			return err
		}
	}
	u, settleUser, err := check(ctx, svc, failures, key, c)
	if err == nil {
		err = admit(ctx, u)
	}
	settle(err)
	settleUser(err)
	for _, code := range []string{core.CodeLoginBadCredentials, core.CodeLoginUserSuspended} {
		if errors.Is(err, core.Refuse(code)) {
			svc.Events.Raise(ctx, core.Event{
				Kind: core.EventLoginFailed, Backend: svc.Backend.Name, Method: "password", Code: code,
				User: u, Request: c.Request,
			})
		}
	}
	return err
}

// check returns the user of a key, with LOGIN_BAD_CREDENTIALS too if the
// password is wrong, and what settles the user's own count.
func check(
	ctx context.Context, svc *core.Services, failures []core.Limit, key core.Key, c Credentials,
) (u core.AnyUser, settle func(error), err error) {
	settle = func(error) {}
	if key.Value != "" { // "" is malformed, and nobody's
		u, err = svc.Users.Find(ctx, key)
		if err != nil && !errors.Is(err, core.ErrNotFound) {
			return nil, settle, core.Unavailable(err)
		}
	}
	judged := u
	if key.Value != "" && core.NamedOf(svc.Users.New()) != nil {
		settle, err = ofUser(ctx, svc, failures, key, u)
		if errors.Is(err, core.RateLimited(0)) {
			// The answer is that of a wrong password: another one
			// would tell which name belongs to which address.
			judged, settle = nil, func(error) {}
		} else if err != nil {
			return u, func(error) {}, err
		}
	}
	ok, err := svc.Passwords.Check(ctx, core.AskedBy(key.Value, c.Request), judged, c.Password)
	if err != nil {
		return u, settle, err
	}
	if !ok {
		return u, settle, core.Refuse(core.CodeLoginBadCredentials)
	}
	return u, settle, nil
}

// ofUser counts a failure of the user, whatever identifier was typed; u is nil
// for nobody.
func ofUser(
	ctx context.Context, svc *core.Services, failures []core.Limit, key core.Key, u core.AnyUser,
) (settle func(error), err error) {
	count := loginlimit.OfNobody(key)
	if u != nil {
		count = loginlimit.OfUser(u)
	}
	return loginlimit.Allow(ctx, svc.Limiter, failures, count, svc.Env.Log)
}

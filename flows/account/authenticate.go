package account

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// Credentials are what a person types to log in.
type Credentials struct {
	Identifier, Password string
	Captcha              string        // the answer to a riddle, "" without one
	Request              *core.Request // nil outside HTTP
}

// Authenticate finds the user of the credentials and hands it to admit, which
// says whether the login succeeds; the limits count failures of both. Refusals:
// LOGIN_BAD_CREDENTIALS (unknown user, malformed identifier, wrong password, a
// long limit of the user: the same work), 429, CAPTCHA_REQUIRED, 503, and what
// admit returns.
func Authenticate(
	ctx context.Context, svc *core.Services, g Guesses, c Credentials, admit func(context.Context, core.AnyUser) error,
) error {
	key, malformed := svc.Identify(c.Identifier)
	if malformed != nil {
		key = core.Key{}
	}
	a := &attempt{Guesses: g, svc: svc, c: c, key: key}
	if err := a.count(ctx); err != nil {
		return err
	}
	u, err := a.check(ctx)
	if err == nil {
		err = admit(ctx, u)
	}
	for _, settle := range a.settles {
		settle(err)
	}
	for _, code := range []string{core.CodeLoginBadCredentials, core.CodeLoginUserSuspended} {
		if !errors.Is(err, core.Refuse(code)) {
			continue
		}
		e := core.Event{
			Kind: core.EventLoginFailed, Backend: svc.Backend.Name, Method: "password", Code: code,
			User: u, Request: c.Request,
		}
		if a.limited {
			e.Code = core.CodeRateLimited
		}
		svc.Events.Raise(ctx, e)
	}
	return err
}

// attempt is one with a password.
type attempt struct {
	Guesses
	svc     *core.Services
	c       Credentials
	key     core.Key     // "" for what is malformed, and nobody's
	device  core.AnyUser // whose known browser it comes from; nil: a stranger's
	solved  bool         // a captcha stands in for the short limits
	limited bool         // a limit of the user refuses, and the answer does not tell
	settles []func(error)
}

// count counts the attempt before anybody is looked up by what was typed.
func (a *attempt) count(ctx context.Context) error {
	if a.key.Value == "" {
		return nil
	}
	var settle func(error)
	var err error
	if d := a.Known.Of(ctx, a.svc.Backend.Name, a.c.Request); d.Identifies(a.key) {
		a.device = d.User
		settle, err = a.ofDevice(ctx, a.svc, d)
	} else {
		settle, a.solved, err = a.ofIdentifier(ctx, a.svc, a.key, a.c)
	}
	if err == nil {
		a.settles = append(a.settles, settle)
	}
	return err
}

// check returns the user of what was typed, with LOGIN_BAD_CREDENTIALS too if
// the password is wrong.
func (a *attempt) check(ctx context.Context) (u core.AnyUser, err error) {
	if u = a.device; u == nil && a.key.Value != "" {
		u, err = a.svc.Users.Find(ctx, a.key)
		if err != nil && !errors.Is(err, core.ErrNotFound) {
			return nil, core.Unavailable(err)
		}
	}
	judged := u
	if a.device == nil && a.key.Value != "" {
		settle, err := a.ofUser(ctx, a.svc, a.key, u, a.solved)
		switch {
		case errors.Is(err, core.RateLimited(0)):
			// The answer is that of a wrong password: another one
			// would tell who is registered, and which name belongs
			// to which address.
			judged, a.limited = nil, true
		case err != nil:
			return u, err
		default:
			a.settles = append(a.settles, settle)
		}
	}
	ok, err := a.svc.Passwords.Check(ctx, core.AskedBy(a.key.Value, a.c.Request), judged, a.c.Password)
	if err != nil {
		return u, err
	}
	if !ok {
		return u, core.Refuse(core.CodeLoginBadCredentials)
	}
	return u, nil
}

package account

import (
	"context"

	"github.com/latchkey-go/latchkey/core"
)

// permit decides whether the caller may change their password, address or name:
// with the current password, or in a login that is secure without it (OWASP
// ASVS 5.0, 6.2.3 and 7.5.1). What changes none of them is permitted. A current
// password that is wrong is refused in any login.
func (f Users) permit(ctx context.Context, svc *core.Services, c Changes, current *string) error {
	u := core.CurrentFrom(ctx).User
	if len(c.limited(svc, u)) == 0 {
		return nil
	}
	if !core.CurrentFrom(ctx).Session.InPerson() { // who acts as the user does not try their password either
		return core.Forbidden()
	}
	if current == nil {
		if err := svc.Security.Secured(ctx); err != nil {
			return err
		}
		return f.Limits.own(ctx, svc, c)
	}
	if err := f.Limits.own(ctx, svc, c); err != nil {
		return err
	}
	if err := f.checkCurrent(ctx, svc, u, *current, c.Request); err != nil {
		return err
	}
	return svc.Security.Secured(ctx, core.Proof{Method: core.MethodPassword, At: svc.Env.Now()})
}

// permitAdmin decides whether a superuser may change the password or address of
// a user, themselves or another: in a login that is secure.
func (f Users) permitAdmin(ctx context.Context, svc *core.Services, target core.AnyUser, c Changes) error {
	if len(c.limited(svc, target)) == 0 {
		return nil
	}
	if err := svc.Security.Secured(ctx); err != nil {
		return err
	}
	return f.Limits.admin(ctx, svc, target, c)
}

// checkCurrent checks a user's current password. A wrong one counts as a failed
// login, so that a stolen session is no way around that limit.
func (f Users) checkCurrent(
	ctx context.Context, svc *core.Services, u core.AnyUser, password string, r *core.Request,
) error {
	settle, err := f.own(ctx, svc, u, r)
	if err != nil {
		return err
	}
	ok, err := svc.Passwords.Check(ctx, core.AskedAbout(u, r), u, password)
	if err == nil && !ok {
		settle(core.Refuse(core.CodeLoginBadCredentials))
		return core.Refuse(core.CodeUpdateBadCurrent)
	}
	settle(err)
	return err
}

package account

import (
	"context"

	"github.com/latchkey-go/latchkey/core"
)

// ChangeLimits bound new passwords, which are hashed, and new addresses and
// names, whose answers tell who is registered. Each of the three has counts of
// its own. A zero limit limits nothing.
type ChangeLimits struct {
	User    core.Limit // of one user, by PATCH /me
	Network core.Limit // of one client network, by PATCH /me
	Admin   core.Limit // of one administrator, by PATCH /{id}
}

// own counts what a change of the current user's account costs: 429 beyond a
// limit, before anything is hashed or looked up. What changes neither password
// nor address nor name is not counted, nor is an address or a name that is the
// user's or that is none.
func (l ChangeLimits) own(ctx context.Context, svc *core.Services, c Changes) error {
	current := core.CurrentFrom(ctx)
	for _, kind := range c.limited(svc, current.User) {
		if err := core.CheckLimit(ctx, svc.Limiter, core.LimitKey(kind, current.Session.UserID), l.User); err != nil {
			return err
		}
		if err := core.CheckNetworkLimit(ctx, svc.Limiter, kind, c.Request.Remote, l.Network); err != nil {
			return err
		}
	}
	return nil
}

// admin is own for the change of any user. It counts by the administrator, as
// many of them may share a network, and their work comes in bulk.
func (l ChangeLimits) admin(ctx context.Context, svc *core.Services, target core.AnyUser, c Changes) error {
	admin := core.CurrentFrom(ctx).Session.UserID
	for _, kind := range c.limited(svc, target) {
		if err := core.CheckLimit(ctx, svc.Limiter, core.LimitKey("admin-"+kind, admin), l.Admin); err != nil {
			return err
		}
	}
	return nil
}

// limited returns the kinds of changes that are counted.
func (c *Changes) limited(svc *core.Services, target core.AnyUser) (kinds []string) {
	if c.Password != nil {
		kinds = append(kinds, "password-changes")
	}
	if c.Email != nil {
		if key, err := svc.CanonicalEmail(*c.Email); err == nil && key != target.Base().EmailKey {
			kinds = append(kinds, "email-changes")
		}
	}
	if c.renames(svc, target) {
		kinds = append(kinds, "username-changes")
	}
	return kinds
}

// renames reports whether the target would get another name.
func (c *Changes) renames(svc *core.Services, target core.AnyUser) bool {
	n := core.NamedOf(target)
	if n == nil {
		return false
	}
	name, given, _ := c.Own.String("username")
	if c.Username != nil {
		name, given = *c.Username, true
	}
	key, err := svc.Identify(name)
	return given && err == nil && key != core.ByUsername(n.UsernameKey)
}

package factors

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-go/latchkey/core"
)

// Remove removes a user's factor, and with one that is a factor by itself ends
// their other logins: some may have been made by it (OWASP ASVS 5.0, 7.4.3).
// Refusals: the plain 404, FACTOR_REQUIRED, LAST_LOGIN_METHOD. r is nil outside
// HTTP, where an administrator removes what the user has lost: then neither of
// the two is refused, and no login goes on.
func (f Flow) Remove(ctx context.Context, svc *core.Services, u core.AnyUser, id string, r *core.Request) error {
	if len(f.keepers) == 0 {
		return core.NotFound()
	}
	if !svc.Users.Atomic() {
		f.removing.Lock()
		defer f.removing.Unlock()
	}
	e := &core.Event{Kind: core.EventFactorRemoved, User: u, Target: id, Request: r}
	if r != nil {
		e.Keep = core.CurrentFrom(ctx).Session
	}
	owner := u.Base().ID
	err := svc.Events.Commit(ctx, e, func(ctx context.Context) error {
		u, err := svc.Users.Lock(ctx, owner) // or two removals would each leave the other's
		if err != nil {
			return err
		}
		c, all, err := f.find(ctx, svc, owner, id)
		if err != nil {
			return err
		}
		last := f.isLast(c, all)
		if r != nil {
			if err := f.refused(ctx, svc, u, c, last); err != nil {
				return err
			}
		}
		e.Method, e.User = c.Kind, u
		if err := f.endLogins(ctx, svc, e); err != nil {
			return err
		}
		if err := svc.Credentials.Delete(ctx, c.Kind, owner, c.ID); err != nil {
			return err
		}
		if err := f.dropSwitch(ctx, svc, c, all); err != nil || !last {
			return err
		}
		return f.removeBeside(ctx, svc, owner, all)
	})
	if errors.Is(err, core.ErrNotFound) { // removed meanwhile, or the user is gone
		return core.NotFound()
	}
	return core.OrUnavailable(err)
}

// endLogins raises the user's TokenEpoch, unless what is removed only stands in
// for a factor.
func (f Flow) endLogins(ctx context.Context, svc *core.Services, e *core.Event) error {
	if _, kept, _ := f.keeper(e.Method); kept.Beside {
		return nil
	}
	now, err := svc.Users.Update(ctx, e.User.Base().ID, func(u core.AnyUser) error {
		was := *u.Base()
		e.Was = &was
		u.Base().TokenEpoch++
		return nil
	})
	if err == nil {
		e.User = now
	}
	return err
}

// isLast reports whether c is the last of all that is a factor by itself.
func (f Flow) isLast(c *core.Credential, all []*core.Credential) bool {
	if _, kept, _ := f.keeper(c.Kind); kept.Beside {
		return false
	}
	for _, other := range all {
		if _, kept, _ := f.keeper(other.Kind); !kept.Beside && other.ID != c.ID {
			return false
		}
	}
	return true
}

// refused returns why the user may not remove c: they must have a factor, or
// log in by c alone. nil permits.
func (f Flow) refused(ctx context.Context, svc *core.Services, u core.AnyUser, c *core.Credential, last bool) error {
	if last {
		needs, err := svc.Security.NeedsFactor(ctx, u)
		if err != nil {
			return err
		}
		if needs {
			return &core.Error{Code: core.CodeFactorRequired, Status: http.StatusConflict}
		}
	}
	flow, kept, _ := f.keeper(c.Kind)
	way, ok := core.As[core.Way](flow)
	if !ok || kept.Way != nil && !kept.Way(c) {
		return nil
	}
	own, err := way.Ways(ctx, u)
	if err != nil || own == 0 {
		return err
	}
	all, err := svc.Security.Ways(ctx, u)
	if err != nil {
		return err
	}
	if all < 2 {
		return &core.Error{Code: core.CodeLastLoginMethod, Status: http.StatusConflict}
	}
	return nil
}

// removeBeside removes what only stood in for a factor.
func (f Flow) removeBeside(ctx context.Context, svc *core.Services, owner string, all []*core.Credential) error {
	for _, c := range all {
		if _, kept, _ := f.keeper(c.Kind); !kept.Beside {
			continue
		}
		if err := svc.Credentials.Delete(ctx, c.Kind, owner, c.ID); err != nil && !errors.Is(err, core.ErrNotFound) {
			return err
		}
	}
	return nil
}

// Package newcomer introduces a user who comes in by proving who they are
// elsewhere, at a provider or by a mail, and is registered by it.
//
//	event := &core.Event{Kind: core.EventRegistered, User: u, …}
//	commit, err := newcomer.Introduce(ctx, svc, event)
//	…
//	err = commit(ctx, create)
package newcomer

import (
	"context"
	"errors"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/naming"
)

// Introduce calls BeforeRegister and the deciders about the event's user, whose
// address is set, and returns what stores them. The hook may edit the address:
// it gets its canonical form, 422 if it is none, and another one than was
// proved is not verified. It may also set a
// name; see NameTaken.
func Introduce(ctx context.Context, svc *core.Services, e *core.Event) (core.Commit, error) {
	b := e.User.Base()
	proved, verified := b.EmailKey, b.IsVerified
	commit, err := svc.Events.Begin(ctx, e)
	if err != nil {
		return nil, err
	}
	if err := core.InvalidProblems(naming.Settle(svc.Identify, e.User)); err != nil {
		return nil, err
	}
	b.Email = strings.TrimSpace(b.Email)
	if b.Email == "" && svc.Env.EmailOptional {
		b.EmailKey, b.IsVerified = "", false
		return commit, nil
	}
	key, err := svc.CanonicalEmail(b.Email)
	if err != nil {
		return nil, core.Invalid(core.BadValue("email", err.Error()))
	}
	if b.EmailKey = key; key != proved && verified {
		b.IsVerified = false
	}
	return commit, nil
}

// NameTaken returns REGISTER_USERNAME_ALREADY_EXISTS where a new user's name is
// somebody's already, nil where it is not or there is none, or a 503.
func NameTaken(ctx context.Context, svc *core.Services, u core.AnyUser) error {
	n := core.NamedOf(u)
	if n == nil || n.UsernameKey == "" {
		return nil
	}
	switch _, err := svc.Users.Find(ctx, core.ByUsername(n.UsernameKey)); {
	case err == nil:
		return core.Refuse(core.CodeRegisterNameExists)
	case !errors.Is(err, core.ErrNotFound):
		return core.Unavailable(err)
	}
	return nil
}

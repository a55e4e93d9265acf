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
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// Introduce calls BeforeRegister and the deciders about the event's user, whose
// address is set, and returns what stores them. The hook may edit the address:
// it gets its canonical form, 422 if it is none, and another one than was
// proved is not verified.
func Introduce(ctx context.Context, svc *core.Services, e *core.Event) (core.Commit, error) {
	b := e.User.Base()
	proved, verified := b.EmailKey, b.IsVerified
	commit, err := svc.Events.Begin(ctx, e)
	if err != nil {
		return nil, err
	}
	b.Email = strings.TrimSpace(b.Email)
	key, err := svc.CanonicalEmail(b.Email)
	if err != nil {
		return nil, core.Invalid(core.BadValue("email", err.Error()))
	}
	if b.EmailKey = key; key != proved && verified {
		b.IsVerified = false
	}
	return commit, nil
}

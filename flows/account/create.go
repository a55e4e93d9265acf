package account

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/ownschema"
	"github.com/latchkey-go/latchkey/internal/passwords"
)

// Create stores u, a new user with its e-mail, name and own columns set, under
// a password; with an empty password the user has none and cannot log in with
// one. Refusals: 422 for the identifiers, then REGISTER_INVALID_PASSWORD, then
// what BeforeRegister says, then REGISTER_USER_ALREADY_EXISTS and
// REGISTER_USERNAME_ALREADY_EXISTS, which decide between concurrent calls, then
// what the application's own schema refuses: 422 or REGISTER_USER_CONFLICT. r
// and in are those of the event, nil outside HTTP.
func Create(
	ctx context.Context, svc *core.Services, u core.AnyUser, password string, r *core.Request, in core.Object,
) error {
	b, logsIn := u.Base(), password != "" || r != nil
	if err := core.InvalidProblems(identified(svc, u, logsIn)...); err != nil {
		return err
	}
	if logsIn {
		if err := svc.Passwords.CheckPolicy(ctx, password, u); err != nil {
			return passwords.Refusal(err, core.CodeRegisterPassword)
		}
	}
	commit, err := svc.Events.Begin(ctx, &core.Event{Kind: core.EventRegistered, User: u, Request: r, Input: in})
	if err != nil {
		return err
	}
	if err := core.InvalidProblems(identified(svc, u, logsIn)...); err != nil { // the hook may have edited them
		return err
	}
	// Asked before hashing, which is what a flood of registrations would
	// make us do; Create decides.
	if err := vacant(ctx, svc, u, registers); err != nil {
		return err
	}
	b.HashedPassword = ""
	if password != "" {
		hash, err := svc.Passwords.Hash(ctx, core.AskedBy("", r), password)
		if err != nil {
			return passwords.Refusal(err, core.CodeRegisterPassword)
		}
		b.HashedPassword = hash
	}
	id := b.ID
	err = commit(ctx, func(ctx context.Context) error {
		b.ID = id // not that of a run which was undone
		return svc.Users.Create(ctx, u)
	})
	if errors.Is(err, core.ErrTaken) {
		return lost(ctx, svc, u, registers)
	}
	if answer := ownschema.Answer(ctx, svc, ownschema.Register, err, r != nil); answer != nil {
		return answer
	}
	if err != nil {
		return core.OrUnavailable(err)
	}
	return nil
}

package account

import (
	"context"
	"errors"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/ownschema"
)

// CreateService stores u, a new user who is no person, with its flags and own
// columns set: active, and without address, name and password, so that no login
// finds them. Refusals: 422 for a user who has one of these, also where
// BeforeRegister has set it, then what that hook says, then what the
// application's own schema refuses: 422 or REGISTER_USER_CONFLICT.
func CreateService(ctx context.Context, svc *core.Services, u core.AnyUser) error {
	b := u.Base()
	if err := core.InvalidProblems(waysIn(u)...); err != nil {
		return err
	}
	// There is no address whose mailbox could be unknown.
	b.IsActive, b.IsVerified = true, true
	commit, err := svc.Events.Begin(ctx, &core.Event{Kind: core.EventRegistered, User: u})
	if err != nil {
		return err
	}
	if err := core.InvalidProblems(waysIn(u)...); err != nil { // the hook may have edited them
		return err
	}
	id := b.ID
	err = commit(ctx, func(ctx context.Context) error {
		b.ID = id // not that of a run which was undone
		return svc.Users.Create(ctx, u)
	})
	if errors.Is(err, core.ErrTaken) { // an empty address, in a table that has each once
		return core.Refuse(core.CodeRegisterUserExists)
	}
	if answer := ownschema.Answer(ctx, svc, ownschema.Register, err, false); answer != nil {
		return answer
	}
	if err != nil {
		return core.OrUnavailable(err)
	}
	return nil
}

// waysIn are the problems of a service account that somebody could log in to.
func waysIn(u core.AnyUser) (problems []*core.Problem) {
	refuse := func(name string, has bool) {
		if has {
			problem := core.BadValue(name, "a service account has none")
			problems = append(problems, &problem)
		}
	}
	b := u.Base()
	refuse("email", strings.TrimSpace(b.Email) != "" || b.EmailKey != "")
	n := core.NamedOf(u)
	refuse("username", n != nil && (strings.TrimSpace(n.Username) != "" || n.UsernameKey != ""))
	refuse("password", b.HashedPassword != "")
	return problems
}

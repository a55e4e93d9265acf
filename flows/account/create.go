package account

import (
	"context"
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// Create stores u, a new user with its e-mail and own columns set, under a
// password; with an empty password the user has none and cannot log in with
// one. Refusals: 422 for the address, then REGISTER_INVALID_PASSWORD, then what
// BeforeRegister says, then REGISTER_USER_ALREADY_EXISTS, which decides between
// concurrent calls. r and in are those of the event, nil outside HTTP.
func Create(ctx context.Context, kit core.Kit, u core.AnyUser, password string, r *core.Request, in core.Object) error {
	b := u.Base()
	if err := setEmail(kit, b, b.Email); err != nil {
		return err
	}
	if password != "" || r != nil {
		if err := kit.Passwords.Judge(ctx, password, u); err != nil {
			return core.Recode(err, core.CodeRegisterPassword)
		}
	}
	if err := kit.Before(ctx, &core.Event{Moment: core.Register, User: u, Request: r, Input: in}); err != nil {
		return err
	}
	if err := setEmail(kit, b, b.Email); err != nil { // the hook may have edited it
		return err
	}
	// Asked before hashing, which is what a flood of registrations would
	// make us do; Create decides.
	switch _, err := kit.Users.Find(ctx, core.ByEmail(b.EmailKey)); {
	case err == nil:
		return core.Refuse(core.CodeRegisterUserExists)
	case !errors.Is(err, core.ErrNotFound):
		return core.Unavailable(err)
	}
	b.HashedPassword = ""
	if password != "" {
		hash, err := kit.Passwords.Hash(ctx, core.AskedBy("", r), password)
		if err != nil {
			return core.Recode(err, core.CodeRegisterPassword)
		}
		b.HashedPassword = hash
	}
	switch err := kit.Users.Create(ctx, u); {
	case errors.Is(err, core.ErrTaken):
		return core.Refuse(core.CodeRegisterUserExists)
	case err != nil:
		return core.Unavailable(err)
	}
	kit.After(ctx, core.Event{Moment: core.Register, User: u, Request: r, Input: in})
	return nil
}

func setEmail(kit core.Kit, u *core.User, email string) error {
	key, err := kit.EmailKey(email)
	if err != nil {
		return core.Invalid(core.BadValue("email", err.Error()))
	}
	u.Email, u.EmailKey = email, key
	return nil
}

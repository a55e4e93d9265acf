package account

import (
	"context"
	"errors"
	"math"

	"github.com/latchkey-go/latchkey/core"
)

// Changes are what a change of a user consists of; nil and absent leave as it
// is.
type Changes struct {
	Email, Password                   *string
	IsActive, IsSuperuser, IsVerified *bool
	Own                               core.Object // the application's columns that are writable on "update"
	// Edit changes the application's own columns, outside HTTP. It is pure;
	// its error undoes everything.
	Edit func(core.AnyUser) error

	// Keep is the session that outlives a new password: that of the person
	// who sets their own.
	Keep    *core.Session
	Request *core.Request // nil outside HTTP
}

// Change applies c to the user. Refusals: 422, then
// UPDATE_USER_INVALID_PASSWORD, then what BeforeUpdate says, then
// UPDATE_USER_EMAIL_ALREADY_EXISTS; core.ErrNotFound if the user is gone. A new
// password, and a deactivation, end the user's sessions and tokens; a new
// address (beyond letter case) is unverified, unless c says otherwise.
func Change(ctx context.Context, kit core.Kit, target core.AnyUser, c Changes) (core.AnyUser, error) {
	return change(ctx, kit, target, c, unbound(kit))
}

func change(ctx context.Context, kit core.Kit, target core.AnyUser, c Changes, again recheck) (core.AnyUser, error) {
	emailKey, err := prepare(ctx, kit, target, c)
	if err != nil {
		return nil, err
	}
	var hash core.PasswordHash
	if c.Password != nil {
		if hash, err = kit.Passwords.Hash(ctx, core.AskedAbout(target, c.Request), *c.Password); err != nil {
			return nil, core.Recode(err, core.CodeUpdatePassword)
		}
	}
	before := int64(0)
	var edit error
	var u core.AnyUser
	leaves := c.IsActive != nil && !*c.IsActive || c.IsSuperuser != nil && !*c.IsSuperuser
	err = again(ctx, target.Base().ID, leaves, func(ctx context.Context) (err error) {
		edit = nil
		u, err = kit.Users.Update(ctx, target.Base().ID, func(u core.AnyUser) error {
			before = u.Base().TokenEpoch
			edit = c.apply(kit, u, emailKey, hash)
			return edit
		})
		return err
	})
	switch {
	case edit != nil:
		return nil, edit
	case errors.Is(err, core.ErrTaken):
		return nil, core.Refuse(core.CodeUpdateEmailExists)
	case errors.Is(err, core.ErrNotFound):
		return nil, err
	case err != nil:
		return nil, refusal(err)
	}
	if u.Base().TokenEpoch != before {
		kit.Sessions.EndAll(ctx, u, c.Keep)
	}
	kit.After(ctx, core.Event{Moment: core.Update, User: u, Request: c.Request, Input: c.Own})
	return u, nil
}

// apply is pure: a store may run it again.
func (c *Changes) apply(kit core.Kit, u core.AnyUser, emailKey string, hash core.PasswordHash) error {
	b := u.Base()
	if c.Edit != nil {
		base := *b
		err := c.Edit(u)
		*b = base
		if err != nil {
			return err
		}
	}
	if err := kit.Codec.Input(u, c.Own, "update"); err != nil {
		return err
	}
	if c.Email != nil {
		b.IsVerified = b.IsVerified && b.EmailKey == emailKey
		b.Email, b.EmailKey = *c.Email, emailKey
	}
	if c.Password != nil {
		b.HashedPassword = hash
	}
	if c.Password != nil || c.IsActive != nil && !*c.IsActive && b.IsActive {
		b.TokenEpoch++
	}
	set(&b.IsActive, c.IsActive)
	set(&b.IsSuperuser, c.IsSuperuser)
	set(&b.IsVerified, c.IsVerified)
	return nil
}

// prepare refuses what can be refused before anything is hashed or written, and
// gives the canonical form of a new address.
func prepare(ctx context.Context, kit core.Kit, target core.AnyUser, c Changes) (emailKey string, err error) {
	asked := kit.Users.New()
	*asked.Base() = *target.Base()
	var problems []*core.Problem
	if c.Email != nil {
		problems = append(problems, problemOf(setEmail(kit, asked.Base(), *c.Email)))
	}
	problems = append(problems, problemsOf(kit.Codec.Input(kit.Users.New(), c.Own, "update"))...)
	if err := core.InvalidIf(problems...); err != nil {
		return "", err
	}
	if c.Password != nil {
		if err := kit.Passwords.Judge(ctx, *c.Password, asked); err != nil {
			return "", core.Recode(err, core.CodeUpdatePassword)
		}
	}
	if err := kit.Before(ctx,
		&core.Event{Moment: core.Update, User: target, Request: c.Request, Input: c.Own}); err != nil {
		return "", err
	}
	emailKey = asked.Base().EmailKey
	if emailKey != target.Base().EmailKey {
		switch _, err := kit.Users.Find(ctx, core.ByEmail(emailKey)); {
		case err == nil:
			return "", core.Refuse(core.CodeUpdateEmailExists)
		case !errors.Is(err, core.ErrNotFound):
			return "", core.Unavailable(err)
		}
	}
	return emailKey, nil
}

// Remove deletes a user, after BeforeDelete agreed, and ends all that the user
// was logged in with. core.ErrNotFound if the user is gone.
func Remove(ctx context.Context, kit core.Kit, u core.AnyUser, r *core.Request) error {
	return remove(ctx, kit, u, r, unbound(kit))
}

func remove(ctx context.Context, kit core.Kit, u core.AnyUser, r *core.Request, again recheck) error {
	if err := kit.Before(ctx, &core.Event{Moment: core.Delete, User: u, Request: r}); err != nil {
		return err
	}
	id := u.Base().ID
	err := again(ctx, id, true, func(ctx context.Context) error { return kit.Users.Delete(ctx, id) })
	switch {
	case errors.Is(err, core.ErrNotFound):
		return err
	case err != nil:
		return refusal(err)
	}
	gone := kit.Users.New()
	gone.Base().ID, gone.Base().TokenEpoch = u.Base().ID, math.MaxInt64
	kit.Sessions.EndAll(ctx, gone, nil)
	kit.After(ctx, core.Event{Moment: core.Delete, User: u, Request: r})
	return nil
}

// refusal is err where it is an answer, else a 503.
func refusal(err error) error {
	if e := (*core.Error)(nil); errors.As(err, &e) {
		return e
	}
	return core.Unavailable(err)
}

func set(flag *bool, to *bool) {
	if to != nil {
		*flag = *to
	}
}

package account

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/naming"
	"github.com/latchkey-go/latchkey/internal/ownschema"
	"github.com/latchkey-go/latchkey/internal/passwords"
)

// Changes are what a change of a user consists of; nil and absent leave as it
// is.
type Changes struct {
	Email, Username, Password         *string
	IsActive, IsSuperuser, IsVerified *bool
	Own                               core.Object // the application's columns that are writable on "update"
	// Edit changes the application's own columns, outside HTTP. It is pure;
	// its error undoes everything.
	Edit func(core.AnyUser) error

	// Keep is the session that outlives a new password: that of the person
	// who sets their own.
	Keep    *core.Session
	Request *core.Request // nil outside HTTP

	// planned holds what BeforeUpdate has set in the fields edited.
	planned core.AnyUser
	edited  []int
	// permit is called once the input is valid, before anything is judged,
	// hashed or looked up; nil permits.
	permit func(context.Context) error
}

// Change applies c to the user. Refusals: 422, then
// UPDATE_USER_INVALID_PASSWORD, then what BeforeUpdate says, then
// UPDATE_USER_EMAIL_ALREADY_EXISTS and UPDATE_USER_USERNAME_ALREADY_EXISTS,
// then what the application's own schema refuses (422 or UPDATE_USER_CONFLICT);
// core.ErrNotFound if the user is gone. A new password, and a deactivation, end
// the user's sessions and tokens; a new address (beyond letter case) is
// unverified, unless c says otherwise.
func Change(ctx context.Context, svc *core.Services, target core.AnyUser, c Changes) (core.AnyUser, error) {
	return change(ctx, svc, target, c, unbound)
}

func change(
	ctx context.Context, svc *core.Services, target core.AnyUser, c Changes, write writer,
) (core.AnyUser, error) {
	e := &core.Event{Kind: core.EventUpdated, Keep: c.Keep, Request: c.Request, Input: c.Own}
	asked, commit, err := prepare(ctx, svc, target, &c, e)
	if err != nil {
		return nil, err
	}
	var hash core.PasswordHash
	if c.Password != nil {
		if hash, err = svc.Passwords.Hash(ctx, core.AskedAbout(target, c.Request), *c.Password); err != nil {
			return nil, passwords.Refusal(err, core.CodeUpdatePassword)
		}
	}
	var edit error
	leaves := c.IsActive != nil && !*c.IsActive || c.IsSuperuser != nil && !*c.IsSuperuser
	err = write(ctx, e, commit, leaves, func(ctx context.Context) error {
		edit = nil
		u, err := svc.Users.Update(ctx, target.Base().ID, func(u core.AnyUser) error {
			was, columns := *u.Base(), ownColumns(svc, u)
			e.Was = &was
			edit = c.apply(svc, u, asked.Base().EmailKey, hash)
			e.Fields = append(changed(&was, u.Base()), differing(columns, ownColumns(svc, u))...)
			slices.Sort(e.Fields)
			return edit
		})
		if err == nil {
			e.User = u
		}
		return err
	})
	answer := ownschema.Answer(ctx, svc, ownschema.Update, err, c.Request != nil)
	switch {
	case edit != nil:
		return nil, edit
	case answer != nil:
		return nil, answer
	case errors.Is(err, core.ErrTaken):
		return nil, lost(ctx, svc, fresh(svc, target, asked), updates)
	case errors.Is(err, core.ErrNotFound):
		return nil, err
	case err != nil:
		return nil, core.OrUnavailable(err)
	}
	return e.User, nil
}

// changed returns the names of Latchkey's own columns that differ.
func changed(was, now *core.User) (fields []string) {
	for name, differs := range map[string]bool{
		"email": was.Email != now.Email, "password": was.HashedPassword != now.HashedPassword,
		"is_active": was.IsActive != now.IsActive, "is_superuser": was.IsSuperuser != now.IsSuperuser,
		"is_verified": was.IsVerified != now.IsVerified,
	} {
		if differs {
			fields = append(fields, name)
		}
	}
	return fields
}

// ownColumns returns the application's columns that an update may write, as
// JSON, since a change may edit a value in place.
func ownColumns(svc *core.Services, u core.AnyUser) map[string]string {
	values := map[string]string{}
	for _, c := range svc.Codec.Columns("update") {
		value, _ := json.Marshal(c.Of(u)) // what cannot be encoded has no public form, and counts as unchanged
		values[c.Name] = string(value)
	}
	return values
}

func differing(was, now map[string]string) (names []string) {
	for name := range was {
		if was[name] != now[name] {
			names = append(names, name)
		}
	}
	return names
}

// apply is pure: a store may run it again.
func (c *Changes) apply(svc *core.Services, u core.AnyUser, emailKey string, hash core.PasswordHash) error {
	b := u.Base()
	if c.Edit != nil {
		if err := c.edit(u); err != nil {
			return err
		}
	}
	if err := core.InvalidProblems(c.columns(svc, u)...); err != nil {
		return err
	}
	c.adopt(u)
	if c.Email != nil {
		b.IsVerified = b.IsVerified && b.EmailKey == emailKey
		b.Email, b.EmailKey = strings.TrimSpace(*c.Email), emailKey
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

// edit runs Edit on the application's own columns: Latchkey's stay.
func (c *Changes) edit(u core.AnyUser) error {
	b, n := u.Base(), core.NamedOf(u)
	base, name := *b, core.Named{}
	if n != nil {
		name = *n
	}
	err := c.Edit(u)
	*b = base
	if n != nil {
		*n = name
	}
	return err
}

// columns sets the application's columns, and the name, and returns what is
// wrong with them.
func (c *Changes) columns(svc *core.Services, u core.AnyUser) []*core.Problem {
	problems := svc.Codec.Input(u, c.Own, "update")
	if c.Username != nil {
		problems = append(problems, naming.Set(svc.Identify, u, *c.Username))
	}
	return problems
}

// prepare refuses what can be refused before anything is hashed or written, and
// returns the target with the identifiers that it will have. BeforeUpdate and
// deciders see the user as they will be stored; what they edit becomes part of
// c.
func prepare(
	ctx context.Context, svc *core.Services, target core.AnyUser, c *Changes, e *core.Event,
) (asked core.AnyUser, commit core.Commit, err error) {
	asked = copied(svc, target)
	if err := c.check(svc, asked); err != nil {
		return nil, nil, err
	}
	if c.permit != nil {
		if err := c.permit(ctx); err != nil {
			return nil, nil, err
		}
	}
	if c.Password != nil {
		if err := svc.Passwords.CheckPolicy(ctx, *c.Password, asked); err != nil {
			return nil, nil, passwords.Refusal(err, core.CodeUpdatePassword)
		}
	}
	if err := c.plan(svc, target, asked.Base().EmailKey, e); err != nil {
		return nil, nil, err
	}
	before := copied(svc, c.planned)
	if commit, err = svc.Events.Begin(ctx, e); err != nil {
		return nil, nil, err
	}
	c.compare(before, target.Base())
	asked = copied(svc, target)                 // without an address that a decider took out of the change
	if err := c.check(svc, asked); err != nil { // a hook may have edited address and name
		return nil, nil, err
	}
	return asked, commit, vacant(ctx, svc, fresh(svc, target, asked), updates)
}

// fresh returns asked with those identifiers alone that target does not have.
func fresh(svc *core.Services, target, asked core.AnyUser) core.AnyUser {
	changed := copied(svc, asked)
	if b := changed.Base(); b.EmailKey == target.Base().EmailKey {
		b.EmailKey = ""
	}
	if n := core.NamedOf(changed); n != nil && n.UsernameKey == nameKey(target) {
		n.UsernameKey = ""
	}
	return changed
}

// check joins the problems of the input. It sets a new address and a new name
// in asked, and takes the address' blanks off c's.
func (c *Changes) check(svc *core.Services, asked core.AnyUser) error {
	var problems []*core.Problem
	if c.Email != nil {
		problems = append(problems, setEmail(svc, asked.Base(), *c.Email))
		email := asked.Base().Email
		c.Email = &email
	}
	fresh := svc.Users.New()
	problems = append(problems, c.columns(svc, fresh)...)
	if n := core.NamedOf(fresh); n != nil && n.UsernameKey != "" {
		*core.NamedOf(asked) = *n
	}
	return core.InvalidProblems(problems...)
}

// Remove deletes a user, after BeforeDelete agreed, and ends all that the user
// was logged in with. core.ErrNotFound if the user is gone. Where the
// application's own schema keeps the user, it is DELETE_USER_CONFLICT, and
// nothing is changed.
func Remove(ctx context.Context, svc *core.Services, u core.AnyUser, r *core.Request) error {
	return remove(ctx, svc, u, r, unbound)
}

func remove(ctx context.Context, svc *core.Services, u core.AnyUser, r *core.Request, write writer) error {
	was := *u.Base()
	e := &core.Event{Kind: core.EventDeleted, User: u, Was: &was, Request: r}
	commit, err := svc.Events.Begin(ctx, e)
	if err != nil {
		return err
	}
	err = write(ctx, e, commit, true, func(ctx context.Context) error { return svc.Users.Delete(ctx, was.ID) })
	refused := (*core.RefusedError)(nil) // by a constraint that the commit checks
	switch {
	case errors.Is(err, core.ErrConflict) || errors.As(err, &refused):
		return &core.Error{Code: core.CodeDeleteConflict, Status: http.StatusConflict, Cause: err}
	case errors.Is(err, core.ErrNotFound):
		return err
	case err != nil:
		return core.OrUnavailable(err)
	}
	return nil
}

func set(flag *bool, to *bool) {
	if to != nil {
		*flag = *to
	}
}

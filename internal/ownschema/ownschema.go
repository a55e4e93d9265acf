// Package ownschema answers for what the application's own columns and
// constraints refuse.
//
//	err := svc.Users.Create(ctx, u)
//	on, client := ownschema.Register, r != nil
//	answer := ownschema.Answer(ctx, svc, on, err, client)
//	if answer != nil {
//		return answer
//	}
package ownschema

import (
	"context"
	"errors"
	"reflect"

	"github.com/latchkey-go/latchkey/core"
)

// Write is what a user is written for.
type Write struct {
	on       string // for core.Codec
	conflict string
	base     map[string]string // fields of core.User that a client may write, and their names
}

// The writes of users.
var (
	Register = Write{"register", core.CodeRegisterConflict, map[string]string{"Email": "email", "EmailKey": "email"}}
	Update   = Write{"update", core.CodeUpdateConflict, map[string]string{
		"Email": "email", "EmailKey": "email", "IsActive": "is_active", "IsSuperuser": "is_superuser", "IsVerified": "is_verified",
	}}
)

// Answer returns the answer to a store's ErrConflict or *RefusedError; nil for
// any other error. A conflict is 400 with the write's code, a refused value 422
// with its member. Where a client sent the values, one that no member has is a
// plain 500: no other input helps.
func Answer(ctx context.Context, svc *core.Services, write Write, err error, client bool) error {
	var value *core.RefusedError
	switch {
	case errors.As(err, &value):
	case errors.Is(err, core.ErrConflict):
		return &core.Error{Code: write.conflict, Status: core.CodeStatus(write.conflict), Cause: err}
	default:
		return nil
	}
	name := write.member(svc, value.Field)
	if name == "" && value.Field != "" && client {
		return core.Unavailable(err)
	}
	// The application's own rule, of which its operator may know nothing.
	svc.Env.Log.InfoContext(ctx, "latchkey: the application's schema refused a value", "on", write.on, "err", err)
	problem := core.BadValue(name, "it cannot be stored")
	if name == "" {
		problem.Loc = problem.Loc[:1]
	}
	answer := core.Invalid(problem)
	answer.Cause = err
	return answer
}

// member is the member of a body that has a field's value, "" if there is none.
func (w Write) member(svc *core.Services, field string) string {
	if name, is := w.base[field]; is {
		return name
	}
	u := svc.Users.New()
	if field == "UsernameKey" && core.NamedOf(u) != nil {
		return "username"
	}
	user := reflect.TypeOf(u).Elem()
	for _, c := range svc.Codec.Columns(w.on) {
		if user.FieldByIndex(c.Index).Name == field {
			return c.Name
		}
	}
	return ""
}

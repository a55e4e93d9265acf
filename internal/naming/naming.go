// Package naming sets the names of users, so that a name never stands without
// its key.
//
//	if problem := naming.Set(svc.Identify, u, "Ada"); problem != nil {
//		return core.InvalidProblems(problem)
//	}
package naming

import (
	"cmp"
	"errors"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// errNone is of what identifies somebody, and is no name. The text is for
// people.
var errNone = errors.New("It is not a user name")

// Set sets a user's name, without blanks around it, and its key; or returns
// what is wrong with it and sets nothing. A name is what a login would take for
// one. It is wrong where u has no core.Named.
func Set(identify core.Identifier, u core.AnyUser, name string) *core.Problem {
	name = strings.TrimSpace(name)
	n := core.NamedOf(u)
	if n == nil {
		problem := core.BadValue("username", "users have no names here")
		return &problem
	}
	key, err := identify(name)
	if err == nil && (key.Kind != "username" || key.Value == "") {
		err = errNone
	}
	if err != nil {
		problem := core.BadValue("username", err.Error())
		return &problem
	}
	*n = core.Named{Username: name, UsernameKey: key.Value}
	return nil
}

// Settle is Set with the name that u has, of users whom somebody else than a
// client has filled in: it may be "". It does nothing where u has no
// core.Named.
func Settle(identify core.Identifier, u core.AnyUser) *core.Problem {
	n := core.NamedOf(u)
	if n == nil {
		return nil
	}
	if strings.TrimSpace(n.Username) == "" {
		*n = core.Named{}
		return nil
	}
	return Set(identify, u, n.Username)
}

// Of returns what a person calls a user by: the address, the name or the ID.
func Of(u core.AnyUser) string {
	name := ""
	if n := core.NamedOf(u); n != nil {
		name = n.Username
	}
	return cmp.Or(u.Base().Email, name, u.Base().ID)
}

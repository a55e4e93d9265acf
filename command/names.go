package command

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/naming"
)

// named reports whether users of a type have names.
func named[U any]() bool { return core.NamedOf(new(U)) != nil }

// person is the argument of commands about one user.
func person[U any]() string {
	if named[U]() {
		return "EMAIL|NAME|ID"
	}
	return "EMAIL|ID"
}

// newcomer is the argument of users create. With --username the address may be
// left out, where the application lets it be.
func newcomer[U any]() string {
	if named[U]() {
		return "[EMAIL]"
	}
	return "EMAIL"
}

// addUsername adds --username, of users who have names.
func addUsername[U any](c *cobra.Command, name *string, usage string) {
	if named[U]() {
		c.Flags().StringVar(name, "username", "", usage)
	}
}

// identify sets the address and the name of a new user.
func identify[U any](c *call[U], u *U, username string) error {
	if len(c.args) == 0 && username == "" {
		return usage("name the user by EMAIL, --username or both")
	}
	b := any(u).(core.AnyUser).Base()
	b.Email = strings.Join(c.args, "")
	if username != "" {
		core.NamedOf(u).Username = username
	}
	return nil
}

// called is what a user is called by.
func called(u any) string { return naming.Of(u.(core.AnyUser)) }

// ways are how an argument may name a user, one after the other. Nobody can
// take the ID of somebody else for a name.
func ways[U any](m *latchkey.Manager[U], who string) []finder[U] {
	if strings.Contains(who, "@") {
		return []finder[U]{m.FindByEmail, m.Find}
	}
	if !named[U]() {
		return []finder[U]{m.Find, m.FindByEmail}
	}
	return []finder[U]{m.Find, m.FindByUsername}
}

package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

func (t *tree[U, PU]) users() *cobra.Command {
	return group("users", "Find, create, change and delete users",
		t.usersList(), t.usersShow(), t.usersCreate(), t.usersCreateService(), t.usersUpdate(), t.usersSetPassword(),
		t.usersActive("activate", "Let a user log in again", true),
		t.usersActive("deactivate", "Keep a user from logging in, and end their sessions", false),
		t.usersSuspend(), t.usersReinstate(), t.usersResetPassword(),
		t.usersUnlock(), t.usersExport(),
		t.usersFlag("verify", "Mark a user's address as verified", "verified",
			func(c *latchkey.Changes[U], on *bool) { c.IsVerified = on }),
		t.usersFlag("superuser", "Make a user a superuser", "a superuser",
			func(c *latchkey.Changes[U], on *bool) { c.IsSuperuser = on }),
		t.usersDelete())
}

// finder finds a user, as a Manager does.
type finder[U any] func(context.Context, string) (*U, error)

// find returns the user whom an argument names, by address, by name or by ID.
func (t *tree[U, PU]) find(ctx context.Context, c *call[U], who string) (*U, error) {
	for _, way := range ways(c.people, who) {
		u, err := way(ctx, who)
		if !errors.Is(err, core.ErrNotFound) {
			return u, unasked(err)
		}
	}
	return nil, &failure{cause: core.ErrNotFound, text: "there is no user " + who}
}

func base[U any, PU core.Model[U]](u *U) *core.User { return PU(u).Base() }

// change finds the first argument's user, changes them and says so.
func (t *tree[U, PU]) change(ctx context.Context, c *call[U], what string, changes latchkey.Changes[U]) error {
	u, err := t.find(ctx, c, c.args[0])
	if err != nil {
		return err
	}
	if u, err = c.people.Update(ctx, base[U, PU](u).ID, changes); err != nil {
		return unasked(err)
	}
	return t.done(c, u, what)
}

// done says what has become of a user, or prints them.
func (t *tree[U, PU]) done(c *call[U], u *U, what string) error {
	if c.json {
		return t.printUser(c, u)
	}
	b := base[U, PU](u)
	return c.say("%s (%s) %s.", called(u), b.ID, what)
}

// usersActive is activate or deactivate.
func (t *tree[U, PU]) usersActive(name, short string, active bool) *cobra.Command {
	return leaf(name, []string{person[U]()}, short, "", t.opened(func(ctx context.Context, c *call[U]) error {
		return t.change(ctx, c, "is "+name+"d", latchkey.Changes[U]{IsActive: &active})
	}))
}

// usersFlag is a command that sets a flag, or takes it away with --off.
func (t *tree[U, PU]) usersFlag(
	name, short, what string, set func(*latchkey.Changes[U], *bool),
) *cobra.Command {
	var off bool
	cmd := leaf(name, []string{person[U]()}, short, "", t.opened(func(ctx context.Context, c *call[U]) error {
		var changes latchkey.Changes[U]
		on, now := !off, "is now "
		if off {
			now = "is no longer "
		}
		set(&changes, &on)
		return t.change(ctx, c, now+what, changes)
	}))
	cmd.Flags().BoolVar(&off, "off", false, "take it away again")
	return cmd
}

func (t *tree[U, PU]) usersUpdate() *cobra.Command {
	var email, username string
	var set []string
	cmd := leaf("update", []string{person[U]()}, "Change a user's address or the application's own columns",
		"A new address is not verified, and gets no mail. Hooks run as for any other change.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				values, err := parseSet[U](set)
				if err != nil {
					return err
				}
				if email+username == "" && len(values) == 0 {
					return usage("nothing to change: use --email or --set")
				}
				var changes latchkey.Changes[U]
				if username != "" {
					changes.Username = &username
				}
				if email != "" {
					changes.Email = &email
				}
				if len(values) > 0 {
					changes.Edit = func(u *U) error { return values.apply(u) }
				}
				return t.change(ctx, c, "is changed", changes)
			}))
	cmd.Flags().StringVar(&email, "email", "", "the new address")
	addUsername[U](cmd, &username, "the new user name")
	addSet(cmd, &set)
	return cmd
}

func (t *tree[U, PU]) usersSetPassword() *cobra.Command {
	var how passwordFlags
	cmd := leaf("set-password", []string{person[U]()}, "Set a user's password, and end their sessions",
		"The password is prompted for, unless a flag says where it comes from.\n"+
			"With --link the present password stays until the link is used.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				if how.link {
					return t.linkFor(ctx, c)
				}
				u, err := t.find(ctx, c, c.args[0])
				if err != nil {
					return err
				}
				password, err := how.password(ctx, c.printer)
				if err != nil {
					return err
				}
				u, err = c.people.Update(ctx, base[U, PU](u).ID, latchkey.Changes[U]{Password: &password})
				if err != nil {
					return unasked(err)
				}
				return t.done(c, u, "has a new password")
			}))
	how.add(cmd, false)
	return cmd
}

// linkFor prints a link by which the first argument's user sets a password.
func (t *tree[U, PU]) linkFor(ctx context.Context, c *call[U]) error {
	if err := c.linkable(); err != nil {
		return err
	}
	u, err := t.find(ctx, c, c.args[0])
	if err != nil {
		return err
	}
	return t.printLink(ctx, c, u, "")
}

func (t *tree[U, PU]) usersDelete() *cobra.Command {
	var sure bool
	cmd := leaf("delete", []string{person[U]()}, "Delete a user and everything of theirs", "", t.opened(
		func(ctx context.Context, c *call[U]) error {
			u, err := t.find(ctx, c, c.args[0])
			if err != nil {
				return err
			}
			b := base[U, PU](u)
			if !sure {
				if err := c.confirm(ctx, fmt.Sprintf("Delete %s (%s) for good?", called(u), b.ID)); err != nil {
					return err
				}
			}
			if err := c.people.Delete(ctx, b.ID); err != nil {
				return unasked(err)
			}
			return t.done(c, u, "is deleted")
		}))
	cmd.Flags().BoolVar(&sure, "yes", false, "do not ask")
	return cmd
}

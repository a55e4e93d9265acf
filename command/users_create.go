package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey/flows/reset"
)

func (t *tree[U, PU]) usersCreate() *cobra.Command {
	var (
		how                           passwordFlags
		superuser, verified, inactive bool
		username                      string
		set                           []string
	)
	cmd := leaf("create", []string{newcomer[U]()}, "Create a user",
		"The password is prompted for, unless a flag says where it comes from.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				u := new(U)
				values, err := parseSet[U](set)
				if err == nil {
					err = values.apply(u)
				}
				if err == nil {
					err = identify(c, u, username)
				}
				if err == nil && how.link {
					err = c.linkable()
				}
				if err != nil {
					return err
				}
				password, err := how.password(ctx, c.printer)
				if err != nil {
					return err
				}
				b := base[U, PU](u)
				b.IsActive, b.IsSuperuser, b.IsVerified = !inactive, superuser, verified
				if err := c.people.Create(ctx, u, password); err != nil {
					return unasked(err)
				}
				if how.link {
					return t.printLink(ctx, c, u, "is created")
				}
				return t.done(c, u, "is created")
			}))
	how.add(cmd, true)
	cmd.Flags().BoolVar(&superuser, "superuser", false, "who may administer all users")
	cmd.Flags().BoolVar(&verified, "verified", false, "mark the address as verified")
	cmd.Flags().BoolVar(&inactive, "inactive", false, "who cannot log in yet")
	exclusive(cmd, "inactive", "link")
	addUsername[U](cmd, &username, "the user name")
	addSet(cmd, &set)
	return cmd
}

// printLink prints a link by which a user sets a password, after what has
// become of them.
func (t *tree[U, PU]) printLink(ctx context.Context, c *call[U], u *U, what string) error {
	b := base[U, PU](u)
	link, expires, err := c.people.ResetLink(ctx, b.ID)
	if err != nil && what != "" {
		err = fmt.Errorf("%s %s, and the link failed: %w; set-password --link makes another one", called(u), what, err)
	}
	switch {
	case errors.Is(err, reset.ErrBlocked):
		return &failure{cause: err, exit: exitRefused,
			text: called(u) + " is inactive or suspended: a new password would not let them in"}
	case err != nil:
		return unasked(err)
	}
	if c.json {
		return c.object(struct {
			ID      string    `json:"id"`
			Email   string    `json:"email"`
			Link    string    `json:"link"`
			Expires time.Time `json:"expires"`
		}{b.ID, b.Email, link, expires.UTC()})
	}
	if what != "" {
		if err := c.say("%s (%s) %s.", called(u), b.ID, what); err != nil {
			return err
		}
	}
	if err := c.say("This link sets the password of %s, once, until %s UTC:", called(u), moment(expires)); err != nil {
		return err
	}
	return c.say("%s", link)
}

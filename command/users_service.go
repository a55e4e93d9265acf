package command

import (
	"context"

	"github.com/spf13/cobra"
)

func (t *tree[U, PU]) usersCreateService() *cobra.Command {
	var (
		superuser bool
		set       []string
	)
	cmd := leaf("create-service", nil, "Create a service account: a user who has API keys alone",
		"A service account is for a program that belongs to nobody. It has no address, no name and no password; keys make takes its ID.",
		t.keyed(func(ctx context.Context, c *call[U]) error {
			u := new(U)
			values, err := parseSet[U](set)
			if err == nil {
				err = values.apply(u)
			}
			if err != nil {
				return err
			}
			b := base[U, PU](u)
			b.IsSuperuser = superuser
			if err := c.people.CreateService(ctx, u); err != nil {
				return unasked(err)
			}
			if c.json {
				return t.printUser(c, u)
			}
			return c.say("The service account %s is created.", b.ID)
		}))
	cmd.Flags().BoolVar(&superuser, "superuser", false, "who has the rights of a superuser in the application's own routes")
	addSet(cmd, &set)
	return cmd
}

package command

import (
	"context"

	"github.com/spf13/cobra"
)

func (t *tree[U, PU]) usersUnlock() *cobra.Command {
	return leaf("unlock", []string{person[U]()}, "Let a user log in again after too many wrong passwords", "",
		t.opened(
			func(ctx context.Context, c *call[U]) error {
				u, err := t.find(ctx, c, c.args[0])
				if err != nil {
					return err
				}
				if err := c.people.UnlockLogin(ctx, base[U, PU](u).ID); err != nil {
					return unasked(err)
				}
				return t.done(c, u, "can log in again")
			}))
}

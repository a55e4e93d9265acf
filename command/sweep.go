package command

import (
	"context"

	"github.com/spf13/cobra"
)

func (t *tree[U, PU]) sweep() *cobra.Command {
	return leaf("sweep", nil, "Delete expired sessions, tokens, credentials and counts, old records, and users who have left",
		"Nothing but space depends on it, and that users go who have deleted their account. Applications call SweepEvery, or let a timer run this command.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				bar := c.progress("sweeping", 0)
				n, err := c.auth.Sweep(ctx)
				bar.end()
				if err != nil {
					return unasked(err)
				}
				if c.json {
					return c.object(struct {
						Deleted int `json:"deleted"`
					}{n})
				}
				return c.say("%s.", count(n, "Nothing has expired", "row was deleted", "rows were deleted"))
			}))
}

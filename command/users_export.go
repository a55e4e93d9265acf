package command

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/spf13/cobra"
)

func (t *tree[U, PU]) usersExport() *cobra.Command {
	return leaf("export", []string{person[U]()}, "Print a copy of what is kept of a user, as JSON",
		"It has no secrets. The user's notices and the audit log say that it was made.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				u, err := t.find(ctx, c, c.args[0])
				if err != nil {
					return err
				}
				all, err := c.people.Export(ctx, base[U, PU](u).ID)
				if err != nil {
					return unasked(err)
				}
				if c.json {
					return c.object(all)
				}
				var indented bytes.Buffer
				if err := json.Indent(&indented, all, "", "  "); err != nil {
					return err
				}
				indented.WriteByte('\n')
				_, err = c.out.Write(harmless(indented.Bytes()))
				return err
			}))
}

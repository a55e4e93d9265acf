package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey/core"
)

func (t *tree[U, PU]) doctor() *cobra.Command {
	var strict, quiet bool
	cmd := leaf("doctor", nil, "Look the application's set-up over",
		"It exits with 1 if there is an error among what it finds. It sees the settings and the stores, and not what\n"+
			"stands before the application.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				var errs, warnings int
				for _, f := range c.auth.Doctor(ctx) {
					switch f.Severity {
					case core.SeverityError:
						errs++
					case core.SeverityWarning:
						warnings++
					default:
						if quiet {
							continue
						}
					}
					if err := c.finding(f); err != nil {
						return err
					}
				}
				sum := count(errs, "no errors", "error", "errors") + ", " +
					count(warnings, "no warnings", "warning", "warnings")
				if errs == 0 && (warnings == 0 || !strict) {
					return c.say("%s.", strings.ToUpper(sum[:1])+sum[1:])
				}
				return errors.New(sum)
			}))
	cmd.Flags().BoolVar(&strict, "strict", false, "exit with 1 if there is a warning, too")
	cmd.Flags().BoolVar(&quiet, "quiet", false, "leave notes out")
	return cmd
}

// finding prints what the doctor has found.
func (c *call[U]) finding(f core.Finding) error {
	if c.json {
		return c.object(f)
	}
	text := fmt.Sprintf("%s  %s\n  %s\n", f.Severity, f.Code, clean(f.Text, false))
	if f.Fix != "" {
		text += "  " + clean(f.Fix, false) + "\n"
	}
	return c.text(text)
}

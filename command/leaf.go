package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// action is what a command does.
type action func(ctx context.Context, p *printer, args []string) error

// group returns a command that has commands.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short, Args: cobra.ArbitraryArgs, DisableFlagsInUseLine: true,
		SilenceErrors: true, SilenceUsage: true,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			text := fmt.Sprintf("%s has no command %q", c.CommandPath(), args[0])
			if near := c.SuggestionsFor(args[0]); len(near) > 0 {
				text += "; did you mean " + strings.Join(near, " or ") + "?"
			}
			return worded(usage("%s", text), false)
		},
	}
	g.SetFlagErrorFunc(flagError)
	g.SuggestionsMinimumDistance = 2
	g.AddCommand(commands...)
	return g
}

// leaf returns a command that does something; args are the names of its
// arguments, all of which it needs, but for one in brackets.
func leaf(name string, args []string, short, long string, do action) *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use: strings.Join(append([]string{name}, args...), " "), Short: short, Long: long,
		SilenceErrors: true, SilenceUsage: true,
	}
	c.Args = func(c *cobra.Command, given []string) error {
		err := counted(c, args, given)
		if err == nil {
			err = excluded(c)
		}
		return worded(err, asJSON)
	}
	c.RunE = func(c *cobra.Command, given []string) error {
		p := newPrinter(c, asJSON)
		err := do(c.Context(), p, given)
		if c.Context().Err() != nil && (err == nil || errors.Is(err, context.Canceled) || Code(err) == exitUnavailable) {
			err = &failure{cause: errors.Join(c.Context().Err(), err), exit: exitFailed, text: interrupted(err)}
		}
		return worded(err, asJSON)
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	c.SetFlagErrorFunc(flagError)
	return c
}

// interrupted is what an interrupt leaves to say.
func interrupted(err error) string {
	if f := (*failure)(nil); errors.As(err, &f) && f.exit == exitFailed {
		return f.text
	}
	return "interrupted"
}

func flagError(c *cobra.Command, err error) error {
	asJSON, _ := c.Flags().GetBool("json")
	return worded(usage("%v; %s --help lists the flags", err, c.CommandPath()), asJSON)
}

// counted returns what is wrong with the number of arguments.
func counted(c *cobra.Command, names, given []string) error {
	least := 0
	for _, name := range names {
		if !strings.HasPrefix(name, "[") {
			least++
		}
	}
	switch {
	case len(given) < least:
		return usage("%s is missing: %s", names[len(given)], c.UseLine())
	case len(given) > len(names):
		return usage("%q is too much: %s", given[len(names)], c.UseLine())
	}
	return nil
}

// exclusiveKey is the annotation of a command with groups of flags of which one
// at most is given.
const exclusiveKey = "exclusive"

// exclusive makes flags exclude each other. (cobra's own way has an error of
// its own.)
func exclusive(c *cobra.Command, flags ...string) {
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations[exclusiveKey] += strings.Join(flags, " ") + "\n"
}

// excluded returns what is wrong with the flags that were given together.
func excluded(c *cobra.Command) error {
	for group := range strings.Lines(c.Annotations[exclusiveKey]) {
		var given []string
		for _, flag := range strings.Fields(group) {
			if c.Flags().Changed(flag) {
				given = append(given, "--"+flag)
			}
		}
		if len(given) > 1 {
			return usage("%s exclude each other", strings.Join(given, " and "))
		}
	}
	return nil
}

package command

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

func (t *tree[U, PU]) usersSuspend() *cobra.Command {
	var until, reason string
	cmd := leaf("suspend", []string{person[U]()}, "Keep a user from logging in for a while, and end their logins",
		"They read the reason when they log in. The suspension ends by itself.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				end, err := ending(until)
				if err != nil {
					return err
				}
				if reason == "" {
					return usage("--reason is missing: the user reads it when they log in")
				}
				return t.judge(ctx, c, "is suspended", func(ctx context.Context, id string) error {
					return c.people.Suspend(ctx, id, end, reason)
				})
			}))
	cmd.Flags().StringVar(&until, "until", "", "when it ends: a day (2026-12-31, as it begins in UTC) or a time "+
		"(2026-12-31T12:00:00Z); without it, never")
	cmd.Flags().StringVar(&reason, "reason", "", "why, in 1 to 200 characters")
	return cmd
}

func (t *tree[U, PU]) usersReinstate() *cobra.Command {
	return leaf("reinstate", []string{person[U]()}, "End a user's suspension", "", t.opened(
		func(ctx context.Context, c *call[U]) error {
			return t.judge(ctx, c, "is not suspended", c.people.Reinstate)
		}))
}

func (t *tree[U, PU]) usersResetPassword() *cobra.Command {
	return leaf("reset-password", []string{person[U]()}, "Make a user's password unusable, and mail them a link",
		"Their logins end. Who is blocked, or has no address, gets no mail. set-password --link makes a link to hand over, and leaves the password until it is used.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				if err := c.linkable(); err != nil {
					return err
				}
				return t.judge(ctx, c, "has no password any more", c.people.ForceReset)
			}))
}

// judge finds the first argument's user, decides about them and says so.
func (t *tree[U, PU]) judge(
	ctx context.Context, c *call[U], what string, decide func(ctx context.Context, id string) error,
) error {
	u, err := t.find(ctx, c, c.args[0])
	if err != nil {
		return err
	}
	id := base[U, PU](u).ID
	if err := decide(ctx, id); err != nil {
		return unasked(err)
	}
	if u, err = c.people.Find(ctx, id); err != nil {
		return unasked(err)
	}
	return t.done(c, u, what)
}

// ending reads when a suspension ends; the zero time is never.
func ending(text string) (t time.Time, err error) {
	if text == "" {
		return t, nil
	}
	if t, err = time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	return day("until", text)
}

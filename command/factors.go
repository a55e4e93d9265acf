package command

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey/core"
)

func (t *tree[U, PU]) factors() *cobra.Command {
	return group("factors", "Show, remove and unlock users' second factors and passkeys",
		t.factorsList(), t.factorsRemove(), t.factorsUnlock(), t.factorsRekey())
}

func (t *tree[U, PU]) factorsList() *cobra.Command {
	return leaf("list", []string{person[U]()}, "List what a user proves with who they are besides a password", "", t.opened(
		func(ctx context.Context, c *call[U]) error {
			u, err := t.find(ctx, c, c.args[0])
			if err != nil {
				return err
			}
			kept, err := c.people.Factors(ctx, base[U, PU](u).ID)
			if err != nil {
				return unasked(err)
			}
			if c.json {
				for _, f := range kept {
					if err := c.object(factorObject(f)); err != nil {
						return err
					}
				}
				return nil
			}
			if len(kept) == 0 {
				c.note("%s has no second factor.", called(u))
				return nil
			}
			rows := [][]string{{"ID", "KIND", "LABEL", "ADDED", "LAST USED"}}
			for _, f := range kept {
				used := "-"
				if !f.Used.IsZero() {
					used = moment(f.Used)
				}
				rows = append(rows, []string{f.ID, f.Kind, cmp.Or(shortened(f.Label), "-"), moment(f.Created), used})
			}
			return (&table{p: c.printer}).print(rows...)
		}))
}

// factorObject is a factor as an object.
func factorObject(f *core.Credential) any {
	o := struct {
		ID         string     `json:"id"`
		Kind       string     `json:"kind"`
		Label      string     `json:"label"`
		CreatedAt  time.Time  `json:"created_at"`
		LastUsedAt *time.Time `json:"last_used_at"`
	}{f.ID, f.Kind, f.Label, f.Created.UTC(), nil}
	if !f.Used.IsZero() {
		used := f.Used.UTC()
		o.LastUsedAt = &used
	}
	return o
}

func (t *tree[U, PU]) factorsRemove() *cobra.Command {
	var all bool
	cmd := leaf("remove", []string{person[U](), "[FACTOR]"}, "Remove a factor that a user has lost, or all",
		"FACTOR is an ID of factors list. A user who must have a factor gets a new one at their next login.\n"+
			"Their logins end. Make sure who asks for it: anyone who has the password gets in then.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				if all == (len(c.args) > 1) {
					return usage("name a factor, or use --all")
				}
				u, err := t.find(ctx, c, c.args[0])
				if err != nil {
					return err
				}
				b := base[U, PU](u)
				if all {
					n, err := c.people.RemoveFactors(ctx, b.ID)
					if err != nil {
						return unasked(err)
					}
					return c.removed(u, n, count(n, "had no factor", "factor was removed", "factors were removed"))
				}
				err = c.people.RemoveFactor(ctx, b.ID, c.args[1])
				if errors.Is(err, core.ErrNotFound) {
					return &failure{cause: err, text: called(u) + " has no factor " + c.args[1]}
				}
				if err != nil {
					return unasked(err)
				}
				return c.removed(u, 1, "the factor was removed")
			}))
	cmd.Flags().BoolVar(&all, "all", false, "remove all factors")
	return cmd
}

func (c *call[U]) removed(u *U, n int, what string) error {
	b := any(u).(core.AnyUser).Base()
	if c.json {
		return c.object(struct {
			ID      string `json:"id"`
			Email   string `json:"email"`
			Removed int    `json:"removed"`
		}{b.ID, b.Email, n})
	}
	return c.say("%s (%s): %s.", called(u), b.ID, what)
}

func (t *tree[U, PU]) factorsUnlock() *cobra.Command {
	return leaf("unlock", []string{person[U]()}, "Let a user use a factor again that wrong codes have locked", "",
		t.opened(
			func(ctx context.Context, c *call[U]) error {
				u, err := t.find(ctx, c, c.args[0])
				if err != nil {
					return err
				}
				if err := c.people.UnlockFactor(ctx, base[U, PU](u).ID); err != nil {
					return unasked(err)
				}
				return t.done(c, u, "can use their factors again")
			}))
}

func (t *tree[U, PU]) factorsRekey() *cobra.Command {
	return leaf("rekey", nil, "Seal the secrets of factors anew, with the first key of the vault",
		"Once it finds nothing, the other keys may go. The application can go on running.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				bar := c.progress("sealing", 0)
				n, err := c.people.Rekey(ctx)
				bar.end()
				if errors.Is(err, core.ErrInvalid) {
					return &failure{cause: err, exit: exitFailed, text: err.Error()}
				}
				if err != nil {
					return unasked(err)
				}
				if c.json {
					return c.object(struct {
						Resealed int `json:"resealed"`
					}{n})
				}
				return c.say("%s.", count(n, "Everything is sealed with the first key", "secret was sealed anew",
					"secrets were sealed anew"))
			}))
}

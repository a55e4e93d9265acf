package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey/core"
)

func (t *tree[U, PU]) migrate() *cobra.Command {
	return group("migrate", "Make the tables that the application needs",
		t.migrateStatus(), t.migrateUp(), t.migratePrint())
}

// pending is what a store lacks.
type pending struct {
	Store      string   `json:"store"`
	Pending    int      `json:"pending"`
	Statements []string `json:"statements"`
}

// plans asks each store what it lacks.
func (c *call[U]) plans(ctx context.Context) (all []pending, total int, err error) {
	if len(c.stores) == 0 {
		return nil, 0, errors.New("the application has no store with tables to migrate")
	}
	for _, s := range c.stores {
		plan, err := s.Plan(ctx)
		if err != nil {
			return nil, 0, unasked(err)
		}
		if plan == nil {
			plan = []string{} // never null
		}
		all = append(all, pending{storeName(s), len(plan), plan})
		total += len(plan)
	}
	return all, total, nil
}

// storeName is the package of a store's type.
func storeName(s core.Migrator) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(fmt.Sprintf("%T", s), "*"), ".")
	return name
}

func (t *tree[U, PU]) migrateStatus() *cobra.Command {
	var check bool
	cmd := leaf("status", nil, "Show whether the database lacks anything", "", t.opened(
		func(ctx context.Context, c *call[U]) error {
			all, total, err := c.plans(ctx)
			if err != nil {
				return err
			}
			for _, p := range all {
				if c.json {
					err = c.object(p)
				} else {
					err = c.say("%s: %s", p.Store,
						count(p.Pending, "nothing is pending", "statement is pending", "statements are pending"))
				}
				if err != nil {
					return err
				}
			}
			if check && total > 0 {
				return errors.New("the database is not up to date: run migrate up")
			}
			return nil
		}))
	cmd.Flags().BoolVar(&check, "check", false, "exit with 1 if anything is pending")
	return cmd
}

func (t *tree[U, PU]) migrateUp() *cobra.Command {
	return leaf("up", nil, "Bring the database up to date",
		"It adds tables, columns and indexes, and drops and changes nothing. It may run again, and while the application runs.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				all, _, err := c.plans(ctx)
				if err != nil {
					return err
				}
				for i, s := range c.stores {
					bar := c.progress("migrating "+all[i].Store, 0)
					err := s.Migrate(ctx)
					bar.end()
					if err != nil {
						return fmt.Errorf("%s cannot be migrated: %w", all[i].Store, err)
					}
					if c.json {
						err = c.object(struct {
							Store string `json:"store"`
							Done  int    `json:"done"`
						}{all[i].Store, all[i].Pending})
					} else {
						err = c.say("%s: %s", all[i].Store,
							count(all[i].Pending, "it was up to date", "statement was run", "statements were run"))
					}
					if err != nil {
						return err
					}
				}
				return nil
			}))
}

func (t *tree[U, PU]) migratePrint() *cobra.Command {
	return leaf("print", nil, "Print what migrate up would run, for another migration tool", "", t.opened(
		func(ctx context.Context, c *call[U]) error {
			all, _, err := c.plans(ctx)
			if err != nil {
				return err
			}
			for _, p := range all {
				if c.json {
					err = c.object(p)
				}
				for _, statement := range p.Statements {
					if err == nil {
						err = c.text(strings.TrimRight(strings.TrimSpace(statement), ";") + ";")
					}
				}
				if err != nil {
					return err
				}
			}
			return nil
		}))
}

// count words a number.
func count(n int, none, one, more string) string {
	switch n {
	case 0:
		return none
	case 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

package command

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey/core"
)

// audited are the flags of audit.
type audited struct {
	user, by, action, from, before string
	oldest                         bool
	limit                          int
}

func (t *tree[U, PU]) audit() *cobra.Command {
	var a audited
	cmd := leaf("audit", nil, "List what happened to accounts, the newest first",
		"The application needs the flow audit. Of a user who was deleted --user and --by take the ID.", t.opened(
			func(ctx context.Context, c *call[U]) error {
				q, err := a.query()
				if err != nil {
					return err
				}
				if q.User, err = t.subject(ctx, c, a.user); err != nil {
					return err
				}
				if q.By, err = t.subject(ctx, c, a.by); err != nil {
					return err
				}
				return records(ctx, c, q, a.limit)
			}))
	f := cmd.Flags()
	f.StringVar(&a.user, "user", "", "about this user ("+person[U]()+")")
	f.StringVar(&a.by, "by", "", "by this user, also where they acted as somebody else")
	f.StringVar(&a.action, "action", "", "that is this action, such as login.refused")
	f.StringVar(&a.from, "from", "", "on this day (2026-12-31, UTC) or later")
	f.StringVar(&a.before, "before", "", "before this day")
	f.BoolVar(&a.oldest, "oldest", false, "the oldest first")
	f.IntVar(&a.limit, "limit", 100, "how many at most; 0 for all")
	return cmd
}

func (a *audited) query() (q core.AuditQuery, err error) {
	q = core.AuditQuery{Action: core.EventKind(a.action), Oldest: a.oldest}
	if a.limit < 0 {
		return q, usage("--limit must not be negative")
	}
	if q.From, err = day("from", a.from); err == nil {
		q.To, err = day("before", a.before)
	}
	return q, err
}

// subject is the ID of a user as records have it. They outlive the user.
func (t *tree[U, PU]) subject(ctx context.Context, c *call[U], who string) (string, error) {
	if who == "" {
		return "", nil
	}
	u, err := t.find(ctx, c, who)
	switch {
	case errors.Is(err, core.ErrNotFound):
		return who, nil
	case err != nil:
		return "", err
	}
	return base[U, PU](u).ID, nil
}

// records prints the records of a query, page by page.
func records[U any](ctx context.Context, c *call[U], q core.AuditQuery, limit int) error {
	rows, printed := &table{p: c.printer}, 0
	for {
		q.Limit = 100
		if limit > 0 {
			q.Limit = min(q.Limit, limit-printed)
		}
		page, next, err := c.people.Audit(ctx, q)
		if err != nil {
			return unasked(err)
		}
		if err := recordPage(c, rows, page, printed == 0); err != nil {
			return err
		}
		printed += len(page)
		switch {
		case next == "":
			if printed == 0 {
				c.note("Nothing is recorded.")
			}
			return nil
		case limit > 0 && printed >= limit:
			c.note("There are more: --limit 0 lists all.")
			return nil
		}
		q.Cursor = next
	}
}

// recordPage prints records: an object each, or rows of a table.
func recordPage[U any](c *call[U], rows *table, page []core.Record, first bool) error {
	if c.json {
		for _, r := range page {
			if err := c.object(recordObject(r)); err != nil {
				return err
			}
		}
		return nil
	}
	var lines [][]string
	if first && len(page) > 0 {
		lines = append(lines, []string{"TIME", "ACTION", "USER", "BY", "IP", "DEVICE", "WHAT"})
	}
	for _, r := range page {
		lines = append(lines, []string{
			r.At.UTC().Format("2006-01-02 15:04:05"), string(r.Action), cmp.Or(r.Subject, "-"), actor(r),
			cmp.Or(recordIP(r), "-"), cmp.Or(shortened(r.Client.Label), "-"), cmp.Or(what(r), "-"),
		})
	}
	return rows.print(lines...)
}

// actor is who acted in a word: self for the user whom it is about.
func actor(r core.Record) string {
	by := cmp.Or(r.By.UserID, r.By.Kind)
	if r.By.UserID != "" && r.By.UserID == r.Subject {
		by = "self"
	}
	if r.By.Actor != "" {
		by = r.By.Actor + " as " + by
	}
	return by
}

// what is what else there is to say of a record.
func what(r core.Record) string {
	parts := []string{r.Code, strings.Join(r.Fields, ","), r.Method, r.Reason}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), " ")
}

func recordIP(r core.Record) string {
	if !r.Client.IP.IsValid() {
		return ""
	}
	return r.Client.IP.String()
}

// recordObject is a record as GET /audit has it.
func recordObject(r core.Record) any {
	type by struct {
		Kind      string `json:"kind"`
		UserID    string `json:"user_id,omitempty"`
		SessionID string `json:"session_id,omitempty"`
		ActorID   string `json:"actor_id,omitempty"`
	}
	return struct {
		ID      string    `json:"id"`
		At      time.Time `json:"at"`
		Action  string    `json:"action"`
		Code    string    `json:"code"`
		By      by        `json:"by"`
		UserID  string    `json:"user_id"`
		Target  string    `json:"target"`
		Route   string    `json:"route"`
		Backend string    `json:"backend"`
		Method  string    `json:"method"`
		IP      string    `json:"ip"`
		Label   string    `json:"label"`
		Fields  []string  `json:"fields"`
		Reason  string    `json:"reason"`
	}{
		r.ID, r.At.UTC(), string(r.Action), r.Code, by{r.By.Kind, r.By.UserID, r.By.SessionID, r.By.Actor}, r.Subject,
		r.Target, r.Route, r.Backend, r.Method, recordIP(r), r.Client.Label, append([]string{}, r.Fields...), r.Reason,
	}
}

package sqlstore

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Audit is a core.AuditStore.
type Audit struct {
	s *Store

	insert, prune, forget statement
	// lists are by what filters and by the order.
	lists map[auditList]statement
}

// auditList is how an AuditQuery is read: what filters, and the order.
type auditList struct{ by, subject, action, oldest bool }

var _ core.AuditStore = (*Audit)(nil)

func newAudit(s *Store) *Audit {
	a := &Audit{
		s: s, lists: map[auditList]statement{},
		insert: s.statement("append to the audit log",
			"INSERT INTO {audit} ("+auditColumns+") VALUES (?"+strings.Repeat(", ?", auditColumnCount-1)+")"+s.dialect.skip),
		prune:  s.statement("prune the audit log", s.dialect.sweep("{audit}", "id", "id", "")),
		forget: s.statement("forget who is in the audit log", auditForget),
	}
	for i := range 1 << 4 {
		l := auditList{by: i&1 > 0, subject: i&2 > 0, action: i&4 > 0, oldest: i&8 > 0}
		a.lists[l] = s.statement("list the audit log", l.text())
	}
	return a
}

// text reads along one index, or, of those who acted, along two of which each
// is in the order of the result.
func (l auditList) text() string {
	if !l.by {
		return l.part("")
	}
	own, acted := l.part(" AND by_user = ? AND by_actor = ''"), l.part(" AND by_actor = ? AND by_actor <> ''")
	return "SELECT " + auditColumns + " FROM (" + own + ") AS own UNION ALL SELECT " + auditColumns + " FROM (" + acted +
		") AS acted" + l.order()
}

func (l auditList) part(by string) string {
	text := "SELECT " + auditColumns + " FROM {audit} WHERE id > ? AND id < ?" + by
	if l.subject {
		text += " AND subject = ?"
	}
	if l.action {
		text += " AND action = ?"
	}
	return text + l.order()
}

func (l auditList) order() string {
	if l.oldest {
		return " ORDER BY id LIMIT ?"
	}
	return " ORDER BY id DESC LIMIT ?"
}

// args are those of text.
func (l auditList) args(q *core.AuditQuery, after, before string, limit int) []any {
	part := []any{after, before}
	if l.by {
		part = append(part, q.By)
	}
	if l.subject {
		part = append(part, q.User)
	}
	if l.action {
		part = append(part, string(q.Action))
	}
	part = append(part, limit)
	if l.by {
		return append(slices.Concat(part, part), limit)
	}
	return part
}

// Append stores a record; see core.AuditStore.
func (a *Audit) Append(ctx context.Context, r core.Record) error {
	values, err := auditValues(r)
	if err != nil {
		return wrap(a.insert.what, err)
	}
	return a.s.insert(ctx, a.insert, values...)
}

// List returns a page of records; see core.AuditStore. It is read along the
// index of the ID, of the user, of who acted or of the action.
func (a *Audit) List(ctx context.Context, q core.AuditQuery) (page []core.Record, next string, err error) {
	after, before, err := q.Between()
	if err != nil {
		return nil, "", err
	}
	if !storable(q.User) || !storable(q.By) || !storable(string(q.Action)) {
		return nil, "", nil
	}
	limit := min(max(q.Limit, 1), pageMax)
	l := auditList{by: q.By != "", subject: q.User != "", action: q.Action != "", oldest: q.Oldest}
	err = a.s.each(ctx, a.lists[l], l.args(&q, after, before, limit+1), func(scan func(...any) error) error {
		r, err := scanRecord(scan)
		page = append(page, r)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	if len(page) > limit {
		page = page[:limit]
		next = q.Next(page[limit-1].ID)
	}
	return page, next, nil
}

// Prune deletes old records; see core.AuditStore.
func (a *Audit) Prune(ctx context.Context, before time.Time) (deleted int, err error) {
	// No ID is the bound itself.
	_, bound, err := core.AuditQuery{To: before}.Between()
	if err != nil {
		return 0, err
	}
	return a.s.inBatches(ctx, a.prune, bound)
}

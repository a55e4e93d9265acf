package sqlstore

import (
	"context"
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

// auditList is how an AuditQuery is read.
type auditList struct{ subject, action, oldest bool }

var _ core.AuditStore = (*Audit)(nil)

func newAudit(s *Store) *Audit {
	a := &Audit{
		s: s, lists: map[auditList]statement{},
		insert: s.statement("append to the audit log",
			"INSERT INTO {audit} ("+auditColumns+") VALUES (?"+strings.Repeat(", ?", auditColumnCount-1)+")"+s.dialect.skip),
		prune:  s.statement("prune the audit log", s.dialect.sweep("{audit}", "id", "id", "")),
		forget: s.statement("forget who is in the audit log", auditForget),
	}
	for _, subject := range []bool{false, true} {
		for _, action := range []bool{false, true} {
			for _, oldest := range []bool{false, true} {
				l := auditList{subject, action, oldest}
				a.lists[l] = s.statement("list the audit log", l.text())
			}
		}
	}
	return a
}

func (l auditList) text() string {
	text := "SELECT " + auditColumns + " FROM {audit} WHERE id > ? AND id < ?"
	if l.subject {
		text += " AND subject = ?"
	}
	if l.action {
		text += " AND action = ?"
	}
	if l.oldest {
		return text + " ORDER BY id LIMIT ?"
	}
	return text + " ORDER BY id DESC LIMIT ?"
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
// index of the ID, of the user or of the action. One of both a user and an
// action reads the user's.
func (a *Audit) List(ctx context.Context, q core.AuditQuery) (page []core.Record, next string, err error) {
	after, before, err := q.Between()
	if err != nil {
		return nil, "", err
	}
	if !storable(q.User) || !storable(string(q.Action)) {
		return nil, "", nil
	}
	args := []any{after, before}
	if q.User != "" {
		args = append(args, q.User)
	}
	if q.Action != "" {
		args = append(args, string(q.Action))
	}
	limit := min(max(q.Limit, 1), pageMax)
	st := a.lists[auditList{q.User != "", q.Action != "", q.Oldest}]
	err = a.s.each(ctx, st, append(args, limit+1), func(scan func(...any) error) error {
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

package memstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// Audit is a core.AuditStore. It keeps every record until Prune.
type Audit struct {
	mu      sync.Mutex
	records []core.Record // by ID
}

var _ core.AuditStore = (*Audit)(nil)

// NewAudit makes an empty store.
func NewAudit() *Audit { return &Audit{} }

// Append implements core.AuditStore.
func (s *Audit) Append(ctx context.Context, r core.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := r.Check(); err != nil {
		return fmt.Errorf("memstore: append to the audit log: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, found := s.place(r.ID)
	if found {
		return core.ErrTaken
	}
	s.records = slices.Insert(s.records, i, copyRecord(r))
	return nil
}

// copyRecord is a copy of r, whose time has whole microseconds.
func copyRecord(r core.Record) core.Record {
	r.At = r.At.Truncate(time.Microsecond).UTC()
	r.Fields = slices.Clone(r.Fields)
	return r
}

// place is where a record with this ID is, or belongs.
func (s *Audit) place(id string) (i int, found bool) {
	return slices.BinarySearchFunc(s.records, id, func(r core.Record, id string) int { return strings.Compare(r.ID, id) })
}

// pageMax is the most that core.AuditStore's List returns at once.
const pageMax = 100

// List implements core.AuditStore.
func (s *Audit) List(ctx context.Context, q core.AuditQuery) (page []core.Record, next string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	after, before, err := q.Between()
	if err != nil {
		return nil, "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	low, found := s.place(after)
	if found {
		low++
	}
	high, _ := s.place(before)
	limit := min(max(q.Limit, 1), pageMax)
	for i := range max(high-low, 0) {
		r := &s.records[high-1-i]
		if q.Oldest {
			r = &s.records[low+i]
		}
		if !q.Matches(r) {
			continue
		}
		if len(page) == limit {
			return page, q.Next(page[limit-1].ID), nil
		}
		page = append(page, copyRecord(*r))
	}
	return page, "", nil
}

// Prune implements core.AuditStore.
func (s *Audit) Prune(ctx context.Context, before time.Time) (deleted int, err error) {
	_, bound, err := core.AuditQuery{To: before}.Between()
	if err != nil || ctx.Err() != nil {
		return 0, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	deleted, _ = s.place(bound)
	s.records = slices.Delete(s.records, 0, deleted)
	return deleted, nil
}

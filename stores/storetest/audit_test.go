package storetest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// auditStore is memstore's, except for what a test replaces.
type auditStore struct {
	append func(ctx context.Context, r core.Record) error
	list   func(ctx context.Context, q core.AuditQuery) ([]core.Record, string, error)
	prune  func(ctx context.Context, before time.Time) (int, error)
	forget func(ctx context.Context, userID string) error
}

func newAuditStore() *auditStore {
	m := memstore.NewAudit()
	return &auditStore{m.Append, m.List, m.Prune, m.Forget}
}

func (s *auditStore) Append(ctx context.Context, r core.Record) error { return s.append(ctx, r) }

func (s *auditStore) List(ctx context.Context, q core.AuditQuery) ([]core.Record, string, error) {
	return s.list(ctx, q)
}

func (s *auditStore) Prune(ctx context.Context, before time.Time) (int, error) {
	return s.prune(ctx, before)
}

func (s *auditStore) Forget(ctx context.Context, userID string) error { return s.forget(ctx, userID) }

func TestAudit(t *testing.T) {
	storetest.Audit(t, func(*testing.T) core.AuditStore { return newAuditStore() })
}

func TestBrokenAudit(t *testing.T) {
	t.Parallel()
	for name, fake := range map[string]struct {
		breaks func(s *auditStore)
		rules  []string
	}{
		"a field is lost": {func(s *auditStore) {
			inner := s.append
			s.append = func(ctx context.Context, r core.Record) error { r.By.Actor = ""; return inner(ctx, r) }
		}, []string{"Append keeps", "E03", "Append is ErrTaken", "A record that List", "Of 64", "List", "From page",
			"A cursor goes", "Prune", "Forget blanks"}},
		"nothing is forgotten": {func(s *auditStore) {
			s.forget = func(context.Context, string) error { return nil }
		}, []string{"Forget blanks"}},
		"more than the user's own is forgotten": {func(s *auditStore) {
			inner := s.forget
			s.forget = func(ctx context.Context, userID string) error {
				return errors.Join(inner(ctx, userID), inner(ctx, storetest.BobID))
			}
		}, []string{"Forget blanks"}},
		"an empty ID is a user's": {func(s *auditStore) {
			inner, list := s.forget, s.list
			forgotten := false
			s.forget = func(ctx context.Context, userID string) error {
				forgotten = forgotten || userID == ""
				return inner(ctx, userID)
			}
			s.list = func(ctx context.Context, q core.AuditQuery) ([]core.Record, string, error) {
				page, next, err := list(ctx, q)
				for i := range page {
					if forgotten && page[i].Subject == "" {
						page[i].Client = core.Client{}
					}
				}
				return page, next, err
			}
		}, []string{"Forget of a user without records"}},
		"a text is trimmed": {func(s *auditStore) {
			inner := s.append
			s.append = func(ctx context.Context, r core.Record) error {
				r.Subject = strings.TrimSpace(r.Subject)
				return inner(ctx, r)
			}
		}, []string{"E03"}},
		"an unfit record is kept": {func(s *auditStore) {
			inner := s.append
			s.append = func(ctx context.Context, r core.Record) error {
				r.Client.Label = strings.NewReplacer("\r", "", "\n", "").Replace(r.Client.Label)
				return inner(ctx, r)
			}
		}, []string{"Append refuses"}},
		"the ID is not unique": {func(s *auditStore) {
			inner := s.append
			s.append = func(ctx context.Context, r core.Record) error {
				if err := inner(ctx, r); !errors.Is(err, core.ErrTaken) {
					return err
				}
				return nil
			}
		}, []string{"Append is ErrTaken"}},
		"records are shared": {func(s *auditStore) {
			inner, fields := s.list, map[string][]string{}
			s.list = func(ctx context.Context, q core.AuditQuery) ([]core.Record, string, error) {
				page, next, err := inner(ctx, q)
				for i, r := range page {
					if fields[r.ID] == nil {
						fields[r.ID] = r.Fields
					}
					page[i].Fields = fields[r.ID]
				}
				return page, next, err
			}
		}, []string{"A record that List"}},
		"one of many is lost": {func(s *auditStore) {
			inner, n, mu := s.append, 0, sync.Mutex{}
			s.append = func(ctx context.Context, r core.Record) error {
				mu.Lock()
				defer mu.Unlock()
				if n++; n == 64 {
					return nil
				}
				return inner(ctx, r)
			}
		}, []string{"Of 64", "Prune deletes many"}},
		"the order is not heeded": {func(s *auditStore) {
			inner := s.list
			s.list = func(ctx context.Context, q core.AuditQuery) ([]core.Record, string, error) {
				if q.Cursor == "" {
					q.Oldest = true
				}
				return inner(ctx, q)
			}
		}, []string{"List begins", "List's From", "A cursor", "From page"}},
		"the user is not heeded": {func(s *auditStore) { filterless(s, func(q *core.AuditQuery) { q.User = "" }) },
			[]string{"E03", "List filters", "List finds", "A cursor of another"}},
		"the action is not heeded": {func(s *auditStore) { filterless(s, func(q *core.AuditQuery) { q.Action = "" }) },
			[]string{"List filters", "List finds", "A cursor of another"}},
		"From is not heeded": {func(s *auditStore) { filterless(s, func(q *core.AuditQuery) { q.From = time.Time{} }) },
			[]string{"List's From", "A cursor of another"}},
		"To is allowed itself": {func(s *auditStore) {
			filterless(s, func(q *core.AuditQuery) {
				if !q.To.IsZero() {
					q.To = q.To.Add(time.Microsecond)
				}
			})
		}, []string{"List's From"}},
		"users are compared without case": {func(s *auditStore) {
			filterless(s, func(q *core.AuditQuery) {
				if q.User == "ann" {
					q.User = "Ann"
				}
			})
		}, []string{"List filters"}},
		"who acted is not heeded": {func(s *auditStore) { filterless(s, func(q *core.AuditQuery) { q.By = "" }) },
			[]string{"List finds by who", "A cursor of another"}},
		"who acted as somebody is not heeded": {func(s *auditStore) { without(s, func(r *core.Record) bool { return r.By.Actor != "" }) },
			[]string{"List finds by who", "From page"}},
		"whom somebody acted as has acted": {func(s *auditStore) {
			inner := s.list
			s.list = func(ctx context.Context, q core.AuditQuery) ([]core.Record, string, error) {
				if q.By != storetest.AnnID || q.User+string(q.Action) != "" {
					return inner(ctx, q)
				}
				q.By, q.User = "", storetest.AnnID
				return inner(ctx, q)
			}
		}, []string{"List finds by who"}},
		"any limit": {func(s *auditStore) {
			inner := s.list
			s.list = func(ctx context.Context, q core.AuditQuery) (all []core.Record, next string, err error) {
				for limit := q.Limit; len(all) < limit; q.Cursor = next {
					var page []core.Record
					q.Limit = min(limit-len(all), 100)
					if page, next, err = inner(ctx, q); err != nil || page == nil {
						return nil, "", err
					}
					if all = append(all, page...); next == "" {
						break
					}
				}
				return all, next, nil
			}
		}, []string{"List brings"}},
		"Prune takes too much": {func(s *auditStore) {
			inner := s.prune
			s.prune = func(ctx context.Context, before time.Time) (int, error) {
				return inner(ctx, before.Add(time.Microsecond))
			}
		}, []string{"Prune deletes", "A cursor goes"}},
		"Prune counts and deletes nothing": {func(s *auditStore) {
			s.prune = func(ctx context.Context, before time.Time) (int, error) {
				page, _, err := s.list(ctx, core.AuditQuery{To: before, Oldest: true, Limit: 100})
				return len(page), err
			}
		}, []string{"Prune", "A cursor goes"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken(t, storetest.AuditCases(), func() core.AuditStore {
				s := newAuditStore()
				fake.breaks(s)
				return s
			}, fake.rules...)
		})
	}
}

// filterless changes what List filters by, without a change of its cursors.
func filterless(s *auditStore, change func(q *core.AuditQuery)) {
	inner := s.list
	s.list = func(ctx context.Context, q core.AuditQuery) ([]core.Record, string, error) {
		change(&q)
		return inner(ctx, q)
	}
}

// without changes List of those who acted: it loses the records that lost
// reports.
func without(s *auditStore, lost func(r *core.Record) bool) {
	inner := s.list
	s.list = func(ctx context.Context, q core.AuditQuery) ([]core.Record, string, error) {
		page, next, err := inner(ctx, q)
		if q.By != "" {
			page = slices.DeleteFunc(page, func(r core.Record) bool { return lost(&r) })
		}
		return page, next, err
	}
}

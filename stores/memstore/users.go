package memstore

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/latchkey-go/latchkey/core"
)

// Users is a core.UserStore, a core.EpochStore and a core.IDMaker. The IDs it
// makes are random UUIDs; an ID passed to Create may be any text.
//
// It stores and returns copies, which share nothing that exported fields of
// pointer, slice, map and interface types refer to; what an unexported field
// refers to is shared. The columns of a user must not form a cycle.
type Users[U any] struct {
	base func(*U) *core.User

	mu      sync.RWMutex
	byID    map[string]*userRow[U]
	byEmail map[string]*userRow[U]
	rows    []*userRow[U] // by seq
	lastSeq int64
}

// userRow is a stored user, which nobody outside this package has a pointer to.
// seq is its position in lists and never changes.
type userRow[U any] struct {
	seq  int64
	user *U
}

// NewUsers returns an empty store: NewUsers[Account]().
func NewUsers[U any, PU core.Model[U]]() *Users[U] {
	return &Users[U]{
		base:    func(u *U) *core.User { return PU(u).Base() },
		byID:    map[string]*userRow[U]{},
		byEmail: map[string]*userRow[U]{},
	}
}

// NewID implements core.IDMaker.
func (s *Users[U]) NewID() string { return newID() }

// Create implements core.UserStore.
func (s *Users[U]) Create(ctx context.Context, u *U) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.base(u)
	id := canonicalID(b.ID)
	if id == "" {
		id = newID()
	}
	if s.byID[id] != nil || s.byEmail[b.EmailKey] != nil {
		return core.ErrTaken
	}
	b.ID = id
	s.lastSeq++
	row := &userRow[U]{s.lastSeq, clone(u)}
	s.byID[id] = row
	s.name(b.EmailKey, row)
	s.rows = append(s.rows, row)
	return nil
}

// name makes a row findable by email; an empty EmailKey is no key.
func (s *Users[U]) name(emailKey string, row *userRow[U]) {
	if emailKey != "" {
		s.byEmail[emailKey] = row
	}
}

// Find implements core.UserStore.
func (s *Users[U]) Find(ctx context.Context, key core.Key) (*U, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var row *userRow[U]
	switch key.Kind {
	case "id":
		row = s.byID[canonicalID(key.Value)]
	case "email":
		row = s.byEmail[key.Value]
	}
	if row == nil {
		return nil, core.ErrNotFound
	}
	return clone(row.user), nil
}

// Epoch implements core.EpochStore.
func (s *Users[U]) Epoch(ctx context.Context, userID string) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	row := s.byID[canonicalID(userID)]
	if row == nil {
		return 0, core.ErrNotFound
	}
	return s.base(row.user).TokenEpoch, nil
}

// Update implements core.UserStore. change runs once, while the whole store is
// locked: it must not use the store. If it sets the ID, that is ignored.
func (s *Users[U]) Update(ctx context.Context, id string, change func(*U) error) (*U, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.byID[canonicalID(id)]
	if row == nil {
		return nil, core.ErrNotFound
	}
	draft := clone(row.user)
	if err := change(draft); err != nil {
		return nil, err
	}
	was, is := s.base(row.user), s.base(draft)
	if other := s.byEmail[is.EmailKey]; other != nil && other != row {
		return nil, core.ErrTaken
	}
	is.ID = was.ID
	delete(s.byEmail, was.EmailKey)
	s.name(is.EmailKey, row)
	row.user = clone(draft)
	return draft, nil
}

// Delete implements core.UserStore.
func (s *Users[U]) Delete(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.byID[canonicalID(id)]
	if row == nil {
		return core.ErrNotFound
	}
	b := s.base(row.user)
	delete(s.byID, b.ID)
	delete(s.byEmail, b.EmailKey)
	s.rows = slices.Delete(s.rows, s.after(row.seq-1), s.after(row.seq))
	return nil
}

// List implements core.UserStore. Without an Email users come in the order of
// their creation. A search by email scans all users.
func (s *Users[U]) List(ctx context.Context, q core.Query) (users []*U, next string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	last, err := q.After()
	if err != nil {
		return nil, "", err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	rows, place := s.search(q, last), func(row *userRow[U]) string { return s.base(row.user).EmailKey }
	if q.Email == "" {
		seq, err := s.parse(last)
		if err != nil {
			return nil, "", err
		}
		rows, place = s.rows[s.after(seq):], func(row *userRow[U]) string { return strconv.FormatInt(row.seq, 10) }
	}
	if q.Superusers {
		rows = slices.DeleteFunc(slices.Clone(rows), func(row *userRow[U]) bool {
			b := s.base(row.user)
			return !b.IsActive || !b.IsSuperuser
		})
	}
	limit := min(max(q.Limit, 1), 100)
	for _, row := range rows[:min(limit, len(rows))] {
		users = append(users, clone(row.user))
	}
	if len(rows) > limit {
		next = q.Next(place(rows[limit-1]))
	}
	return users, next, nil
}

// search returns the users who match a query's Email, in their order, starting
// after the one that last names.
func (s *Users[U]) search(q core.Query, last string) (found []*userRow[U]) {
	if q.Email == "" {
		return nil
	}
	key := func(row *userRow[U]) string { return s.base(row.user).EmailKey }
	for _, row := range s.rows {
		if k := key(row); k > last && strings.HasPrefix(k, q.Email) {
			found = append(found, row)
		}
	}
	slices.SortFunc(found, func(a, b *userRow[U]) int { return strings.Compare(key(a), key(b)) })
	return found
}

// after returns the position in rows of the first user whose seq is greater.
func (s *Users[U]) after(seq int64) int {
	i, _ := slices.BinarySearchFunc(s.rows, seq+1,
		func(row *userRow[U], seq int64) int { return cmp.Compare(row.seq, seq) })
	return i
}

// parse parses a cursor: empty, or a seq that was assigned, spelled as List
// spells it.
func (s *Users[U]) parse(place string) (int64, error) {
	if place == "" {
		return 0, nil
	}
	seq, err := strconv.ParseInt(place, 10, 64)
	if err != nil || seq < 1 || seq > s.lastSeq || strconv.FormatInt(seq, 10) != place {
		return 0, core.ErrInvalid
	}
	return seq, nil
}

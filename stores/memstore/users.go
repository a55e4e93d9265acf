package memstore

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/userlist"
)

// Users is a core.UserStore, a core.EpochStore, a core.IDMaker and, of a type
// with core.Named, a core.NameKeeper. The IDs it
// makes are random UUIDs; an ID passed to Create may be any text.
//
// It stores and returns copies, which share nothing that exported fields of
// pointer, slice, map and interface types refer to; what an unexported field
// refers to is shared. The columns of a user must not form a cycle.
type Users[U any] struct {
	base func(*U) *core.User
	// named returns the columns of core.Named, nil where the type has none.
	named func(*U) *core.Named

	mu      sync.RWMutex
	byID    map[string]*userRow[U]
	byEmail map[string]*userRow[U]
	byName  map[string]*userRow[U]
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
		named:   func(u *U) *core.Named { return core.NamedOf(PU(u)) },
		byID:    map[string]*userRow[U]{},
		byEmail: map[string]*userRow[U]{},
		byName:  map[string]*userRow[U]{},
	}
}

// NewID implements core.IDMaker.
func (s *Users[U]) NewID() string { return newID() }

// KeepsNames implements core.NameKeeper.
func (s *Users[U]) KeepsNames() bool { return s.named(new(U)) != nil }

// nameOf returns a user's UsernameKey, "" where there is none.
func (s *Users[U]) nameOf(u *U) string {
	if n := s.named(u); n != nil {
		return n.UsernameKey
	}
	return ""
}

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
	if s.byID[id] != nil || s.byEmail[b.EmailKey] != nil || s.byName[s.nameOf(u)] != nil {
		return core.ErrTaken
	}
	b.ID = id
	s.lastSeq++
	row := &userRow[U]{s.lastSeq, clone(u)}
	s.byID[id] = row
	s.index(row)
	s.rows = append(s.rows, row)
	return nil
}

// index makes a row findable by its keys; an empty one is none.
func (s *Users[U]) index(row *userRow[U]) {
	if key := s.base(row.user).EmailKey; key != "" {
		s.byEmail[key] = row
	}
	if key := s.nameOf(row.user); key != "" {
		s.byName[key] = row
	}
}

// unindex undoes index.
func (s *Users[U]) unindex(row *userRow[U]) {
	delete(s.byEmail, s.base(row.user).EmailKey)
	delete(s.byName, s.nameOf(row.user))
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
	case "username":
		row = s.byName[key.Value]
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
	if other := s.byName[s.nameOf(draft)]; other != nil && other != row {
		return nil, core.ErrTaken
	}
	is.ID = was.ID
	s.unindex(row)
	row.user = clone(draft)
	s.index(row)
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
	delete(s.byID, s.base(row.user).ID)
	s.unindex(row)
	s.rows = slices.Delete(s.rows, s.after(row.seq-1), s.after(row.seq))
	return nil
}

// List implements core.UserStore. The stable order is that of creation. Any
// other order, and any filter, scans all users.
func (s *Users[U]) List(ctx context.Context, q core.Query) (users []*U, next string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	place, err := userlist.Read(q)
	if err != nil {
		return nil, "", err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	seq, err := s.parse(place)
	if err != nil {
		return nil, "", err
	}
	rows, sorted := s.rows, q.Order() == core.SortStable && !q.Descending
	if sorted {
		rows = rows[s.after(seq):]
	}
	limit, found := min(max(q.Limit, 1), 100), []*userRow[U]{}
	for _, row := range rows {
		if q.Matches(s.base(row.user)) && (place.First || s.compare(q, row, place, seq) > 0) {
			found = append(found, row)
		}
		if sorted && len(found) > limit {
			break
		}
	}
	slices.SortFunc(found, func(a, b *userRow[U]) int { return s.compare(q, a, s.place(q, b), b.seq) })
	for _, row := range found[:min(limit, len(found))] {
		users = append(users, clone(row.user))
	}
	if len(found) > limit {
		row := found[limit-1]
		next = q.Next(userlist.Write(q.Order(), s.base(row.user), strconv.FormatInt(row.seq, 10)))
	}
	return users, next, nil
}

// place is where a user stands in the order of a query.
func (s *Users[U]) place(q core.Query, row *userRow[U]) userlist.Place {
	b := s.base(row.user)
	switch q.Order() {
	case core.SortEmail:
		return userlist.Place{Email: b.EmailKey, Last: b.EmailKey == ""}
	case core.SortCreated:
		// A cursor has whole microseconds.
		return userlist.Place{Created: b.CreatedAt.Truncate(time.Microsecond), Last: b.CreatedAt.IsZero()}
	default:
		return userlist.Place{}
	}
}

// compare is negative if a user comes before a place in the order of a query.
func (s *Users[U]) compare(q core.Query, row *userRow[U], place userlist.Place, seq int64) int {
	at := s.place(q, row)
	if at.Last != place.Last {
		if at.Last {
			return 1
		}
		return -1
	}
	order := cmp.Or(strings.Compare(at.Email, place.Email), at.Created.Compare(place.Created))
	if order == 0 && (q.Order() != core.SortEmail || at.Last) {
		order = cmp.Compare(row.seq, seq)
	}
	if q.Descending {
		return -order
	}
	return order
}

// after returns the position in rows of the first user whose seq is greater.
func (s *Users[U]) after(seq int64) int {
	i, _ := slices.BinarySearchFunc(s.rows, seq+1,
		func(row *userRow[U], seq int64) int { return cmp.Compare(row.seq, seq) })
	return i
}

// parse returns the seq that a place names: one that was assigned, spelled as
// List spells it.
func (s *Users[U]) parse(place userlist.Place) (int64, error) {
	if place.First || place.Email != "" {
		return 0, nil
	}
	seq, err := strconv.ParseInt(place.ID, 10, 64)
	if err != nil || seq < 1 || seq > s.lastSeq || strconv.FormatInt(seq, 10) != place.ID {
		return 0, core.ErrInvalid
	}
	return seq, nil
}

package storetest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

type named = storetest.NamedAccount

// namedStore is memstore's, except for what a test replaces.
type namedStore struct {
	*memstore.Users[named]
	create func(ctx context.Context, u *named) error
	find   func(ctx context.Context, key core.Key) (*named, error)
	update func(ctx context.Context, id string, change func(*named) error) (*named, error)
	keeps  bool
}

func (s *namedStore) Create(ctx context.Context, u *named) error { return s.create(ctx, u) }
func (s *namedStore) Find(ctx context.Context, key core.Key) (*named, error) {
	return s.find(ctx, key)
}
func (s *namedStore) Update(ctx context.Context, id string, change func(*named) error) (*named, error) {
	return s.update(ctx, id, change)
}
func (s *namedStore) KeepsNames() bool { return s.keeps }

// withoutName returns a copy of u without a name, so that no store refuses it
// for that.
func withoutName(u *named) *named {
	c := *u
	c.Named = core.Named{}
	return &c
}

func TestBrokenNames(t *testing.T) {
	t.Parallel()
	const taken, updated, races = "Create is ErrTaken if the UsernameKey", "Update is ErrTaken if the new UsernameKey",
		"M90 of any number of concurrent Creates"
	for name, fake := range map[string]struct {
		breaks func(s *namedStore)
		rules  []string
	}{
		"none":         {func(*namedStore) {}, nil},
		"not a keeper": {func(s *namedStore) { s.keeps = false }, []string{"A store that passes"}},
		"looked up, then written": {func(s *namedStore) {
			b := newBarrier()
			s.create = func(ctx context.Context, u *named) error {
				if u.UsernameKey == "" || !strings.HasPrefix(u.EmailKey, "user") {
					return s.Users.Create(ctx, u)
				}
				_, err := s.Users.Find(ctx, core.ByUsername(u.UsernameKey))
				if b.wait(); err == nil {
					return core.ErrTaken
				}
				c := withoutName(u)
				err = s.Users.Create(ctx, c)
				u.ID = c.ID
				return err
			}
		}, []string{races}},
		"a taken name that leaves a user": {func(s *namedStore) {
			s.create = func(ctx context.Context, u *named) error {
				err := s.Users.Create(ctx, u)
				if errors.Is(err, core.ErrTaken) {
					_ = s.Users.Create(ctx, withoutName(u))
				}
				return err
			}
		}, []string{taken, races}},
		"a taken name that is a conflict": {func(s *namedStore) {
			s.create = func(ctx context.Context, u *named) error {
				if _, err := s.Users.Find(ctx, core.ByUsername(u.UsernameKey)); err == nil {
					return core.ErrConflict
				}
				return s.Users.Create(ctx, u)
			}
		}, []string{taken, "?" + races}},
		"letter case does not matter": {func(s *namedStore) {
			s.create = func(ctx context.Context, u *named) error {
				if _, err := s.Users.Find(ctx, core.ByUsername(strings.ToLower(u.UsernameKey))); err == nil {
					return core.ErrTaken
				}
				return s.Users.Create(ctx, u)
			}
		}, []string{"M90 a UsernameKey is compared"}},
		"no name is a name": {func(s *namedStore) {
			s.create = func(ctx context.Context, u *named) error {
				if u.UsernameKey == "" && u.EmailKey == "" {
					us, _, _ := s.Users.List(ctx, core.Query{Limit: 100})
					for _, other := range us {
						if other.UsernameKey == "" && other.EmailKey == "" {
							return core.ErrTaken
						}
					}
				}
				return s.Users.Create(ctx, u)
			}
		}, []string{"An empty UsernameKey", "Of any number of concurrent Updates"}},
		"an empty name that finds somebody": {func(s *namedStore) {
			s.find = func(ctx context.Context, key core.Key) (*named, error) {
				us, _, _ := s.Users.List(ctx, core.Query{Limit: 1})
				if key == core.ByUsername("") && len(us) > 0 {
					return us[0], nil
				}
				return s.Users.Find(ctx, key)
			}
		}, []string{"An empty UsernameKey", "Find returns ErrNotFound for an absent UsernameKey"}},
		"an address is a name": {func(s *namedStore) {
			s.find = func(ctx context.Context, key core.Key) (*named, error) {
				u, err := s.Users.Find(ctx, key)
				if err != nil && key.Kind == "username" {
					return s.Users.Find(ctx, core.ByEmail(key.Value))
				}
				return u, err
			}
		}, []string{"Find returns ErrNotFound for an absent UsernameKey"}},
		"an update that is half done": {func(s *namedStore) {
			s.update = func(ctx context.Context, id string, change func(*named) error) (*named, error) {
				u, err := s.Users.Update(ctx, id, change)
				if errors.Is(err, core.ErrTaken) {
					_, _ = s.Users.Update(ctx, id, func(u *named) error { u.Nick = "another"; return nil })
				}
				return u, err
			}
		}, []string{updated, "Of any number of concurrent Updates"}},
		"names that stay": {func(s *namedStore) {
			s.update = func(ctx context.Context, id string, change func(*named) error) (*named, error) {
				return s.Users.Update(ctx, id, func(u *named) error {
					was := u.Named
					err := change(u)
					if was.UsernameKey != "" && u.UsernameKey != was.UsernameKey && u.UsernameKey != "ann" {
						u.Named = was
					}
					return err
				})
			}
		}, []string{"Update may keep the UsernameKey", "An empty UsernameKey"}},
		"short names": {func(s *namedStore) {
			s.create = func(ctx context.Context, u *named) error {
				c := *u
				c.UsernameKey = c.UsernameKey[:min(len(c.UsernameKey), 64)]
				err := s.Users.Create(ctx, &c)
				u.ID = c.ID
				return err
			}
		}, []string{"Find returns the user of a UsernameKey"}},
		"a name that stays with a deleted user": {func(s *namedStore) {
			gone := map[string]bool{}
			s.create = func(ctx context.Context, u *named) error {
				if u.EmailKey == "" && u.UsernameKey == "ann" {
					if gone["ann"] {
						return core.ErrTaken
					}
					gone["ann"] = true
				}
				return s.Users.Create(ctx, u)
			}
		}, []string{"The UsernameKey of a deleted user"}},
	} {
		t.Run(name, func(t *testing.T) {
			broken(t, storetest.NameCases(), func() core.UserStore[named] {
				u := memstore.NewUsers[named]()
				s := &namedStore{u, u.Create, u.Find, u.Update, true}
				fake.breaks(s)
				return s
			}, fake.rules...)
		})
	}
}

// notByName finds nobody by a name.
func notByName(s *namedStore) func(context.Context, core.Key) (*named, error) {
	return func(ctx context.Context, key core.Key) (*named, error) {
		if key.Kind == "username" {
			return nil, core.ErrNotFound
		}
		return s.Users.Find(ctx, key)
	}
}

// A store without names fails wherever one is looked for.
func TestAStoreWithoutNames(t *testing.T) {
	t.Parallel()
	for _, c := range storetest.NameCases() {
		u := memstore.NewUsers[named]()
		s := &namedStore{u, nil, nil, u.Update, false}
		s.find = notByName(s)
		s.create = func(ctx context.Context, u *named) error {
			c := withoutName(u)
			err := s.Users.Create(ctx, c)
			u.ID = c.ID
			return err
		}
		var missing storetest.NotDeclaredError
		err := c.Check(t.Context(), s)
		passes := strings.HasPrefix(c.Rule, "Find returns ErrNotFound") || strings.HasPrefix(c.Rule, "An empty UsernameKey")
		if (err == nil) != passes && !errors.As(err, &missing) {
			t.Errorf("%s: got %v", c.Rule, err)
		}
	}
}

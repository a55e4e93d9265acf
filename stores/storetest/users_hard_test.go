package storetest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// updates makes a store edit what change left before it stores it.
func (s *userStore) updates(edit func(u *account)) {
	s.update = func(ctx context.Context, id string, change func(*account) error) (*account, error) {
		return s.Users.Update(ctx, id, func(u *account) error {
			err := change(u)
			edit(u)
			return err
		})
	}
}

func TestUsersBrokenByHardValues(t *testing.T) {
	t.Parallel()
	for name, fake := range map[string]brokenUserStore{
		"text of at most 64 KiB": {func(s *userStore) {
			s.stores(func(u *account) { u.Nick = u.Nick[:min(len(u.Nick), 1<<16-1)] })
		}, []string{"G05 P08 a value"}},
		"broken text is altered": {func(s *userStore) {
			s.stores(func(u *account) { u.Email = strings.ToValidUTF8(u.Email, "\ufffd") })
		}, []string{"G05 P08 a value", "G05 an EmailKey"}},
		"a refusal is taken": {func(s *userStore) {
			s.create = func(ctx context.Context, u *account) error {
				if strings.Contains(u.Nick, "\x00") {
					return core.ErrTaken
				}
				return s.Users.Create(ctx, u)
			}
		}, []string{"G05 P08 a value", "G05 an EmailKey"}},
		"Update cuts": {func(s *userStore) {
			s.updates(func(u *account) { u.Nick = u.Nick[:min(len(u.Nick), 255)] })
		}, []string{"G05 P08 what Update"}},
		"Update normalises": {func(s *userStore) {
			s.updates(func(u *account) { u.Nick = strings.TrimPrefix(u.Nick, "\ufeff") })
		}, []string{"G05 P08 what Update"}},
		"keys of at most 255 bytes": {func(s *userStore) {
			s.stores(func(u *account) { u.EmailKey = u.EmailKey[:min(len(u.EmailKey), 255)] })
		}, []string{"G05 an EmailKey", "An EmailKey of 320"}},
		"a key ends with its NUL": {func(s *userStore) {
			s.create = func(ctx context.Context, u *account) error {
				c := *u
				c.EmailKey, _, _ = strings.Cut(u.EmailKey, "\x00")
				err := s.Users.Create(ctx, &c)
				u.ID = c.ID
				return err
			}
		}, []string{"G05 an EmailKey"}},
		"no time is 1970": {func(s *userStore) {
			s.stores(func(u *account) {
				if u.Seen.IsZero() {
					u.Seen = time.Unix(0, 0).UTC()
				}
			})
		}, []string{"Far times"}},
		"times of 64 bits": {func(s *userStore) {
			s.stores(func(u *account) { u.Seen = time.Unix(0, u.Seen.UnixNano()).UTC() })
		}, []string{"Far times"}},
		"Update renames": {func(s *userStore) {
			s.update = func(ctx context.Context, id string, change func(*account) error) (*account, error) {
				var draft account
				u, err := s.Users.Update(ctx, id, func(u *account) error { err := change(u); draft = *u; return err })
				if err != nil || draft.ID == u.ID || draft.ID == "" {
					return u, err
				}
				if err := s.Users.Delete(ctx, id); err != nil {
					return nil, err
				}
				return &draft, s.Users.Create(ctx, &draft)
			}
		}, []string{"Update never assigns"}},
		"an ID for a refusal": {func(s *userStore) {
			s.create = func(ctx context.Context, u *account) error {
				if u.ID == "" {
					u.ID = s.NewID()
				}
				return s.Users.Create(ctx, u)
			}
		}, []string{"A refused Create"}},
		"NewID repeats itself": {func(s *userStore) { s.newID = func() string { return "1" } }, []string{"IDMaker"}},
		"NewID and Create do not agree": {func(s *userStore) {
			s.newID = func() string { return "new" }
			s.create = func(ctx context.Context, u *account) error {
				if u.ID == "new" {
					u.ID = ""
				}
				return s.Users.Create(ctx, u)
			}
		}, []string{"IDMaker"}},
		"a list that is deaf to its context": {func(s *userStore) {
			s.list = func(ctx context.Context, q core.Query) ([]*account, string, error) {
				return s.Users.List(context.WithoutCancel(ctx), q)
			}
		}, []string{"F01 a cancelled context"}},
		"an epoch that is deaf to its context": {func(s *userStore) {
			s.epoch = func(ctx context.Context, id string) (int64, error) {
				return s.Users.Epoch(context.WithoutCancel(ctx), id)
			}
		}, []string{"EpochStore"}},
		"what is too late is half undone": {func(s *userStore) {
			s.update = func(ctx context.Context, id string, change func(*account) error) (*account, error) {
				u, err := s.Users.Update(ctx, id, change)
				if err == nil && ctx.Err() != nil {
					_, _ = s.Users.Update(context.WithoutCancel(ctx), id,
						func(u *account) error { u.EmailKey = "ann@example.com"; return nil })
					return nil, ctx.Err()
				}
				return u, err
			}
		}, []string{"F01 an Update"}},
		"what is too late is forgotten": {func(s *userStore) {
			s.update = func(ctx context.Context, id string, change func(*account) error) (*account, error) {
				var late bool
				u, err := s.Users.Update(ctx, id, func(u *account) error {
					c := *u
					err := change(&c)
					if late = ctx.Err() != nil; !late {
						*u = c
					}
					return err
				})
				return u, err
			}
		}, []string{"F01 an Update"}},
	} {
		t.Run(name, fake.run)
	}
	t.Run("transactions that undo nothing", func(t *testing.T) {
		broken(t, storetest.UserCases(), func() core.UserStore[account] {
			return struct {
				*userStore
				none
			}{newUserStore(), none{}}
		}, "Transactor")
	})
}

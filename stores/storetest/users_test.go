package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

type account = storetest.Account

// userStore is memstore's, except for what a test replaces.
type userStore struct {
	*memstore.Users[account]
	create func(ctx context.Context, u *account) error
	find   func(ctx context.Context, key core.Key) (*account, error)
	update func(ctx context.Context, id string, change func(*account) error) (*account, error)
	delete func(ctx context.Context, id string) error
	list   func(ctx context.Context, q core.Query) ([]*account, string, error)
	epoch  func(ctx context.Context, id string) (int64, error)
	newID  func() string
}

func newUserStore() *userStore {
	s := memstore.NewUsers[account]()
	return &userStore{s, s.Create, s.Find, s.Update, s.Delete, s.List, s.Epoch, s.NewID}
}

func (s *userStore) Create(ctx context.Context, u *account) error { return s.create(ctx, u) }
func (s *userStore) Find(ctx context.Context, key core.Key) (*account, error) {
	return s.find(ctx, key)
}
func (s *userStore) Delete(ctx context.Context, id string) error         { return s.delete(ctx, id) }
func (s *userStore) Epoch(ctx context.Context, id string) (int64, error) { return s.epoch(ctx, id) }
func (s *userStore) NewID() string                                       { return s.newID() }
func (s *userStore) Update(ctx context.Context, id string, change func(*account) error) (*account, error) {
	return s.update(ctx, id, change)
}
func (s *userStore) List(ctx context.Context, q core.Query) ([]*account, string, error) {
	return s.list(ctx, q)
}

// stores makes a store edit what it receives before it stores it.
func (s *userStore) stores(edit func(u *account)) {
	s.create = func(ctx context.Context, u *account) error {
		c := *u
		edit(&c)
		err := s.Users.Create(ctx, &c)
		u.ID = c.ID
		return err
	}
}

// brokenUserStore has a mistake, which breaks the rules that begin with these
// words.
type brokenUserStore struct {
	breaks func(s *userStore)
	rules  []string
}

func (fake brokenUserStore) run(t *testing.T) {
	broken(t, storetest.UserCases(), func() core.UserStore[account] {
		s := newUserStore()
		fake.breaks(s)
		return s
	}, fake.rules...)
}

func TestBrokenUsers(t *testing.T) {
	t.Parallel()
	for name, fake := range map[string]brokenUserStore{
		"none": {func(*userStore) {}, nil},
		"IDs that come back": {func(s *userStore) {
			var free atomic.Value
			free.Store("")
			s.delete = func(ctx context.Context, id string) error {
				err := s.Users.Delete(ctx, id)
				if err == nil {
					free.Store(id)
				}
				return err
			}
			s.create = func(ctx context.Context, u *account) error {
				if u.ID == "" {
					u.ID = free.Swap("").(string)
				}
				return s.Users.Create(ctx, u)
			}
		}, []string{"An ID is not assigned again", "?Of any number of concurrent Creates of one ID"}},
		"an empty e-mail that is a key": {func(s *userStore) {
			s.find = func(ctx context.Context, key core.Key) (*account, error) {
				if key == core.ByEmail("") {
					us, _, err := s.Users.List(ctx, core.Query{Limit: 1})
					return us[0], err
				}
				return s.Users.Find(ctx, key)
			}
		}, []string{"An empty EmailKey is no key", "Find returns ErrNotFound for an absent EmailKey"}},
		"an ID of its own": {func(s *userStore) {
			s.create = func(ctx context.Context, u *account) error { u.ID = ""; return s.Users.Create(ctx, u) }
		}, []string{"Create keeps the ID", "Create is ErrTaken if the ID exists", "IDs of one user in different spellings",
			"Of any number of concurrent Creates of one ID", "IDMaker"}},
		"UUIDs in one spelling": {func(s *userStore) {
			s.find = func(ctx context.Context, key core.Key) (*account, error) {
				if key.Kind == "id" && key.Value != strings.ToLower(key.Value) {
					return nil, core.ErrNotFound
				}
				return s.Users.Find(ctx, key)
			}
		}, []string{"IDs of one user in different spellings"}},
		"IDs without their trailing space": {func(s *userStore) {
			s.find = func(ctx context.Context, key core.Key) (*account, error) {
				if key.Kind == "id" {
					key.Value = strings.TrimRight(key.Value, " ")
				}
				return s.Users.Find(ctx, key)
			}
		}, []string{"P17 an ID that"}},
		"every other kind is an e-mail": {func(s *userStore) {
			s.find = func(ctx context.Context, key core.Key) (*account, error) {
				if key.Kind != "id" {
					key.Kind = "email"
				}
				return s.Users.Find(ctx, key)
			}
		}, []string{"Find returns ErrNotFound for unknown kinds"}},
		"absence is an error of the driver": {func(s *userStore) {
			s.find = func(ctx context.Context, key core.Key) (*account, error) {
				u, err := s.Users.Find(ctx, key)
				if errors.Is(err, core.ErrNotFound) && key.Kind == "email" &&
					(strings.Contains(key.Value, "\x00") || !utf8.ValidString(key.Value)) {
					err = errors.New("invalid byte sequence")
				}
				return u, err
			}
		}, []string{"Find returns ErrNotFound for an absent EmailKey"}},
		"a shared pointer": {func(s *userStore) {
			var mottos sync.Map
			s.create = func(ctx context.Context, u *account) error {
				mottos.Store(u.EmailKey, u.Motto)
				return s.Users.Create(ctx, u)
			}
			s.find = func(ctx context.Context, key core.Key) (*account, error) {
				u, err := s.Users.Find(ctx, key)
				if err == nil {
					if motto, _ := mottos.Load(u.EmailKey); motto != nil && u.Motto != nil {
						u.Motto = motto.(*string)
					}
				}
				return u, err
			}
		}, []string{"Every returned user is the caller's own copy"}},
		"seconds": {func(s *userStore) {
			s.stores(func(u *account) { u.Seen = u.Seen.Truncate(time.Second) })
		}, []string{"Times are kept", "Far times"}},
		"local time, which is UTC today": {func(s *userStore) {
			s.find = func(ctx context.Context, key core.Key) (*account, error) {
				u, err := s.Users.Find(ctx, key)
				if err == nil && u.CreatedAt.Year() < 1970 {
					u.CreatedAt = u.CreatedAt.In(time.FixedZone("", 3600))
				}
				return u, err
			}
		}, []string{"Times are kept"}},
		"the machine's own zone": {func(s *userStore) {
			s.find = func(ctx context.Context, key core.Key) (*account, error) {
				u, err := s.Users.Find(ctx, key)
				if err == nil && u.CreatedAt.Year() < 1970 {
					u.CreatedAt = u.CreatedAt.Local()
				}
				return u, err
			}
		}, []string{"Times are kept"}},
		"a local time without its zone": {func(s *userStore) {
			s.stores(func(u *account) {
				if local := u.CreatedAt.Local(); local.Year() > 1900 && local.Year() < 1970 {
					u.CreatedAt, _ = time.Parse(time.RFC3339Nano, local.Format("2006-01-02T15:04:05.999999Z"))
				}
			})
		}, []string{"Times are kept"}},
		"text of at most 255 bytes": {func(s *userStore) {
			s.stores(func(u *account) { u.Nick = u.Nick[:min(len(u.Nick), 255)] })
		}, []string{"G05 P08 a value", "G05 an EmailKey"}},
		"text without its trailing space": {func(s *userStore) {
			s.stores(func(u *account) { u.Nick = strings.TrimRight(u.Nick, " ") })
		}, []string{"Own columns: text is kept"}},
		"NULL for nothing": {func(s *userStore) {
			s.stores(func(u *account) {
				if u.Motto != nil && *u.Motto == "" {
					u.Motto = nil
				}
			})
		}, []string{"Own columns: text is kept", "Own columns: NULL"}},
		"epochs as floats": {func(s *userStore) {
			s.stores(func(u *account) { u.TokenEpoch = int64(float32(u.TokenEpoch)) })
		}, []string{"TokenEpoch is kept"}},
		"a cancelled context means absence": {func(s *userStore) {
			s.find = func(ctx context.Context, key core.Key) (*account, error) {
				u, err := s.Users.Find(ctx, key)
				if err != nil {
					err = core.ErrNotFound
				}
				return u, err
			}
		}, []string{"F01 a cancelled context"}},
		"a cached epoch": {func(s *userStore) {
			s.epoch = func(ctx context.Context, id string) (int64, error) {
				_, err := s.Users.Epoch(ctx, id)
				return 1, err
			}
		}, []string{"EpochStore"}},
		"an upsert": {func(s *userStore) {
			s.create = func(ctx context.Context, u *account) error {
				if old, err := s.Users.Find(ctx, core.ByEmail(u.EmailKey)); err == nil && u.ID == "" {
					u.ID = old.ID
					_, err = s.Users.Update(ctx, old.ID, func(stored *account) error { *stored = *u; return nil })
					return err
				}
				return s.Users.Create(ctx, u)
			}
		}, []string{"Create is ErrTaken if the EmailKey exists", "A refused Create",
			"Of any number of concurrent Creates of one EmailKey"}},
		"letter case does not matter": {func(s *userStore) {
			s.find = func(ctx context.Context, key core.Key) (*account, error) {
				if u, err := s.Users.Find(ctx, key); err == nil || key.Kind == "id" {
					return u, err
				}
				return s.Users.Find(ctx, core.Key{Kind: key.Kind, Value: strings.ToLower(key.Value)})
			}
			s.create = func(ctx context.Context, u *account) error {
				if _, err := s.Users.Find(ctx, core.ByEmail(strings.ToLower(u.EmailKey))); err == nil {
					return core.ErrTaken
				}
				return s.Users.Create(ctx, u)
			}
		}, []string{"G01 Q04", "P17 List's prefix", "G05 an EmailKey"}},
		"a half update": {func(s *userStore) {
			s.update = func(ctx context.Context, id string, change func(*account) error) (*account, error) {
				u, err := s.Users.Update(ctx, id, change)
				if errors.Is(err, core.ErrTaken) {
					_, _ = s.Users.Update(ctx, id, func(u *account) error { u.Nick = "another"; return nil })
				}
				return u, err
			}
		}, []string{"Update is ErrTaken", "Of any number of concurrent Updates"}},
		"an error of change in a wrapping": {func(s *userStore) {
			s.update = func(ctx context.Context, id string, change func(*account) error) (*account, error) {
				return s.Users.Update(ctx, id, func(u *account) error {
					if err := change(u); err != nil {
						return fmt.Errorf("change: %w", err)
					}
					return nil
				})
			}
		}, []string{"An error of change"}},
		"change sees a former row": {func(s *userStore) {
			s.update = func(ctx context.Context, id string, change func(*account) error) (*account, error) {
				return s.Users.Update(ctx, id, func(u *account) error { u.Credits = 10; return change(u) })
			}
		}, []string{"K04 no concurrent Update", "G05 P08 what Update"}},
		"Delete of nobody": {func(s *userStore) {
			s.delete = func(ctx context.Context, id string) error {
				if err := s.Users.Delete(ctx, id); !errors.Is(err, core.ErrNotFound) {
					return err
				}
				return nil
			}
		}, []string{"P17 an ID that", "Delete removes", "Of any number of concurrent Deletes"}},
		"a soft delete that keeps the e-mail": {func(s *userStore) {
			var gone sync.Map
			s.delete = func(ctx context.Context, id string) error {
				if u, err := s.Users.Find(ctx, core.ByID(id)); err == nil {
					gone.Store(u.EmailKey, true)
				}
				return s.Users.Delete(ctx, id)
			}
			s.create = func(ctx context.Context, u *account) error {
				if _, there := gone.Load(u.EmailKey); there {
					return core.ErrTaken
				}
				return s.Users.Create(ctx, u)
			}
		}, []string{"The EmailKey of a deleted user", "List by CreatedAt returns each"}},
	} {
		t.Run(name, fake.run)
	}
}

package storetest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

type link = core.OAuthAccount

// accountStore is memstore's, except for what a test replaces.
type accountStore struct {
	*memstore.OAuthAccounts
	create func(ctx context.Context, a *link) error
	find   func(ctx context.Context, provider, subject string) (*link, error)
	list   func(ctx context.Context, userID string) ([]*link, error)
	update func(ctx context.Context, id string, change func(*link) error) (*link, error)
	delete func(ctx context.Context, id string) error
}

func newAccountStore() *accountStore {
	s := memstore.NewOAuthAccounts()
	return &accountStore{s, s.Create, s.Find, s.List, s.Update, s.Delete}
}

func (s *accountStore) Create(ctx context.Context, a *link) error { return s.create(ctx, a) }
func (s *accountStore) Find(ctx context.Context, provider, subject string) (*link, error) {
	return s.find(ctx, provider, subject)
}
func (s *accountStore) List(ctx context.Context, userID string) ([]*link, error) {
	return s.list(ctx, userID)
}
func (s *accountStore) Update(ctx context.Context, id string, change func(*link) error) (*link, error) {
	return s.update(ctx, id, change)
}
func (s *accountStore) Delete(ctx context.Context, id string) error { return s.delete(ctx, id) }

// stores makes a store edit what it receives before it stores it.
func (s *accountStore) stores(edit func(a *link)) {
	s.create = func(ctx context.Context, a *link) error {
		c := *a
		edit(&c)
		err := s.OAuthAccounts.Create(ctx, &c)
		a.ID = c.ID
		return err
	}
}

// finds makes a store look for what edit returns for a name.
func (s *accountStore) finds(edit func(name string) string) {
	s.find = func(ctx context.Context, provider, subject string) (*link, error) {
		if a, err := s.OAuthAccounts.Find(ctx, provider, subject); !errors.Is(err, core.ErrNotFound) {
			return a, err
		}
		return s.OAuthAccounts.Find(ctx, edit(provider), edit(subject))
	}
}

// brokenAccountStore has a mistake, which breaks the rules that begin with
// these words.
type brokenAccountStore struct {
	breaks func(s *accountStore)
	rules  []string
}

func (fake brokenAccountStore) run(t *testing.T) {
	broken(t, storetest.OAuthAccountCases(), func() core.OAuthAccountStore {
		s := newAccountStore()
		fake.breaks(s)
		return s
	}, fake.rules...)
}

func TestBrokenOAuthAccounts(t *testing.T) {
	for name, fake := range map[string]brokenAccountStore{
		"none": {func(*accountStore) {}, nil},
		"an ID of its own": {func(s *accountStore) {
			s.create = func(ctx context.Context, a *link) error { a.ID = ""; return s.OAuthAccounts.Create(ctx, a) }
		}, []string{"Create keeps the ID", "Create is ErrTaken if the ID", "Of any number of concurrent Creates of one ID"}},
		"an ID for a refusal": {func(s *accountStore) {
			s.create = func(ctx context.Context, a *link) error {
				err := s.OAuthAccounts.Create(ctx, a)
				if err != nil && a.ID == "" {
					a.ID = "refused"
				}
				return err
			}
		}, []string{"A refused Create"}},
		"an upsert": {func(s *accountStore) {
			s.create = func(ctx context.Context, a *link) error {
				old, err := s.OAuthAccounts.Find(ctx, a.Provider, a.Subject)
				if err != nil {
					return s.OAuthAccounts.Create(ctx, a)
				}
				a.ID = old.ID
				_, err = s.OAuthAccounts.Update(ctx, old.ID, func(stored *link) error { *stored = *a; return nil })
				return err
			}
		}, []string{"Create is ErrTaken if (Provider", "A refused Create",
			"Of any number of concurrent Creates of one account"}},
		"unique for each user": {func(s *accountStore) {
			taken := "\x00" + storetest.BobID
			s.create = func(ctx context.Context, a *link) error {
				subject := a.Subject
				if a.UserID == storetest.BobID {
					if _, err := s.OAuthAccounts.Find(ctx, a.Provider, a.Subject); err == nil {
						a.Subject += taken
					}
				}
				err := s.OAuthAccounts.Create(ctx, a)
				a.Subject = subject
				return err
			}
		}, []string{"Create is ErrTaken if (Provider", "A refused Create",
			"Of any number of concurrent Creates of one account"}},
		"a Subject is of one provider": {func(s *accountStore) {
			s.create = func(ctx context.Context, a *link) error {
				if _, err := s.OAuthAccounts.Find(ctx, "github", a.Subject); err == nil {
					return core.ErrTaken
				}
				return s.OAuthAccounts.Create(ctx, a)
			}
		}, []string{"Accounts at different providers", "O25"}},
		"letter case does not matter": {func(s *accountStore) {
			s.finds(strings.ToLower)
		}, []string{"O25"}},
		"a trailing space does not matter": {func(s *accountStore) {
			s.create = func(ctx context.Context, a *link) error {
				if _, err := s.OAuthAccounts.Find(ctx, a.Provider, strings.TrimRight(a.Subject, " ")); err == nil {
					return core.ErrTaken
				}
				return s.OAuthAccounts.Create(ctx, a)
			}
		}, []string{"O25"}},
		"a Subject ends with its NUL": {func(s *accountStore) {
			s.stores(func(a *link) { a.Subject, _, _ = strings.Cut(a.Subject, "\x00") })
		}, []string{"G05 P08"}},
		"an accent is normalised": {func(s *accountStore) {
			s.stores(func(a *link) { a.Subject = strings.ReplaceAll(a.Subject, "e\u0301", "\u00e9") })
		}, []string{"O25"}},
		"Subjects of at most 254 bytes": {func(s *accountStore) {
			s.stores(func(a *link) { a.Subject = a.Subject[:min(len(a.Subject), 254)] })
		}, []string{"A Subject of 255 bytes", "G05 P08 a value"}},
		"absence is an error of the driver": {func(s *accountStore) {
			s.find = func(ctx context.Context, provider, subject string) (*link, error) {
				if strings.Contains(subject, "\x00") || !utf8.ValidString(subject) {
					return nil, errors.New("invalid byte sequence")
				}
				return s.OAuthAccounts.Find(ctx, provider, subject)
			}
		}, []string{"Find returns ErrNotFound", "G05 P08"}},
		"a NUL ends a text": {func(s *accountStore) {
			s.finds(func(name string) string { before, _, _ := strings.Cut(name, "\x00"); return before })
		}, []string{"Find returns ErrNotFound"}},
		"the newest first": {func(s *accountStore) {
			s.list = func(ctx context.Context, userID string) ([]*link, error) {
				all, err := s.OAuthAccounts.List(ctx, userID)
				slices.Reverse(all)
				return all, err
			}
		}, []string{"Accounts at different", "A Subject of 255", "List returns a user's", "Update may move",
			"Update never makes"}},
		"any order": {func(s *accountStore) {
			s.list = func(ctx context.Context, userID string) ([]*link, error) {
				all, err := s.OAuthAccounts.List(ctx, userID)
				slices.SortFunc(all, func(a, b *link) int { return strings.Compare(a.ID, b.ID) })
				return all, err
			}
		}, []string{"?Accounts at different", "?A Subject of 255", "List returns a user's", "?Update may move",
			"?Update never makes"}},
		"everybody's accounts": {func(s *accountStore) {
			s.list = func(ctx context.Context, _ string) ([]*link, error) {
				anns, err1 := s.OAuthAccounts.List(ctx, storetest.AnnID)
				bobs, err2 := s.OAuthAccounts.List(ctx, storetest.BobID)
				return append(anns, bobs...), errors.Join(err1, err2)
			}
		}, []string{"Create is ErrTaken if", "List", "Update may move", "An error of change", "A deleted account"}},
		"no accounts is an error": {func(s *accountStore) {
			s.list = func(ctx context.Context, userID string) ([]*link, error) {
				all, err := s.OAuthAccounts.List(ctx, userID)
				if len(all) == 0 && err == nil {
					err = core.ErrNotFound
				}
				return all, err
			}
		}, []string{"Create is ErrTaken if", "List of a user without", "An error of change", "A deleted account",
			"Of any number of concurrent Deletes"}},
		"tokens of at most 1024 bytes": {func(s *accountStore) {
			s.stores(func(a *link) { a.AccessToken = a.AccessToken[:min(len(a.AccessToken), 1024)] })
		}, []string{"Tokens of 16 KiB", "G05 P08"}},
		"text without its trailing space": {func(s *accountStore) {
			s.stores(func(a *link) { a.RefreshToken = strings.TrimRight(a.RefreshToken, " ") })
		}, []string{"Email and tokens"}},
		"broken text is altered": {func(s *accountStore) {
			s.stores(func(a *link) { a.Email = strings.ToValidUTF8(a.Email, "\ufffd") })
		}, []string{"G05 P08"}},
		"no time is 1970": {func(s *accountStore) {
			s.stores(func(a *link) {
				if a.Expires.IsZero() {
					a.Expires = time.Unix(0, 0)
				}
			})
		}, []string{"Expires is kept"}},
		"1970 is no time": {func(s *accountStore) {
			s.stores(func(a *link) {
				if a.Expires.Unix() == 0 {
					a.Expires = time.Time{}
				}
			})
		}, []string{"Expires is kept"}},
		"seconds of 31 bits": {func(s *accountStore) {
			s.stores(func(a *link) {
				if !a.Expires.IsZero() {
					a.Expires = time.Unix(int64(int32(a.Expires.Unix())), 0)
				}
			})
		}, []string{"Expires is kept", "A far Expires"}},
		"fractions of a second from Update": {func(s *accountStore) {
			s.update = func(ctx context.Context, id string, change func(*link) error) (*link, error) {
				var draft link
				a, err := s.OAuthAccounts.Update(ctx, id, func(a *link) error { err := change(a); draft = *a; return err })
				if err == nil && a.ID == draft.ID && a.Subject == draft.Subject {
					return &draft, nil
				}
				return a, err
			}
		}, []string{"Expires is kept"}},
		"local time as if it were UTC": {func(s *accountStore) {
			s.stores(func(a *link) {
				_, offset := a.Expires.Zone()
				a.Expires = a.Expires.Add(time.Duration(offset) * time.Second)
			})
		}, []string{"Expires is kept"}},
		"one shared account": {func(s *accountStore) {
			var mu sync.Mutex
			handed := map[string]*link{}
			s.find = func(ctx context.Context, provider, subject string) (*link, error) {
				a, err := s.OAuthAccounts.Find(ctx, provider, subject)
				if err != nil {
					return nil, err
				}
				mu.Lock()
				defer mu.Unlock()
				if handed[a.ID] == nil || subject != "one" || a.AccessToken != "one's access token" || a.UserID != storetest.AnnID {
					handed[a.ID] = a
				}
				return handed[a.ID], nil
			}
		}, []string{"Every returned account"}},
		"a cancelled context means absence": {func(s *accountStore) {
			s.find = func(ctx context.Context, provider, subject string) (*link, error) {
				a, err := s.OAuthAccounts.Find(ctx, provider, subject)
				if err != nil {
					err = core.ErrNotFound
				}
				return a, err
			}
		}, []string{"F01"}},
		"a list that is cancelled is empty": {func(s *accountStore) {
			s.list = func(ctx context.Context, userID string) ([]*link, error) {
				all, _ := s.OAuthAccounts.List(ctx, userID)
				return all, nil
			}
		}, []string{"F01"}},
	} {
		t.Run(name, fake.run)
	}
}

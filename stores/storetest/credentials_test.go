package storetest_test

import (
	"bytes"
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

type (
	cred       = core.Credential
	credChange = func(*cred) error
)

// credentialStore is memstore's, except for what a test replaces.
type credentialStore struct {
	*memstore.Credentials
	now    func() time.Time
	create func(ctx context.Context, c *cred, max int) error
	find   func(ctx context.Context, kind, key string) (*cred, error)
	list   func(ctx context.Context, kind, owner string) ([]*cred, error)
	update func(ctx context.Context, kind, owner, id string, change credChange) (*cred, error)
	delete func(ctx context.Context, kind, owner, id string) error
	page   func(ctx context.Context, kind, after string, limit int) ([]*cred, error)
	sweep  func(ctx context.Context) (int, error)
}

func newCredentialStore(now func() time.Time) *credentialStore {
	m := memstore.NewCredentials(now)
	return &credentialStore{m, now, m.Create, m.Find, m.List, m.Update, m.Delete, m.Page, m.Sweep}
}

func (s *credentialStore) Create(ctx context.Context, c *cred, max int) error {
	return s.create(ctx, c, max)
}
func (s *credentialStore) Find(ctx context.Context, kind, key string) (*cred, error) {
	return s.find(ctx, kind, key)
}
func (s *credentialStore) List(ctx context.Context, kind, owner string) ([]*cred, error) {
	return s.list(ctx, kind, owner)
}
func (s *credentialStore) Update(ctx context.Context, kind, owner, id string, change credChange) (*cred, error) {
	return s.update(ctx, kind, owner, id, change)
}
func (s *credentialStore) Delete(ctx context.Context, kind, owner, id string) error {
	return s.delete(ctx, kind, owner, id)
}
func (s *credentialStore) Page(ctx context.Context, kind, after string, limit int) ([]*cred, error) {
	return s.page(ctx, kind, after, limit)
}
func (s *credentialStore) Sweep(ctx context.Context) (int, error) { return s.sweep(ctx) }

// stores makes a store edit what it is given before it stores it.
func (s *credentialStore) stores(edit func(c *cred)) {
	s.create = func(ctx context.Context, c *cred, max int) error {
		stored := *c
		edit(&stored)
		err := s.Credentials.Create(ctx, &stored, max)
		c.ID = stored.ID
		return err
	}
}

// refuses makes a store answer ErrTaken where that is true.
func (s *credentialStore) refuses(taken func(ctx context.Context, c *cred) bool) {
	s.create = func(ctx context.Context, c *cred, max int) error {
		if taken(ctx, c) {
			return core.ErrTaken
		}
		return s.Credentials.Create(ctx, c, max)
	}
}

// has reports whether somebody has the key.
func (s *credentialStore) has(ctx context.Context, kind, key string) bool {
	_, err := s.Credentials.Find(ctx, kind, key)
	return err == nil
}

// anyones finds whose credential of a kind an ID is.
func (s *credentialStore) anyones(ctx context.Context, kind, id string) (owner string) {
	for _, owner := range []string{storetest.AnnID, storetest.BobID} {
		all, _ := s.Credentials.List(ctx, kind, owner)
		if slices.ContainsFunc(all, func(c *cred) bool { return c.ID == id }) {
			return owner
		}
	}
	return ""
}

// brokenCredentialStore has a mistake, which breaks the rules that begin with
// these words.
type brokenCredentialStore struct {
	breaks func(s *credentialStore)
	rules  []string
}

func (fake brokenCredentialStore) run(t *testing.T) {
	brokenCredentials(t, storetest.CredentialCases(), fake.breaks, fake.rules...)
}

func brokenCredentials(
	t *testing.T, cases []storetest.Case[storetest.Clocked[core.CredentialStore]], breaks func(*credentialStore),
	rules ...string,
) {
	t.Helper()
	broken(t, cases, func() storetest.Clocked[core.CredentialStore] {
		c := storetest.NewClock()
		s := newCredentialStore(c.Now)
		breaks(s)
		return storetest.Clocked[core.CredentialStore]{Store: s, Clock: c}
	}, rules...)
}

func TestBrokenCredentials(t *testing.T) {
	for name, fake := range map[string]brokenCredentialStore{
		"none": {func(*credentialStore) {}, nil},
		"pages of all kinds": {func(s *credentialStore) {
			s.page = func(ctx context.Context, _, after string, limit int) ([]*cred, error) {
				return s.Credentials.Page(ctx, "passkey", after, limit)
			}
		}, []string{"CredentialPager: the pages have each"}},
		"pages in the order of use": {func(s *credentialStore) {
			s.page = func(ctx context.Context, kind, after string, limit int) ([]*cred, error) {
				all, err := s.Credentials.Page(ctx, kind, "", 1000)
				slices.SortStableFunc(all, func(a, b *cred) int { return a.Used.Compare(b.Used) })
				all = all[slices.IndexFunc(all, func(c *cred) bool { return c.Key == after })+1:]
				return all[:min(limit, len(all))], err
			}
		}, []string{"CredentialPager: a credential that is changed"}},
		"an ID of its own": {func(s *credentialStore) {
			s.create = func(ctx context.Context, c *cred, max int) error {
				c.ID = ""
				return s.Credentials.Create(ctx, c, max)
			}
		}, []string{"Create keeps an ID", "Create is ErrTaken if the ID", "Create is ErrTaken, and not",
			"Of any number of concurrent Creates of one ID"}},
		"an ID that is another's": {func(s *credentialStore) {
			s.create = func(ctx context.Context, c *cred, max int) error {
				id := c.ID
				err := s.Credentials.Create(ctx, c, max)
				if id == "" && err == nil && c.Label == "label of two" && c.Owner == storetest.AnnID {
					c.ID = "an ID"
				}
				return err
			}
		}, []string{"Create sets the ID", "Create is ErrFull", "Create is ErrTaken, and not", "A credential exists",
			"Update runs", "Update never moves", "Delete removes", "Of any number of concurrent Deletes"}},
		"a NUL ends a text": {func(s *credentialStore) {
			s.find = func(ctx context.Context, kind, key string) (*cred, error) {
				key, _, _ = strings.Cut(key, "\x00")
				return s.Credentials.Find(ctx, kind, key)
			}
		}, []string{"Find gives"}},
		"an ID for a refusal": {func(s *credentialStore) {
			s.create = func(ctx context.Context, c *cred, max int) error {
				err := s.Credentials.Create(ctx, c, max)
				if err != nil && c.ID == "" {
					c.ID = "refused"
				}
				return err
			}
		}, []string{"A refused Create"}},
		"an upsert": {func(s *credentialStore) {
			s.create = func(ctx context.Context, c *cred, max int) error {
				old, err := s.Credentials.Find(ctx, c.Kind, c.Key)
				if err != nil || old.Owner != c.Owner {
					return s.Credentials.Create(ctx, c, max)
				}
				_, err = s.Credentials.Update(ctx, old.Kind, old.Owner, old.ID,
					func(stored *cred) error { *stored = *c; return nil })
				return err
			}
		}, []string{"Create is ErrTaken if (Kind", "Create is ErrTaken, and not", "M25",
			"Of any number of concurrent Creates of an expired"}},
		"unique for each owner": {func(s *credentialStore) {
			s.stores(func(c *cred) {
				if c.Owner == storetest.BobID && s.has(context.Background(), c.Kind, c.Key) {
					c.Key += "'"
				}
			})
		}, []string{"Create is ErrTaken if (Kind", "A refused Create", "A credential without Expires", "M25",
			"Of any number of concurrent Creates of an expired"}},
		"a Key is of one kind": {func(s *credentialStore) {
			s.refuses(func(ctx context.Context, c *cred) bool { return s.has(ctx, "passkey", c.Key) })
		}, []string{"One Key in two kinds", "S13"}},
		"a Key is of its owner alone": {func(s *credentialStore) {
			s.find = func(ctx context.Context, kind, key string) (*cred, error) {
				c, err := s.Credentials.Find(ctx, kind, key)
				if err == nil && c.Owner != storetest.AnnID {
					return nil, core.ErrNotFound
				}
				return c, err
			}
		}, []string{"Create keeps an ID", "The Key and the ID", "M25", "Of any number of concurrent Creates of"}},
		"letter case does not matter": {func(s *credentialStore) {
			s.find = func(ctx context.Context, kind, key string) (*cred, error) {
				if s.has(ctx, kind, key) {
					return s.Credentials.Find(ctx, kind, key)
				}
				return s.Credentials.Find(ctx, kind, strings.ToLower(key))
			}
		}, []string{"S13"}},
		"a trailing space does not matter": {func(s *credentialStore) {
			s.refuses(func(ctx context.Context, c *cred) bool { return s.has(ctx, c.Kind, strings.TrimRight(c.Key, " ")) })
		}, []string{"S13"}},
		"a kind is a pattern": {func(s *credentialStore) {
			s.list = func(ctx context.Context, kind, owner string) ([]*cred, error) {
				return s.Credentials.List(ctx, strings.ReplaceAll(kind, "pass%", "passkey"), owner)
			}
		}, []string{"List of an owner"}},
		"Keys of at most 254 bytes": {func(s *credentialStore) {
			s.stores(func(c *cred) {
				if len(c.Key) == 255 {
					c.Key = c.Key[:254]
				}
			})
		}, []string{"A Kind of 64"}},
		"one more than max": {func(s *credentialStore) {
			s.create = func(ctx context.Context, c *cred, max int) error {
				if max > 0 {
					max++
				}
				return s.Credentials.Create(ctx, c, max)
			}
		}, []string{"A refused Create", "Create is ErrFull", "Create is ErrTaken, and not", "A max counts",
			"Of any number of concurrent Creates no more"}},
		"full before taken": {func(s *credentialStore) {
			s.create = func(ctx context.Context, c *cred, max int) error {
				if all, _ := s.Credentials.List(ctx, c.Kind, c.Owner); max > 0 && len(all) >= max {
					return core.ErrFull
				}
				return s.Credentials.Create(ctx, c, max)
			}
		}, []string{"Create is ErrTaken, and not"}},
		"0 is none": {func(s *credentialStore) {
			s.create = func(ctx context.Context, c *cred, max int) error {
				if all, _ := s.Credentials.List(ctx, c.Kind, c.Owner); max == 0 && len(all) >= 2 {
					return core.ErrFull
				}
				return s.Credentials.Create(ctx, c, max)
			}
		}, []string{"S13", "List gives", "Label is", "Data is", "Used is", "Expires is", "Created is", "The Key and",
			"Update moves", "Sweeper", "CredentialPager",
			"A max counts", "M25", "M01", "Of any number of concurrent Creates of one ID"}},
		"a max of all kinds": {func(s *credentialStore) {
			s.create = func(ctx context.Context, c *cred, max int) error {
				if all, _ := s.Credentials.List(ctx, "", c.Owner); max > 0 && len(all) >= max {
					return core.ErrFull
				}
				return s.Credentials.Create(ctx, c, max)
			}
		}, []string{"Create is ErrTaken, and not", "A max counts"}},
		"what has expired counts": {func(s *credentialStore) {
			var mu sync.Mutex
			made := map[string]int{}
			s.create = func(ctx context.Context, c *cred, max int) error {
				mu.Lock()
				defer mu.Unlock()
				if max > 0 && made[c.Owner+c.Kind] >= max && ctx.Err() == nil {
					return core.ErrFull
				}
				err := s.Credentials.Create(ctx, c, max)
				if err == nil {
					made[c.Owner+c.Kind]++
				}
				return err
			}
			s.delete = func(ctx context.Context, kind, owner, id string) error {
				err := s.Credentials.Delete(ctx, kind, owner, id)
				if err == nil {
					made[owner+kind]--
				}
				return err
			}
		}, []string{"Create is ErrTaken, and not", "A max counts"}},
		"the newest first": {func(s *credentialStore) {
			s.list = func(ctx context.Context, kind, owner string) ([]*cred, error) {
				all, err := s.Credentials.List(ctx, kind, owner)
				slices.Reverse(all)
				return all, err
			}
		}, []string{"List gives", "Sweeper"}},
		"everybody's": {func(s *credentialStore) {
			s.list = func(ctx context.Context, kind, _ string) ([]*cred, error) {
				anns, err1 := s.Credentials.List(ctx, kind, storetest.AnnID)
				bobs, err2 := s.Credentials.List(ctx, kind, storetest.BobID)
				return append(anns, bobs...), errors.Join(err1, err2)
			}
		}, []string{"Create is ErrTaken", "List", "Update never moves", "M20", "The Key"}},
		"nothing is an error": {func(s *credentialStore) {
			s.list = func(ctx context.Context, kind, owner string) ([]*cred, error) {
				all, err := s.Credentials.List(ctx, kind, owner)
				if len(all) == 0 && err == nil {
					err = core.ErrNotFound
				}
				return all, err
			}
		}, []string{"Create is ErrTaken", "S13", "List", "A credential exists", "An Expires of 1970", "The Key",
			"Update never moves",
			"Of any number of concurrent Deletes"}},
		"Data as text": {func(s *credentialStore) {
			s.stores(func(c *cred) { c.Data, _, _ = bytes.Cut(c.Data, []byte{0}) })
		}, []string{"Data is kept", "P08"}},
		"labels without their trailing space": {func(s *credentialStore) {
			s.stores(func(c *cred) { c.Label = strings.TrimRight(c.Label, " ") })
		}, []string{"Label is kept", "S13"}},
		"labels that are cut": {func(s *credentialStore) {
			s.stores(func(c *cred) { c.Label = strings.ToValidUTF8(c.Label[:min(len(c.Label), 200)], "\ufffd") })
		}, []string{"P08"}},
		"no time is 1970": {func(s *credentialStore) {
			s.stores(func(c *cred) {
				if c.Used.IsZero() {
					c.Used = time.Unix(0, 0)
				}
			})
		}, []string{"Used is kept"}},
		"1970 is no time": {func(s *credentialStore) {
			s.stores(func(c *cred) {
				if c.Expires.Unix() == 0 {
					c.Expires = time.Time{}
				}
			})
		}, []string{"An Expires of 1970"}},
		"milliseconds": {func(s *credentialStore) {
			s.stores(func(c *cred) { c.Created = c.Created.Truncate(time.Millisecond) })
		}, []string{"Created is kept"}},
		"nanoseconds from Update": {func(s *credentialStore) {
			s.update = func(ctx context.Context, kind, owner, id string, change credChange) (*cred, error) {
				var draft cred
				c, err := s.Credentials.Update(ctx, kind, owner, id,
					func(c *cred) error { err := change(c); draft = *c; return err })
				if err == nil {
					c.Used = draft.Used
				}
				return c, err
			}
		}, []string{"A time of another zone"}},
		"one shared credential": {func(s *credentialStore) {
			var mu sync.Mutex
			handed := map[string]*cred{}
			s.find = func(ctx context.Context, kind, key string) (*cred, error) {
				c, err := s.Credentials.Find(ctx, kind, key)
				if err != nil || string(c.Data) != "data of one" || c.Label != "label of one" {
					return c, err
				}
				mu.Lock()
				defer mu.Unlock()
				if handed[c.ID] == nil {
					handed[c.ID] = c
				}
				return handed[c.ID], nil
			}
		}, []string{"Every returned"}},
		"a cancelled context means absence": {func(s *credentialStore) {
			s.find = func(ctx context.Context, kind, key string) (*cred, error) {
				c, err := s.Credentials.Find(ctx, kind, key)
				if err != nil {
					err = core.ErrNotFound
				}
				return c, err
			}
		}, []string{"F01"}},
		"a list that is cancelled is empty": {func(s *credentialStore) {
			s.list = func(ctx context.Context, kind, owner string) ([]*cred, error) {
				all, _ := s.Credentials.List(ctx, kind, owner)
				return all, nil
			}
		}, []string{"F01"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake.run(t)
		})
	}
}

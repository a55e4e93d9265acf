package storetest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

func TestBrokenUpdatesOfCredentials(t *testing.T) {
	for name, fake := range map[string]brokenCredentialStore{
		"Update keeps Expires": {func(s *credentialStore) {
			s.update = func(ctx context.Context, kind, owner, id string, change credChange) (*cred, error) {
				return s.Credentials.Update(ctx, kind, owner, id, func(c *cred) error {
					expires := c.Expires
					err := change(c)
					c.Expires = expires
					return err
				})
			}
		}, []string{"Expires is kept", "Update runs", "Update moves", "P08"}},
		"Update gives a credential away": {func(s *credentialStore) {
			s.update = func(ctx context.Context, kind, owner, id string, change credChange) (*cred, error) {
				var draft cred
				c, err := s.Credentials.Update(ctx, kind, owner, id,
					func(c *cred) error { err := change(c); draft = *c; return err })
				if err != nil || draft.Owner == owner || draft.Owner == "" {
					return c, err
				}
				if err := s.Credentials.Delete(ctx, kind, owner, id); err != nil {
					return nil, err
				}
				return &draft, s.Credentials.Create(ctx, &draft, 0)
			}
		}, []string{"Update never moves"}},
		"Update wraps errors": {func(s *credentialStore) {
			s.update = func(ctx context.Context, kind, owner, id string, change credChange) (*cred, error) {
				c, err := s.Credentials.Update(ctx, kind, owner, id, change)
				if err != nil {
					err = errors.Join(err)
				}
				return c, err
			}
		}, []string{"An error of change"}},
		"what is too late is half undone": {func(s *credentialStore) {
			s.update = func(ctx context.Context, kind, owner, id string, change credChange) (*cred, error) {
				c, err := s.Credentials.Update(ctx, kind, owner, id, change)
				if err == nil && ctx.Err() != nil {
					_, _ = s.Credentials.Update(context.WithoutCancel(ctx), kind, owner, id,
						func(c *cred) error { c.Label = "label of one"; return nil })
					return nil, ctx.Err()
				}
				return c, err
			}
		}, []string{"F01 an Update"}},
		"Update stores in spite of an error": {func(s *credentialStore) {
			s.update = func(ctx context.Context, kind, owner, id string, change credChange) (*cred, error) {
				var refused error
				c, err := s.Credentials.Update(ctx, kind, owner, id, func(c *cred) error { refused = change(c); return nil })
				if err == nil && refused != nil {
					c, err = nil, refused
				}
				return c, err
			}
		}, []string{"An error of change"}},
		"Update without owner": {func(s *credentialStore) {
			s.update = func(ctx context.Context, kind, owner, id string, change credChange) (*cred, error) {
				if actual := s.anyones(ctx, kind, id); actual != "" {
					owner = actual
				}
				return s.Credentials.Update(ctx, kind, owner, id, change)
			}
		}, []string{"M20"}},
		"Delete without owner": {func(s *credentialStore) {
			s.delete = func(ctx context.Context, kind, owner, id string) error {
				if actual := s.anyones(ctx, kind, id); actual != "" {
					owner = actual
				}
				return s.Credentials.Delete(ctx, kind, owner, id)
			}
		}, []string{"M20"}},
		"Delete without kind": {func(s *credentialStore) {
			s.delete = func(ctx context.Context, kind, owner, id string) error {
				all, _ := s.Credentials.List(ctx, "", owner)
				for _, c := range all {
					if c.ID == id {
						kind = c.Kind
					}
				}
				return s.Credentials.Delete(ctx, kind, owner, id)
			}
		}, []string{"M20"}},
		"Delete of nothing is no error": {func(s *credentialStore) {
			s.delete = func(ctx context.Context, kind, owner, id string) error {
				return ignore(s.Credentials.Delete(ctx, kind, owner, id), core.ErrNotFound)
			}
		}, []string{"M20", "P17", "Delete removes", "A credential exists", "Update moves",
			"Of any number of concurrent Deletes"}},
		"what was deleted stays taken": {func(s *credentialStore) {
			var mu sync.Mutex
			deleted := false
			s.delete = func(ctx context.Context, kind, owner, id string) error {
				mu.Lock()
				defer mu.Unlock()
				deleted = true
				return s.Credentials.Delete(ctx, kind, owner, id)
			}
			s.refuses(func(_ context.Context, c *cred) bool {
				mu.Lock()
				defer mu.Unlock()
				return deleted && c.Key == "one"
			})
		}, []string{"The Key of a deleted"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake.run(t)
		})
	}
}

func TestBrokenExpiriesOfCredentials(t *testing.T) {
	for name, fake := range map[string]brokenCredentialStore{
		"nothing expires": {func(s *credentialStore) {
			s.Credentials = memstore.NewCredentials(func() time.Time { return time.Unix(0, -1) })
			*s = credentialStore{s.Credentials, s.now, s.Credentials.Create, s.Credentials.Find, s.Credentials.List,
				s.Credentials.Update,
				s.Credentials.Delete, s.Credentials.Page, s.Credentials.Sweep}
		}, []string{"A max counts", "A credential exists", "The Key and the ID", "Update moves", "Sweeper",
			"CredentialPager: the pages have each",
			"An Expires of 1970",
			"Of any number of concurrent Creates of an expired"}},
		"the very moment counts": {func(s *credentialStore) {
			now := s.now
			*s = *newCredentialStore(func() time.Time { return now().Add(-time.Microsecond) })
		}, []string{"A max counts", "A credential exists", "The Key and the ID", "Update moves", "Sweeper",
			"CredentialPager: the pages have each",
			"Of any number of concurrent Creates of an expired"}},
		"what has expired stays taken": {func(s *credentialStore) {
			var mu sync.Mutex
			made := map[string]bool{}
			s.create = func(ctx context.Context, c *cred, max int) error {
				mu.Lock()
				defer mu.Unlock()
				if made[c.Kind+"\x00"+c.Key] && ctx.Err() == nil {
					return core.ErrTaken
				}
				err := s.Credentials.Create(ctx, c, max)
				made[c.Kind+"\x00"+c.Key] = made[c.Kind+"\x00"+c.Key] || err == nil
				return err
			}
			s.delete = func(ctx context.Context, kind, owner, id string) error {
				mu.Lock()
				defer mu.Unlock()
				all, _ := s.Credentials.List(ctx, kind, owner)
				for _, c := range all {
					made[c.Kind+"\x00"+c.Key] = made[c.Kind+"\x00"+c.Key] && c.ID != id
				}
				return s.Credentials.Delete(ctx, kind, owner, id)
			}
		}, []string{"The Key and the ID", "Of any number of concurrent Creates of an expired"}},
		"an hour for what has no end": {func(s *credentialStore) {
			s.stores(func(c *cred) {
				if c.Expires.IsZero() && c.Label == "label of one" {
					c.Expires = s.now().Add(time.Hour)
				}
			})
		}, []string{"A credential without Expires"}},
		"an end stays": {func(s *credentialStore) {
			s.update = func(ctx context.Context, kind, owner, id string, change credChange) (*cred, error) {
				return s.Credentials.Update(ctx, kind, owner, id, func(c *cred) error {
					expires := c.Expires
					err := change(c)
					if c.Expires.IsZero() {
						c.Expires = expires
					}
					return err
				})
			}
		}, []string{"Expires is kept", "Update moves"}},
		"Sweep takes what has no end": {func(s *credentialStore) {
			s.sweep = func(ctx context.Context) (int, error) {
				n, err := s.Credentials.Sweep(ctx)
				if n == 0 || err != nil {
					return n, err
				}
				for _, owner := range []string{storetest.AnnID, storetest.BobID} {
					all, _ := s.Credentials.List(ctx, "", owner)
					for _, c := range all {
						if c.Expires.IsZero() {
							_ = s.Credentials.Delete(ctx, c.Kind, c.Owner, c.ID)
						}
					}
				}
				return n, nil
			}
		}, []string{"Sweeper"}},
		"Sweep counts nothing": {func(s *credentialStore) {
			s.sweep = func(ctx context.Context) (int, error) { _, err := s.Credentials.Sweep(ctx); return 0, err }
		}, []string{"Sweeper"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake.run(t)
		})
	}
}

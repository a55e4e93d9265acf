package storetest_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

func TestBrokenUpdatesOfOAuthAccounts(t *testing.T) {
	for name, fake := range map[string]brokenAccountStore{
		"Update keeps the owner": {func(s *accountStore) {
			s.update = func(ctx context.Context, id string, change func(*link) error) (*link, error) {
				return s.OAuthAccounts.Update(ctx, id, func(a *link) error {
					owner := a.UserID
					err := change(a)
					a.UserID = owner
					return err
				})
			}
		}, []string{"Update may move"}},
		"Update renames": {func(s *accountStore) {
			s.update = func(ctx context.Context, id string, change func(*link) error) (*link, error) {
				var draft link
				a, err := s.OAuthAccounts.Update(ctx, id, func(a *link) error { err := change(a); draft = *a; return err })
				if err != nil || draft.Provider == a.Provider && draft.Subject == a.Subject {
					return a, err
				}
				if err := s.OAuthAccounts.Delete(ctx, id); err != nil {
					return nil, err
				}
				return &draft, s.OAuthAccounts.Create(ctx, &draft)
			}
		}, []string{"Update never makes"}},
		"Update wraps errors": {func(s *accountStore) {
			s.update = func(ctx context.Context, id string, change func(*link) error) (*link, error) {
				a, err := s.OAuthAccounts.Update(ctx, id, change)
				if err != nil {
					err = errors.Join(err)
				}
				return a, err
			}
		}, []string{"An error of change"}},
		"Update stores in spite of an error": {func(s *accountStore) {
			s.update = func(ctx context.Context, id string, change func(*link) error) (*link, error) {
				var refused error
				a, err := s.OAuthAccounts.Update(ctx, id, func(a *link) error { refused = change(a); return nil })
				if err == nil && refused != nil {
					a, err = nil, refused
				}
				return a, err
			}
		}, []string{"An error of change"}},
		"Update of nothing is nothing": {func(s *accountStore) {
			s.update = func(ctx context.Context, id string, change func(*link) error) (*link, error) {
				a, err := s.OAuthAccounts.Update(ctx, id, change)
				if errors.Is(err, core.ErrNotFound) && a == nil {
					return &link{}, nil
				}
				return a, err
			}
		}, []string{"P17", "Delete removes", "An error of change"}},
		"IDs without their trailing space": {func(s *accountStore) {
			s.delete = func(ctx context.Context, id string) error {
				return s.OAuthAccounts.Delete(ctx, strings.TrimRight(id, " "))
			}
		}, []string{"P17"}},
		"Delete of nothing is no error": {func(s *accountStore) {
			s.delete = func(ctx context.Context, id string) error {
				err := s.OAuthAccounts.Delete(ctx, id)
				if errors.Is(err, core.ErrNotFound) {
					err = nil
				}
				return err
			}
		}, []string{"P17", "Delete removes", "Of any number of concurrent Deletes"}},
		"what was deleted stays taken": {func(s *accountStore) {
			var deleted atomic.Bool
			s.delete = func(ctx context.Context, id string) error {
				deleted.Store(true)
				return s.OAuthAccounts.Delete(ctx, id)
			}
			s.create = func(ctx context.Context, a *link) error {
				if deleted.Load() && a.Subject == "one" {
					return core.ErrTaken
				}
				return s.OAuthAccounts.Create(ctx, a)
			}
		}, []string{"A deleted account"}},
	} {
		t.Run(name, fake.run)
	}
}

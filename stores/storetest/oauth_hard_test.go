package storetest_test

import (
	"context"
	"testing"
	"time"
)

func TestOAuthAccountsBrokenByHardValues(t *testing.T) {
	for name, fake := range map[string]brokenAccountStore{
		"tokens of at most 64 KiB": {func(s *accountStore) {
			s.stores(func(a *link) { a.AccessToken = a.AccessToken[:min(len(a.AccessToken), 1<<16-1)] })
		}, []string{"G05 P08 a value"}},
		"e-mails of at most 255 bytes": {func(s *accountStore) {
			s.stores(func(a *link) { a.Email = a.Email[:min(len(a.Email), 255)] })
		}, []string{"G05 P08 a value", "An e-mail of 320", "A Subject of 255"}},
		"Providers of at most 63 bytes": {func(s *accountStore) {
			s.stores(func(a *link) { a.Provider = a.Provider[:min(len(a.Provider), 63)] })
		}, []string{"An e-mail of 320"}},
		"Update cuts": {func(s *accountStore) {
			s.update = func(ctx context.Context, id string, change func(*link) error) (*link, error) {
				return s.OAuthAccounts.Update(ctx, id, func(a *link) error {
					err := change(a)
					a.Email = a.Email[:min(len(a.Email), 255)]
					return err
				})
			}
		}, []string{"G05 P08 what Update"}},
		"times of 64 bits": {func(s *accountStore) {
			s.stores(func(a *link) {
				if !a.Expires.IsZero() {
					a.Expires = time.Unix(0, a.Expires.UnixNano()).UTC()
				}
			})
		}, []string{"A far Expires"}},
		"no time before 1970": {func(s *accountStore) {
			s.stores(func(a *link) {
				if a.Expires.Unix() < 0 {
					a.Expires = time.Time{}
				}
			})
		}, []string{"A far Expires"}},
		"what is too late is half undone": {func(s *accountStore) {
			s.update = func(ctx context.Context, id string, change func(*link) error) (*link, error) {
				a, err := s.OAuthAccounts.Update(ctx, id, change)
				if err == nil && ctx.Err() != nil {
					_, _ = s.OAuthAccounts.Update(context.WithoutCancel(ctx), id,
						func(a *link) error { a.Email = "one@example.com"; return nil })
					return nil, ctx.Err()
				}
				return a, err
			}
		}, []string{"F01 an Update"}},
	} {
		t.Run(name, fake.run)
	}
}

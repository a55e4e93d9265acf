package storetest_test

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// Check-then-act, with everybody between the check and the act at once.
func TestRacingOAuthAccounts(t *testing.T) {
	for words, breaks := range map[string]func(s *accountStore, together *barrier){
		"Of any number of concurrent Creates of one account": func(s *accountStore, together *barrier) {
			s.create = func(ctx context.Context, a *link) error {
				if _, err := s.OAuthAccounts.Find(ctx, a.Provider, a.Subject); err == nil {
					return core.ErrTaken
				}
				together.wait()
				_ = s.OAuthAccounts.Create(ctx, a)
				return nil
			}
		},
		"Of any number of concurrent Creates of one ID": func(s *accountStore, together *barrier) {
			s.create = func(ctx context.Context, a *link) error {
				if a.ID == "" {
					return s.OAuthAccounts.Create(ctx, a)
				}
				together.wait()
				_ = s.OAuthAccounts.Create(ctx, a)
				return nil
			}
		},
		"Concurrent Creates give": func(s *accountStore, together *barrier) {
			s.create = func(ctx context.Context, a *link) error {
				all, err := s.OAuthAccounts.List(ctx, a.UserID)
				together.wait()
				a.ID = strconv.Itoa(len(all))
				return errors.Join(err, ignore(s.OAuthAccounts.Create(ctx, a), core.ErrTaken))
			}
		},
		"K04": func(s *accountStore, together *barrier) {
			s.update = func(ctx context.Context, id string, change func(*link) error) (*link, error) {
				var draft link
				if _, err := s.OAuthAccounts.Update(ctx, id, func(a *link) error { draft = *a; return nil }); err != nil {
					return nil, err
				}
				together.wait()
				if err := change(&draft); err != nil {
					return nil, err
				}
				return s.OAuthAccounts.Update(ctx, id, func(a *link) error { *a = draft; return nil })
			}
		},
	} {
		t.Run(words, func(t *testing.T) {
			broken(t, rule(storetest.OAuthAccountCases(), words), func() core.OAuthAccountStore {
				s := newAccountStore()
				breaks(s, newBarrier())
				return s
			}, words)
		})
	}
}

// ignore returns err, unless it is what.
func ignore(err, what error) error {
	if errors.Is(err, what) {
		return nil
	}
	return err
}

package storetest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// readThenWrite is an Update without a lock.
func readThenWrite(s *credentialStore, together *barrier) {
	s.update = func(ctx context.Context, kind, owner, id string, change credChange) (*cred, error) {
		var draft cred
		if _, err := s.Credentials.Update(ctx, kind, owner, id, func(c *cred) error { draft = *c; return nil }); err != nil {
			return nil, err
		}
		draft.Data = append([]byte(nil), draft.Data...)
		together.wait()
		if err := change(&draft); err != nil {
			return nil, err
		}
		return s.Credentials.Update(ctx, kind, owner, id, func(c *cred) error { *c = draft; return nil })
	}
}

// Check-then-act, with everybody between the check and the act at once.
func TestRacingCredentials(t *testing.T) {
	// create looks first, and goes on if nobody is there.
	create := func(what func(c *cred) bool) func(*credentialStore, *barrier) {
		return func(s *credentialStore, together *barrier) {
			s.create = func(ctx context.Context, c *cred, max int) error {
				if !what(c) {
					return s.Credentials.Create(ctx, c, max)
				}
				if s.has(ctx, c.Kind, c.Key) {
					return core.ErrTaken
				}
				together.wait()
				_ = s.Credentials.Create(ctx, c, max)
				return nil
			}
		}
	}
	for words, breaks := range map[string]func(s *credentialStore, together *barrier){
		"M25": create(func(*cred) bool { return true }),
		"Of any number of concurrent Creates of one ID": create(func(c *cred) bool { return c.ID != "" }),
		"Of any number of concurrent Creates of an expired": create(
			func(c *cred) bool { return strings.HasPrefix(string(c.Data), "data ") && c.Data[5] != 'o' }),
		"Of any number of concurrent Creates no more": func(s *credentialStore, together *barrier) {
			s.create = func(ctx context.Context, c *cred, max int) error {
				all, err := s.Credentials.List(ctx, c.Kind, c.Owner)
				together.wait()
				if len(all) >= max {
					return core.ErrFull
				}
				return errors.Join(err, s.Credentials.Create(ctx, c, 0))
			}
		},
		"K04": readThenWrite,
		"M01": readThenWrite,
		"Of any number of concurrent Deletes": func(s *credentialStore, together *barrier) {
			s.delete = func(ctx context.Context, kind, owner, id string) error {
				if s.anyones(ctx, kind, id) == "" {
					return core.ErrNotFound
				}
				together.wait()
				return ignore(s.Credentials.Delete(ctx, kind, owner, id), core.ErrNotFound)
			}
		},
	} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			brokenCredentials(t, rule(storetest.CredentialCases(), words), func(s *credentialStore) { breaks(s, newBarrier()) },
				words)
		})
	}
}

func TestUpdatesThatBringCredentialsBack(t *testing.T) {
	words := "Of any number of concurrent Deletes"
	brokenCredentials(t, rule(storetest.CredentialCases(), words), func(s *credentialStore) {
		var once sync.Once
		s.delete = func(ctx context.Context, kind, owner, id string) error {
			err := s.Credentials.Delete(ctx, kind, owner, id)
			if err == nil && !s.has(ctx, kind, "two") {
				once.Do(func() { // the write of a row that was read before
					_ = s.Credentials.Create(ctx, &cred{ID: id, Owner: owner, Kind: kind, Key: "two"}, 0)
				})
			}
			return err
		}
	}, words)
}

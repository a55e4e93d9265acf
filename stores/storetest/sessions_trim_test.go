package storetest_test

import (
	"context"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/stores/storetest"
)

// trimming is memstore's, except for its Trim.
type trimming struct {
	*memstore.Sessions
	trim func(ctx context.Context, userID, backend string, keep int, named [32]byte) ([][32]byte, error)
}

func (s *trimming) Trim(ctx context.Context, userID, backend string, keep int, named [32]byte) ([][32]byte, error) {
	return s.trim(ctx, userID, backend, keep, named)
}

func TestBrokenTrims(t *testing.T) {
	for name, fake := range map[string]struct {
		breaks func(s *trimming)
		rules  []string
	}{
		"none": {func(*trimming) {}, nil},
		"nothing is ended": {func(s *trimming) {
			s.trim = func(ctx context.Context, _, _ string, _ int, _ [32]byte) ([][32]byte, error) { return nil, ctx.Err() }
		}, []string{"SessionTrimmer: Trim deletes", "SessionTrimmer: what has expired", "SessionTrimmer: of sessions", "S17",
			"S02 a session that Trim"}},
		"one too few": {func(s *trimming) {
			s.trim = func(ctx context.Context, userID, backend string, keep int, named [32]byte) ([][32]byte, error) {
				return s.Sessions.Trim(ctx, userID, backend, keep-1, named)
			}
		}, []string{"SessionTrimmer: Trim deletes", "SessionTrimmer: what has expired", "SessionTrimmer: of sessions", "S17",
			"S02 a session that Trim", stays}},
		"at every backend": {func(s *trimming) {
			s.trim = func(ctx context.Context, userID, backend string, keep int, named [32]byte) ([][32]byte, error) {
				_, _ = s.Sessions.Trim(ctx, userID, "api", 0, named)
				return s.Sessions.Trim(ctx, userID, backend, keep, named)
			}
		}, []string{"SessionTrimmer: Trim deletes", "S17"}},
		"nobody is named": {func(s *trimming) {
			s.trim = func(ctx context.Context, userID, backend string, keep int, _ [32]byte) ([][32]byte, error) {
				return s.Sessions.Trim(ctx, userID, backend, keep, [32]byte{})
			}
		}, []string{"SessionTrimmer: of sessions"}},
		"what was ended is not returned": {func(s *trimming) {
			s.trim = func(ctx context.Context, userID, backend string, keep int, named [32]byte) ([][32]byte, error) {
				_, err := s.Sessions.Trim(ctx, userID, backend, keep, named)
				return nil, err
			}
		}, []string{"SessionTrimmer: Trim deletes", "SessionTrimmer: what has expired", "SessionTrimmer: of sessions",
			"S02 a session that Trim"}},
		"deaf to its context": {func(s *trimming) {
			s.trim = func(ctx context.Context, userID, backend string, keep int, named [32]byte) ([][32]byte, error) {
				return s.Sessions.Trim(context.WithoutCancel(ctx), userID, backend, keep, named)
			}
		}, []string{"SessionTrimmer: F01"}},
	} {
		t.Run(name, func(t *testing.T) {
			broken(t, storetest.SessionCases(), func() storetest.Clocked[core.SessionStore] {
				c := storetest.NewClock()
				m := memstore.NewSessions(c.Now)
				s := &trimming{m, m.Trim}
				fake.breaks(s)
				return storetest.Clocked[core.SessionStore]{Store: s, Clock: c}
			}, fake.rules...)
		})
	}
}

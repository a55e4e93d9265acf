package takeover_test

import (
	"errors"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/internal/takeover"
)

// verify is the change of a flow that proves the address.
func verify(u core.AnyUser, removed int) error {
	u.Base().IsVerified = true
	if removed > 0 {
		u.Base().TokenEpoch++
	}
	return nil
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		purges  []int // what each Purge finds
		removed int
		epoch   int64
		left    int // of purges, which were not made
	}{
		"nothing was left":              {nil, 0, 0, 0},
		"something was left":            {[]int{2}, 2, 1, 0},
		"a login of before adds more":   {[]int{0, 1}, 1, 1, 0},
		"again and again":               {[]int{1, 1, 1}, 3, 3, 0},
		"without an end, so it ends":    {[]int{1, 1, 1, 1, 1, 1, 1, 1}, 6, 6, 2},
		"what comes after a clean look": {[]int{1, 0, 1}, 1, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servicetest.New(t)
			ada := s.Add("ada@example.org", "secret")
			s.Removed = c.purges
			u, removed, err := takeover.Update(t.Context(), s.Services, ada.ID, verify)
			if err != nil || removed != c.removed {
				t.Fatalf("removed %d, %v; want %d", removed, err, c.removed)
			}
			got := s.Get(ada.ID)
			if !got.IsVerified || got.TokenEpoch != c.epoch || u.Base().TokenEpoch != c.epoch {
				t.Errorf("verified %v, epoch %d, returned with %d; want epoch %d", got.IsVerified, got.TokenEpoch,
					u.Base().TokenEpoch, c.epoch)
			}
			if len(s.Removed) != c.left {
				t.Errorf("%d purges were not made, want %d", len(s.Removed), c.left)
			}
		})
	}
}

func TestUpdateFails(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	ada := s.Add("ada@example.org", "secret")
	s.Removed = []int{0, 1}
	refused := errors.New("refused")
	_, _, err := takeover.Update(t.Context(), s.Services, ada.ID, func(core.AnyUser, int) error { return refused })
	if !errors.Is(err, refused) || len(s.Removed) != 1 {
		t.Errorf("got %v with %d purges left; want the change's error after one purge", err, len(s.Removed))
	}
	if _, _, err := takeover.Update(t.Context(), s.Services, "nobody", verify); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("nobody: got %v", err)
	}
}

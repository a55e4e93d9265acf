package touching_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey/internal/touching"
)

func digest(n byte) [32]byte { return [32]byte{n} }

func TestOneATokenAndALimitForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s touching.Set
		begun, release := make(chan struct{}, 200), make(chan struct{})
		touch := func(context.Context) { begun <- struct{}{}; <-release }
		s.Go(digest(0), touch)
		s.Go(digest(0), touch)
		synctest.Wait()
		if len(begun) != 1 {
			t.Errorf("%d touches of one token at once", len(begun))
		}
		for n := range byte(100) {
			s.Go(digest(n), touch)
		}
		synctest.Wait()
		if len(begun) != 64 {
			t.Errorf("%d touches at once, want 64", len(begun))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait while they are in progress: %v", err)
		}
		close(release)
		if err := s.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		s.Go(digest(0), touch)
		if err := s.Wait(t.Context()); err != nil || len(begun) != 65 {
			t.Errorf("afterwards: %v, %d touches", err, len(begun))
		}
	})
}

func TestATouchMayFail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s touching.Set
		s.Go(digest(0), func(context.Context) { panic("a driver's") })
		var ended error
		s.Go(digest(1), func(ctx context.Context) { <-ctx.Done(); ended = ctx.Err() })
		if err := s.Wait(t.Context()); err != nil || !errors.Is(ended, context.DeadlineExceeded) {
			t.Errorf("%v; a touch that hangs ends with %v", err, ended)
		}
	})
}

package loginlimit_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/loginlimit"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

const ada = "ada@example.org"

var (
	limits = []core.Limit{{Events: 3, Window: time.Minute}}
	quiet  = slog.New(slog.DiscardHandler)
	wrong  = core.Refuse(core.CodeLoginBadCredentials)
)

func take(t *testing.T, l core.Limiter, key string) (settle func(error), err error) {
	t.Helper()
	return loginlimit.Allow(t.Context(), l, limits, key, quiet)
}

// left returns how many more attempts a limiter allows the identifier.
func left(t *testing.T, l core.Limiter, key string) (n int) {
	t.Helper()
	for ; n < 10; n++ {
		if _, err := take(t, l, key); err != nil {
			if !errors.Is(err, core.RateLimited(0)) {
				t.Fatal(err)
			}
			break
		}
	}
	return n
}

func TestAllow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		outcomes []error
		left     int
	}{
		"wrong credentials count":      {[]error{wrong, wrong}, 1},
		"success forgets":              {[]error{wrong, wrong, nil}, 3},
		"another refusal is no guess":  {[]error{core.Refuse(core.CodeLoginUserNotVerified), wrong}, 2},
		"a store that is down is none": {[]error{core.Unavailable(nil), core.Unavailable(nil), core.Unavailable(nil)}, 3},
		"the last one is refused":      {[]error{wrong, wrong, wrong}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := memstore.NewLimiter(memstore.LimiterOptions{})
			for _, outcome := range c.outcomes {
				settle, err := take(t, l, ada)
				if err != nil {
					t.Fatal(err)
				}
				settle(outcome)
			}
			if n := left(t, l, ada); n != c.left {
				t.Errorf("%d more attempts are allowed, want %d", n, c.left)
			}
			if n := left(t, l, "grace@example.org"); n != 3 {
				t.Errorf("another identifier has %d attempts, want its own 3", n)
			}
		})
	}
}

// The count is taken before the password is checked: attempts that are all
// under way at once cannot exceed it.
func TestConcurrentAttempts(t *testing.T) {
	t.Parallel()
	l := memstore.NewLimiter(memstore.LimiterOptions{})
	var checked atomic.Int64
	var all sync.WaitGroup
	begin := make(chan struct{})
	for range 64 {
		all.Go(func() {
			<-begin
			if settle, err := take(t, l, ada); err == nil {
				checked.Add(1)
				settle(wrong)
			}
		})
	}
	close(begin)
	all.Wait()
	if n := checked.Load(); n != 3 {
		t.Errorf("%d passwords were checked, want 3", n)
	}
}

// A client that goes away gets no attempt back, and spares none.
func TestSettledWithoutTheClient(t *testing.T) {
	t.Parallel()
	l := memstore.NewLimiter(memstore.LimiterOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	settle, err := loginlimit.Allow(ctx, l, limits, ada, quiet)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	settle(nil)
	if n := left(t, l, ada); n != 3 {
		t.Errorf("%d more attempts are allowed, want 3", n)
	}
}

func TestReset(t *testing.T) {
	t.Parallel()
	l := memstore.NewLimiter(memstore.LimiterOptions{})
	if n := left(t, l, loginlimit.Of(core.ByEmail(ada))); n != 3 {
		t.Fatalf("%d attempts were allowed, want 3", n)
	}
	u := &core.User{ID: "7", EmailKey: ada}
	if err := loginlimit.Reset(t.Context(), l, u); err != nil {
		t.Fatal(err)
	}
	if n := left(t, l, loginlimit.Of(core.ByEmail(ada))); n != 3 {
		t.Errorf("%d attempts are allowed after Reset, want 3", n)
	}
}

func TestSeveralLimits(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := memstore.NewLimiter(memstore.LimiterOptions{Now: func() time.Time { return now }})
	limits := []core.Limit{{Events: 2, Window: time.Minute}, {Events: 3, Window: time.Hour}}
	attempt := func(outcome error) bool {
		settle, err := loginlimit.Allow(t.Context(), l, limits, ada, quiet)
		if err == nil {
			settle(outcome)
		}
		return err == nil
	}
	got := []bool{attempt(wrong), attempt(wrong), attempt(wrong)}
	now = now.Add(time.Minute)
	got = append(got, attempt(core.Unavailable(nil)), attempt(nil), attempt(wrong), attempt(wrong), attempt(wrong))
	if want := []bool{true, true, false, true, true, true, true, false}; !slices.Equal(got, want) {
		t.Errorf("attempts were allowed %v, want %v", got, want)
	}
}

func TestNoLimit(t *testing.T) {
	t.Parallel()
	for range 10 {
		settle, err := loginlimit.Allow(t.Context(), nil, nil, ada, quiet) // the limiter is not called
		if err != nil {
			t.Fatal(err)
		}
		settle(wrong)
	}
}

func TestALimiterThatIsDown(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := memstore.NewLimiter(memstore.LimiterOptions{})
	if _, err := loginlimit.Allow(ctx, l, limits, ada, quiet); !errors.Is(err, core.Unavailable(nil)) {
		t.Errorf("got %v, want a 503", err)
	}
}

package loginlimit_test

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/loginlimit"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

type named struct {
	core.User
	core.Named
}

var (
	minute = core.Limit{Events: 5, Window: time.Minute}
	anHour = core.Limit{Events: 15, Window: time.Hour}
	aDay   = core.Limit{Events: 50, Window: 24 * time.Hour}
	aMonth = core.Limit{Events: 100, Window: 720 * time.Hour}
	list   = []core.Limit{minute, anHour, aDay, aMonth}
)

func TestWhoseLimits(t *testing.T) {
	t.Parallel()
	type limits = []core.Limit
	byAddress, byName, nameless := &core.User{ID: "7", EmailKey: ada}, &named{}, &core.User{ID: "8"}
	for name, c := range map[string]struct{ got, want limits }{
		"what is typed":                     {loginlimit.Short(list), limits{minute, anHour}},
		"no long ones":                      {loginlimit.Short(list[:1]), limits{minute}},
		"no short ones":                     {loginlimit.Short(list[2:]), limits{}},
		"a user with an address alone":      {loginlimit.OfUserLimits(list, byAddress), limits{aDay, aMonth}},
		"the same without long ones":        {loginlimit.OfUserLimits(list[:2], byAddress), limits{}},
		"a user with a name":                {loginlimit.OfUserLimits(list, byName), list},
		"a user without any":                {loginlimit.OfUserLimits(list, nameless), list},
		"nobody, where there are addresses": {loginlimit.OfNobodyLimits(list, byAddress), limits{{Events: 50, Window: time.Hour}}},
		"nobody, where there are names":     {loginlimit.OfNobodyLimits(list, byName), limits{minute, anHour}},
		"nobody, names and long ones alone": {loginlimit.OfNobodyLimits(list[2:], byName), limits{{Events: 50, Window: time.Hour}}},
		"nobody, without long ones":         {loginlimit.OfNobodyLimits(list[:2], byAddress), nil},
		"relaxed": {loginlimit.Relaxed(list), limits{
			{Events: math.MaxInt32, Window: time.Minute}, {Events: math.MaxInt32, Window: time.Hour}, aDay, aMonth,
		}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if list[0] != minute {
		t.Error("Relaxed has changed its argument")
	}
}

// Where somebody is known to be logged in, their failures are on both counts.
func TestOwn(t *testing.T) {
	t.Parallel()
	own := []core.Limit{{Events: 3, Window: time.Minute}, {Events: 4, Window: 24 * time.Hour}}
	for name, c := range map[string]struct {
		u   core.AnyUser
		key core.Key
	}{
		"an address":   {&core.User{ID: "7", EmailKey: ada}, core.ByEmail(ada)},
		"a name":       {&named{User: core.User{ID: "7", EmailKey: ada}, Named: core.Named{UsernameKey: "ada"}}, core.ByUsername("ada")},
		"neither":      {&core.User{ID: "7"}, core.Key{}},
		"name, no key": {&named{User: core.User{ID: "7"}}, core.Key{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			l := memstore.NewLimiter(memstore.LimiterOptions{Now: func() time.Time { return now }})
			try := func(outcome error) error {
				settle, err := loginlimit.Own(t.Context(), l, own, c.u, quiet)
				if err == nil {
					settle(outcome)
				}
				return err
			}
			limited := core.RateLimited(0)
			for i, want := range []error{nil, nil, nil, limited} {
				if err := try(wrong); !errors.Is(err, want) {
					t.Fatalf("attempt %d: %v, want %v", i, err, want)
				}
			}
			now = now.Add(time.Minute)
			for i, want := range []error{nil, limited} { // the fourth of the day, and one more
				if err := try(wrong); !errors.Is(err, want) {
					t.Fatalf("attempt %d in the second minute: %v, want %v", i, err, want)
				}
			}
			if err := loginlimit.Reset(t.Context(), l, c.u); err != nil {
				t.Fatal(err)
			}
			for i, outcome := range []error{wrong, wrong, nil, wrong, wrong, core.Unavailable(nil), wrong} {
				if err := try(outcome); err != nil {
					t.Errorf("attempt %d after a reset: %v", i, err)
				}
			}
			if err := try(wrong); !errors.Is(err, limited) {
				t.Errorf("after three failures since a success: %v", err)
			}
		})
	}
}

func TestUncounted(t *testing.T) {
	t.Parallel()
	l := memstore.NewLimiter(memstore.LimiterOptions{})
	if n := left(t, l, ada); n != 3 {
		t.Fatalf("%d attempts, want 3", n)
	}
	settle := loginlimit.Uncounted(t.Context(), l, ada, quiet)
	settle(wrong)
	if n := left(t, l, ada); n != 0 {
		t.Errorf("%d attempts after one more failure, want 0", n)
	}
	settle(nil)
	if n := left(t, l, ada); n != 3 {
		t.Errorf("%d attempts after a success, want 3", n)
	}
}

package refresh_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/strategies/refresh"
)

// Many tabs renew at once, round after round: one successor each time, and
// nobody is logged out.
func TestAttackT02Concurrent(t *testing.T) {
	rounds, callers := 10, 16
	if os.Getenv("LATCHKEY_TEST_LONG") != "" {
		rounds, callers = 300, 64
	}
	f := newFixture(t, refresh.Options{})
	token := f.login(t)
	for round := range rounds {
		f.now = f.now.Add(11 * time.Second)
		next := make([]core.Token, callers)
		errs := make([]error, callers)
		var calls sync.WaitGroup
		for i := range callers {
			calls.Go(func() { next[i], errs[i] = f.renew(t.Context(), token.Refresh) })
		}
		calls.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for _, one := range next {
			if one.Refresh != next[0].Refresh || one.Refresh == token.Refresh {
				t.Fatalf("round %d: two successors, or none", round)
			}
		}
		token = next[0]
	}
}

// A thief and the owner take turns, each within the other's sight: the first
// who is late ends both.
func TestAttackT01TakingTurns(t *testing.T) {
	f := newFixture(t, refresh.Options{})
	stolen := f.login(t)
	f.now = f.now.Add(time.Minute)
	thief := f.mustRenew(t, stolen.Refresh)
	f.now = f.now.Add(11 * time.Second)
	f.wants(t, "the owner, late", stolen.Refresh, core.ErrUsed)
	f.wants(t, "the thief afterwards", thief.Refresh, core.ErrInvalid)
	if _, err := f.Verify(t.Context(), thief.Raw); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("the thief's access token: %v", err)
	}
}

// A straggler is never two behind within the grace.
func TestAttackT02Straggler(t *testing.T) {
	f := newFixture(t, refresh.Options{})
	first := f.login(t)
	second := f.mustRenew(t, first.Refresh)
	f.now = f.now.Add(5 * time.Second)
	if young := f.mustRenew(t, second.Refresh); young.Refresh != second.Refresh {
		t.Error("a token that is younger than the grace was replaced")
	}
	f.now = f.now.Add(5*time.Second - time.Microsecond)
	if late := f.mustRenew(t, first.Refresh); late.Refresh != second.Refresh {
		t.Error("the straggler got another token")
	}
}

// Who reads the store gets no token from it, nor who has an older one.
func TestAttackT04SealedForItsHolder(t *testing.T) {
	f := newFixture(t, refresh.Options{})
	first := f.login(t)
	second := f.mustRenew(t, first.Refresh)
	f.now = f.now.Add(time.Minute)
	third := f.mustRenew(t, second.Refresh)
	if third.Refresh[:47] != first.Refresh || third.Refresh[47:] == second.Refresh[47:] {
		t.Fatal("the tokens are no family")
	}
	f.wants(t, "the first token, for the third", first.Refresh, core.ErrUsed)
}

// Any generation, after weeks, in constant space.
func TestAttackT10(t *testing.T) {
	generations := []int{2, 3, 50}
	if os.Getenv("LATCHKEY_TEST_LONG") != "" {
		generations = append(generations, 1000)
	}
	for _, k := range generations {
		f := newFixture(t, refresh.Options{})
		old := f.login(t)
		present := old
		for range k {
			f.now = f.now.Add(time.Hour)
			present = f.mustRenew(t, present.Refresh)
		}
		if n := f.rows(t); n != 1 {
			t.Errorf("after %d rotations there are %d rows", k, n)
		}
		f.wants(t, fmt.Sprint(k, " generations ago"), old.Refresh, core.ErrUsed)
		f.wants(t, "the present token", present.Refresh, core.ErrInvalid)
	}
}

func (f *fixture) rows(t *testing.T) int {
	t.Helper()
	all, err := f.store.List(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// Who guesses needs the family's secret; the session's ID is worth nothing.
func TestAttackT11(t *testing.T) {
	f := newFixture(t, refresh.Options{})
	token := f.login(t)
	found, err := f.Renewable(t.Context(), token.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	guess, _, err := core.NewSecret(strings.NewReader(strings.Repeat("g", 32)))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{found.ID, "lkr_" + found.ID, "lkr_" + guess, "lkr_" + guess + guess} {
		if _, err := f.renew(t.Context(), id); !errors.Is(err, core.ErrNoCredential) && !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%.50q: %v", id, err)
		}
	}
	if f.rows(t) != 1 {
		t.Fatal("the session has ended")
	}
	f.wants(t, "the family's secret with a guess", token.Refresh+guess, core.ErrUsed)
	if f.rows(t) != 0 {
		t.Error("the session lives")
	}
}

// A replay whose end fails says so, and ends the session when it comes again. A
// client that hangs up changes nothing.
func TestAttackT01EndThatFails(t *testing.T) {
	f := newFixture(t, refresh.Options{})
	first := f.login(t)
	second := f.mustRenew(t, first.Refresh)
	f.now = f.now.Add(time.Minute)
	f.store.deletes = errDown
	f.wants(t, "while the store cannot delete", first.Refresh, errDown)
	f.store.deletes = nil
	ctx, hangUp := context.WithCancel(t.Context())
	found, err := f.Renewable(ctx, first.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	f.store.hangUp = hangUp
	if _, err := f.Renew(ctx, first.Refresh, core.Login{Session: *found.Session}); !errors.Is(err, core.ErrUsed) {
		t.Errorf("got %v", err)
	}
	f.wants(t, "afterwards", second.Refresh, core.ErrInvalid)
}

// A new password elsewhere while this session renews: it goes on, all others
// end.
func TestAttackT17(t *testing.T) {
	f := newFixture(t, refresh.Options{})
	kept, other := f.login(t), f.login(t)
	found, err := f.Renewable(t.Context(), kept.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.RevokeAll(t.Context(), "ada", 1, found.ID); err != nil {
		t.Fatal(err)
	}
	next := f.mustRenew(t, kept.Refresh)
	for _, raw := range []string{kept.Raw, next.Raw} {
		if now, err := f.Verify(t.Context(), raw); err != nil || now.Epoch != 1 {
			t.Errorf("an access token of the session that stays: %+v, %v", now.Session, err)
		}
	}
	f.wants(t, "the other session", other.Refresh, core.ErrInvalid)
}

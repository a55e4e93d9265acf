package latchkey_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/testclock"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// passkeys are credentials beside which something else goes on.
type passkeys struct {
	*memstore.Credentials
	listed func()
	down   error
	deaf   bool // does not delete
}

func (p *passkeys) List(ctx context.Context, kind, owner string) ([]*core.Credential, error) {
	if p.down != nil {
		return nil, p.down
	}
	all, err := p.Credentials.List(ctx, kind, owner)
	p.listed()
	return all, err
}

func (p *passkeys) Delete(ctx context.Context, kind, owner, id string) error {
	if p.deaf {
		return errors.New("read-only")
	}
	return p.Credentials.Delete(ctx, kind, owner, id)
}

func newPasskeys(now func() time.Time) *passkeys {
	return &passkeys{Credentials: memstore.NewCredentials(now), listed: func() {}}
}

// add makes credentials of a user.
func (p *passkeys) add(t *testing.T, owner string, kinds ...string) {
	t.Helper()
	for _, kind := range kinds {
		c := &core.Credential{Owner: owner, Kind: kind, Key: owner, Expires: time.Now().Add(time.Hour)}
		if err := p.Create(t.Context(), c, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// of returns the kinds of a user's credentials.
func (p *passkeys) of(t *testing.T, owner string) (kinds []string) {
	t.Helper()
	all, err := p.Credentials.List(t.Context(), "", owner)
	check(t, err, nil)
	for _, c := range all {
		kinds = append(kinds, c.Kind)
	}
	slices.Sort(kinds)
	return kinds
}

func TestDeletionOfAUserDeletesTheirCredentials(t *testing.T) {
	keys := newPasskeys(nil)
	a := newApp(t, func(o *latchkey.Options[Member]) { o.Credentials = keys })
	ctx, m := t.Context(), a.Manager()
	ada, bob := a.register("ada@example.org").member("id"), a.register("bob@example.org").member("id")
	keys.add(t, ada, "totp", "recovery")
	keys.add(t, bob, "totp")

	keys.down = errors.New("out of reach")
	check(t, m.Delete(ctx, ada), core.Unavailable(nil))
	keys.down, keys.deaf = nil, true
	check(t, m.Delete(ctx, ada), core.Unavailable(nil))
	keys.deaf = false
	if _, err := m.Find(ctx, ada); err != nil || len(keys.of(t, ada)) != 2 {
		t.Errorf("after refusals the user is %v, with %q", err, keys.of(t, ada))
	}

	// A request that is under way adds one when the others were listed.
	keys.listed = func() {
		keys.listed = func() {}
		keys.add(t, ada, "passkey")
	}
	check(t, m.Delete(ctx, ada), nil)
	check(t, a.Wait(ctx), nil)
	if left := keys.of(t, ada); left != nil {
		t.Errorf("the deleted user has %q", left)
	}
	if left := keys.of(t, bob); !slices.Equal(left, []string{"totp"}) {
		t.Errorf("another user has %q", left)
	}
}

func TestSweepDeletesExpiredCredentials(t *testing.T) {
	clock := testclock.New(time.Now())
	keys := newPasskeys(clock.Now)
	a := newApp(t, func(o *latchkey.Options[Member]) { o.Credentials = keys })
	keys.add(t, "ada", "trusted", "totp")
	for _, want := range []int{0, 2} {
		if n, err := a.Sweep(t.Context()); n != want || err != nil {
			t.Errorf("Sweep deleted %d, %v; want %d", n, err, want)
		}
		clock.Advance(2 * time.Hour)
	}
}

func TestFlowsReceiveTheCredentials(t *testing.T) {
	keys := newPasskeys(nil)
	a := newApp(t, func(o *latchkey.Options[Member]) { o.Credentials = keys })
	of, ok := core.As[*passkeys](a.Services().Credentials)
	if !ok || of != keys || newApp(t, nil).Services().Credentials != nil {
		t.Error("Services has other credentials than Options")
	}
}

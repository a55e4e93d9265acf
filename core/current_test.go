package core_test

import (
	"context"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

type account struct {
	core.User
	FullName string
}

func TestWithoutCurrent(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx := core.WithCurrent(context.WithValue(t.Context(), key{}, "kept"), core.Current{Session: &core.Session{}})
	without := core.WithoutCurrent(ctx)
	if core.CurrentFrom(without) != nil || without.Value(key{}) != "kept" || core.CurrentFrom(ctx) == nil {
		t.Errorf("got %v and %v", core.CurrentFrom(without), without.Value(key{}))
	}
	again := core.WithCurrent(without, core.Current{Session: &core.Session{ID: "2"}})
	if c := core.CurrentFrom(again); c == nil || c.Session.ID != "2" {
		t.Errorf("within it is %v", c)
	}
}

func TestCurrent(t *testing.T) {
	type key struct{}
	outer := context.WithValue(t.Context(), key{}, "kept")
	u, s := &account{FullName: "Ann"}, &core.Session{ID: "s1"}
	ctx := core.WithCurrent(outer, core.Current{Session: s, User: u})

	if got, ok := core.CurrentUser[account](ctx); !ok || got != u {
		t.Errorf("CurrentUser returned %v, %v", got, ok)
	}
	if got, ok := core.CurrentSession(ctx); !ok || got != s {
		t.Errorf("CurrentSession returned %v, %v", got, ok)
	}
	if got, ok := core.CurrentUser[core.User](ctx); ok || got != nil {
		t.Error("a user of another type is given")
	}
	if ctx.Value(key{}) != "kept" {
		t.Error("the values of the outer context are lost")
	}
	inner := core.WithCurrent(ctx, core.Current{Session: &core.Session{ID: "s2"}})
	if got := core.CurrentFrom(inner); got == nil || got.Session.ID != "s2" {
		t.Errorf("the innermost does not win: %v", got)
	}
	if got, ok := core.CurrentUser[account](inner); ok || got != nil {
		t.Error("a session without a user has one")
	}
}

func TestCurrentNobody(t *testing.T) {
	ctx := t.Context()
	if core.CurrentFrom(ctx) != nil {
		t.Error("CurrentFrom knows somebody")
	}
	if u, ok := core.CurrentUser[account](ctx); ok || u != nil {
		t.Error("CurrentUser knows somebody")
	}
	if s, ok := core.CurrentSession(ctx); ok || s != nil {
		t.Error("CurrentSession knows somebody")
	}
}

func TestGuardAllows(t *testing.T) {
	for _, c := range []struct {
		backends []string
		want     bool
	}{{nil, true}, {[]string{"web", "api"}, true}, {[]string{"web"}, false}, {[]string{}, false}} {
		if got := (core.Guard{Backends: c.backends}).Allows("api"); got != c.want {
			t.Errorf("Backends %v: api is allowed: %v", c.backends, got)
		}
	}
}

func BenchmarkWithCurrent(b *testing.B) {
	ctx := context.Background()
	current := core.Current{Session: &core.Session{}, User: &account{}}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := core.CurrentUser[account](core.WithCurrent(ctx, current)); !ok {
			b.Fatal("nobody")
		}
	}
}

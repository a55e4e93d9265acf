package factors_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/factortest"
)

// badge is a factor of an application's own that is also a way in.
type badge struct {
	core.Flow
	kind             string
	optional, beside bool
	way              string // the label of those that are one; "" for all
	svc              *core.Services
}

func (b badge) Name() string                              { return b.kind }
func (badge) PerBackend() bool                            { return true }
func (badge) Routes(*core.Services) ([]core.Route, error) { return nil, nil }
func (b badge) Bind(svc *core.Services) core.Flow {
	b.svc = svc
	return b
}
func (b badge) Method() string { return b.kind }
func (b badge) Keeps() core.Kept {
	kept := core.Kept{Kind: b.kind, Optional: b.optional, Beside: b.beside}
	if b.way != "" {
		kept.Way = func(c *core.Credential) bool { return c.Label == b.way }
	}
	return kept
}

// Asks implements core.Factor, where its owner has switched it on.
func (b badge) Asks(ctx context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	_, err := b.svc.Credentials.Find(ctx, core.KindSecond, u.Base().ID)
	if errors.Is(err, core.ErrNotFound) {
		return false, nil
	}
	return err == nil && !b.svc.Security.Strong(done), err
}

func (b badge) Ways(ctx context.Context, u core.AnyUser) (int, error) {
	all, err := b.svc.Credentials.List(ctx, b.kind, u.Base().ID)
	all = slices.DeleteFunc(all, func(c *core.Credential) bool { return b.way != "" && c.Label != b.way })
	return len(all), err
}

// Of two requests that remove the last two ways in one is refused.
func TestTheLastWayIn(t *testing.T) {
	t.Parallel()
	var store core.CredentialStore
	a := factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
		o.Flows = append(o.Flows, badge{kind: "badge"})
		full := authtest.Options(t, *o)
		store, o.Credentials = full.Credentials, full.Credentials
	})
	u := &factortest.Member{User: latchkey.User{Email: "bob@example.org", IsActive: true, IsVerified: true}}
	if err := a.Manager().Create(t.Context(), u, ""); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for range 5 {
		c := &core.Credential{Owner: u.ID, Kind: "badge", Key: "key " + string(rune('a'+len(ids))), Created: time.Now()}
		if err := store.Create(t.Context(), c, 0); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID)
	}
	// Each removal ends the other logins, and a request that is checked
	// while it does.
	ask := func(c *authtest.Client, id string) (removed bool) {
		switch w := c.Do(a, http.MethodDelete, "/auth/factors/"+id, ""); {
		case w.Code == 204:
			return true
		case w.Code != 401 && !(w.Code == 409 && strings.Contains(w.Body.String(), core.CodeLastLoginMethod)):
			t.Errorf("%d %s", w.Code, w.Body)
		}
		return false
	}
	var removed atomic.Int32
	var all sync.WaitGroup
	one := authtest.As(t, a.Auth, "web", u)
	for i, id := range ids {
		c := one
		if i%2 == 0 {
			c = authtest.As(t, a.Auth, "web", u)
		}
		all.Go(func() {
			if ask(c, id) {
				removed.Add(1)
			}
		})
	}
	all.Wait()
	if n := removed.Load(); n == 0 || n == 5 {
		t.Errorf("%d of 5 were removed at once", n)
	}
	last := authtest.As(t, a.Auth, "web", u)
	for _, id := range ids {
		if left, err := store.List(t.Context(), "badge", u.ID); err != nil || len(left) == 1 {
			break
		}
		last.Do(a, http.MethodDelete, "/auth/factors/"+id, "")
	}
	if left, err := store.List(t.Context(), "badge", u.ID); err != nil || len(left) != 1 {
		t.Fatalf("left are %v, %v", left, err)
	} else if w := last.Do(a, http.MethodDelete, "/auth/factors/"+left[0].ID, ""); w.Code != 409 {
		t.Errorf("the last one: %d %s", w.Code, w.Body)
	}
	// With a password it is one of two ways.
	password := "analytical engine"
	c := latchkey.Changes[factortest.Member]{Password: &password}
	if _, err := a.Manager().Update(t.Context(), u.ID, c); err != nil {
		t.Fatal(err)
	}
	client := authtest.As(t, a.Auth, "web", u)
	client.Do(a, http.MethodDelete, "/auth/factors/"+ids[0], "")
	left, err := store.List(t.Context(), "badge", u.ID)
	if err != nil || len(left) != 1 {
		t.Fatalf("left are %v, %v", left, err)
	}
	if w := client.Do(a, http.MethodDelete, "/auth/factors/"+left[0].ID, ""); w.Code != 204 {
		t.Errorf("with a password: %d %s", w.Code, w.Body)
	}
}

// M10: a login that was made by a factor ends with it, and so do all but the
// one that removes it. What only stands in for a factor ends none.
func TestAttackM10ARemovedFactorEndsOtherLogins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		beside, byManager bool
		mine, others      int // the status of their next request
	}{
		"a factor":                                {false, false, 200, 401},
		"a factor, by an administrator":           {false, true, 401, 401},
		"what stands in for one":                  {true, false, 200, 200},
		"what stands in, and by an administrator": {true, true, 200, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var store core.CredentialStore
			a := factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
				o.Flows = append(o.Flows, badge{kind: "badge"}, badge{kind: "spare", beside: true})
				full := authtest.Options(t, *o)
				store, o.Credentials = full.Credentials, full.Credentials
			})
			kind := "badge"
			if c.beside {
				kind = "spare"
			}
			lost := &core.Credential{Owner: a.Ada.ID, Kind: kind, Key: "a", Created: time.Now()}
			kept := &core.Credential{Owner: a.Ada.ID, Kind: "badge", Key: "b", Created: time.Now()}
			if err := errors.Join(store.Create(t.Context(), lost, 0), store.Create(t.Context(), kept, 0)); err != nil {
				t.Fatal(err)
			}
			mine, other := authtest.As(t, a.Auth, "web", a.Ada), authtest.As(t, a.Auth, "web", a.Ada)
			api := authtest.As(t, a.Auth, "api", a.Ada)
			if c.byManager {
				if err := a.Manager().RemoveFactor(t.Context(), a.Ada.ID, lost.ID); err != nil {
					t.Fatal(err)
				}
			} else if w := mine.Do(a, "DELETE", "/auth/factors/"+lost.ID, ""); w.Code != 204 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			for client, want := range map[*authtest.Client]int{mine: c.mine, other: c.others, api: c.others} {
				if w := client.Do(a, "GET", "/users/me", ""); w.Code != want {
					t.Errorf("%d %s, want %d", w.Code, w.Body, want)
				}
			}
		})
	}
}

// What does not log in alone may go, also where one that does is the only way
// in.
func TestAFactorThatIsNoWayIn(t *testing.T) {
	t.Parallel()
	var store core.CredentialStore
	a := factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
		o.Flows = append(o.Flows, badge{kind: "badge", way: "way"})
		full := authtest.Options(t, *o)
		store, o.Credentials = full.Credentials, full.Credentials
	})
	u := &factortest.Member{User: latchkey.User{Email: "bob@example.org", IsActive: true, IsVerified: true}}
	if err := a.Manager().Create(t.Context(), u, ""); err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, label := range []string{"way", "another"} {
		c := &core.Credential{Owner: u.ID, Kind: "badge", Key: label, Label: label, Created: time.Now()}
		if err := store.Create(t.Context(), c, 0); err != nil {
			t.Fatal(err)
		}
		ids[label] = c.ID
	}
	client := authtest.As(t, a.Auth, "web", u)
	for _, want := range []struct {
		label  string
		status int
	}{{"way", 409}, {"another", 204}, {"way", 409}} {
		if w := client.Do(a, "DELETE", "/auth/factors/"+ids[want.label], ""); w.Code != want.status {
			t.Errorf("%s: %d %s, want %d", want.label, w.Code, w.Body, want.status)
		}
	}
}

// ended is a decider in whose time the user is deactivated.
type ended struct{ end func() }

func (ended) Name() string                                { return "ended" }
func (ended) PerBackend() bool                            { return false }
func (ended) Routes(*core.Services) ([]core.Route, error) { return nil, nil }
func (d ended) Decide(_ context.Context, _ *core.Services, e *core.Event) error {
	if e.Kind == core.EventFactorRenamed {
		d.end()
	}
	return nil
}

// A name is written while its login lives.
func TestANameOfALoginThatEnds(t *testing.T) {
	t.Parallel()
	for _, ends := range []bool{true, false} {
		var a *factortest.App
		a = factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
			o.Flows = append(o.Flows, ended{func() {
				if ends {
					if err := a.Manager().EndSessions(t.Context(), a.Ada.ID); err != nil {
						t.Error(err)
					}
				}
			}})
		})
		c := a.Client("web")
		c.Enrol(factortest.Ada)
		id := c.Factors()[0]["id"].(string)
		status, label := 200, "stolen"
		if ends {
			status, label = 401, "the blue phone"
		}
		c.Send("PATCH", "/auth/factors/"+id, `{"label": "stolen"}`, status, "")
		if all, err := a.Manager().Factors(t.Context(), a.Ada.ID); err != nil || all[0].Label != label {
			t.Errorf("%v, %v; want %q", all, err, label)
		}
	}
}

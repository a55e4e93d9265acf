package latchkey_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/flows/trusted"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// contributor is a flow of an application's own, which has something of users.
type contributor struct {
	name string
	out  func(ctx context.Context, u *factortest.Member) (any, error)
}

// bought is one of a user's.
type bought struct {
	Item string `json:"item"`
}

func (contributor) Name() string                                  { return "orders" }
func (contributor) PerBackend() bool                              { return false }
func (contributor) Routes(*core.Services) ([]core.Route, error)   { return nil, nil }
func (f contributor) Exports(*core.Services) (name string, _ any) { return f.name, []bought{} }
func (f contributor) Export(ctx context.Context, _ *core.Services, u core.AnyUser) (any, error) {
	return f.out(ctx, u.(*factortest.Member))
}

// returning returns a contributor of orders.
func returning(out func() (any, error)) contributor {
	return contributor{"orders", func(context.Context, *factortest.Member) (any, error) { return out() }}
}

// exporting is an application that exports, with orders of its own.
func exporting(t *testing.T, change func(*latchkey.Options[factortest.Member])) *factortest.App {
	t.Helper()
	return factortest.New(t, func(o *latchkey.Options[factortest.Member]) {
		o.SelfExport = true
		o.Flows = append(o.Flows, audit.Flow{Store: memstore.NewAudit()}, trusted.Flow{},
			contributor{"orders", func(_ context.Context, u *factortest.Member) (any, error) {
				return []bought{{"a book for " + u.Email}}, nil
			}})
		if change != nil {
			change(o)
		}
	})
}

// exported posts to /me/export, and returns the members of the answer.
func exported(c *factortest.Client, status int, part string) map[string]any {
	return c.Send("POST", "/users/me/export", "", status, part)
}

func TestExport(t *testing.T) {
	t.Parallel()
	a := exporting(t, nil)
	bob := a.Client("web")
	a.User("bob@example.org")
	bob.Enrol("bob@example.org")
	c := a.Client("web")
	secret := c.Enrol(factortest.Ada)
	got := exported(c, 200, "")
	names := slices.Sorted(maps.Keys(got))
	if want := "audit factors made_at orders sessions user"; strings.Join(names, " ") != want {
		t.Errorf("got the members %v, want %s", names, want)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	row, err := a.Manager().Find(t.Context(), a.Ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, never := range []string{secret, string(row.HashedPassword), "bob@", "$"} {
		if strings.Contains(string(text), never) {
			t.Errorf("%s has %q", text, never)
		}
	}
	user := got["user"].(map[string]any)
	sessions, factors := got["sessions"].([]any), got["factors"].([]any)
	records := got["audit"].(map[string]any)["records"].([]any)
	current := func(s any) bool { return s.(map[string]any)["current"] == true }
	if user["email"] != factortest.Ada || user["created_at"] == "" || len(factors) != 1 || len(records) < 3 ||
		!slices.ContainsFunc(sessions, current) {
		t.Errorf("got %s", text)
	}
	if item := got["orders"].([]any)[0].(map[string]any)["item"]; item != "a book for ada@example.org" {
		t.Errorf("got the orders %v", got["orders"])
	}
	again := exported(c, 200, "")["audit"].(map[string]any)["records"].([]any)
	if first := again[0].(map[string]any); first["action"] != "export.made" || first["actor"] != "you" {
		t.Errorf("the latest record is %v", first)
	}

	outside, err := a.Manager().Export(t.Context(), a.Ada.ID)
	if err != nil || !json.Valid(outside) || !strings.Contains(string(outside), `"current":false`) {
		t.Errorf("outside HTTP: %s, %v", outside, err)
	}
	if _, err := a.Manager().Export(t.Context(), "nobody"); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("of nobody: %v", err)
	}
}

func TestExportIsLimitedAndRefunded(t *testing.T) {
	t.Parallel()
	fail := error(nil)
	a := exporting(t, func(o *latchkey.Options[factortest.Member]) {
		o.Limits.Exports = latchkey.Limit{Events: 2, Window: time.Hour}
		o.Flows[len(o.Flows)-1] = returning(func() (any, error) { return nil, fail })
	})
	c := a.Client("api")
	c.Enrol(factortest.Ada)
	fail = errors.New("the database of orders is down")
	for range 5 {
		exported(c, 503, core.CodeServiceUnavailable)
	}
	fail = latchkey.Refuse("NOT_NOW")
	exported(c, 400, "NOT_NOW") // what is refused counts
	fail = nil
	if got := exported(c, 200, `"orders":null`); got["user"] == nil {
		t.Errorf("got %v", got)
	}
	exported(c, 429, core.CodeRateLimited)
	bob := a.Client("api")
	a.User("bob@example.org")
	bob.Enrol("bob@example.org")
	exported(bob, 200, "") // the twin: another user's
	if _, err := a.Manager().Export(t.Context(), a.Ada.ID); err != nil {
		t.Errorf("outside HTTP: %v", err)
	}
}

// A login that ends while the copy is made gets none.
func TestM86ExportChecksTheLoginAgain(t *testing.T) {
	t.Parallel()
	var a *factortest.App
	during := func(context.Context) error { return nil }
	a = exporting(t, func(o *latchkey.Options[factortest.Member]) {
		o.Flows[len(o.Flows)-1] = contributor{"orders", func(ctx context.Context, _ *factortest.Member) (any, error) {
			return []bought{}, during(context.WithoutCancel(ctx))
		}}
	})
	for name, do := range map[string]func(ctx context.Context) error{
		"logged out": func(ctx context.Context) error { return a.Manager().EndSessions(ctx, a.Ada.ID) },
		"suspended":  func(ctx context.Context) error { return a.Manager().Suspend(ctx, a.Ada.ID, time.Time{}, "x") },
		"deleted":    func(ctx context.Context) error { return a.Manager().Delete(ctx, a.Ada.ID) },
	} {
		a.Restart(func(*latchkey.Options[factortest.Member]) {})
		if _, err := a.Manager().FindByEmail(t.Context(), factortest.Ada); errors.Is(err, core.ErrNotFound) {
			a.Ada = a.User(factortest.Ada)
		}
		if err := a.Manager().Reinstate(t.Context(), a.Ada.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Manager().RemoveFactors(t.Context(), a.Ada.ID); err != nil {
			t.Fatal(err)
		}
		c := a.Client("web")
		c.Enrol(factortest.Ada)
		during = func(context.Context) error { return nil }
		exported(c, 200, `"orders":[]`)
		during = do
		if got := exported(c, 401, "Unauthorized"); got["user"] != nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestNewReportsWhatIsWrongWithExports(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]bool{
		"orders": false, "Orders": true, "user": true, "made_at": true, "": true, "a b": true, strings.Repeat("x", 33): true,
	} {
		nothing := func(context.Context, *factortest.Member) (any, error) { return nil, nil }
		_, err := latchkey.New(memstore.NewUsers[factortest.Member](), latchkey.Options[factortest.Member]{
			Backends: []latchkey.Backend{{Name: "api", Transport: header{}, Strategy: &keys{}}},
			Flows:    []latchkey.Flow{contributor{name, nothing}},
		})
		if (err != nil) != wrong || wrong && !strings.Contains(err.Error(), "export") {
			t.Errorf("%q: %v", name, err)
		}
	}
	a := exporting(t, func(o *latchkey.Options[factortest.Member]) {
		o.Flows[len(o.Flows)-1] = returning(func() (any, error) { return "a text", nil })
	})
	_, err := a.Manager().Export(t.Context(), a.Ada.ID)
	if err == nil || !strings.Contains(err.Error(), "[]latchkey_test.bought") {
		t.Errorf("another type than is documented: %v", err)
	}
}

func TestExportIsOff(t *testing.T) {
	t.Parallel()
	a := factortest.New(t, nil)
	c := a.Client("web")
	c.Enrol(factortest.Ada)
	if w := c.Do(a, "POST", "/users/me/export", ""); w.Code != 404 && w.Code != 405 {
		t.Errorf("got %d", w.Code)
	}
	if _, err := a.Manager().Export(t.Context(), a.Ada.ID); err != nil {
		t.Error(err)
	}
}

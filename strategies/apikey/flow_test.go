package apikey_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/glance"
	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/stores/memstore"
	"github.com/latchkey-go/latchkey/strategies/apikey"
)

// ask sends a request of Ada's.
func (f *fixture) ask(route, body string, status int, part string) map[string]any {
	f.t.Helper()
	resp := f.Want(f.t.Context(), f.flow, servicetest.Call{Route: route, JSON: body, As: f.ada}, status, part)
	if resp == nil || len(resp.Body) == 0 {
		return nil
	}
	var all map[string]any
	_ = json.Unmarshal(resp.Body, &all)
	return all
}

const made = `{"name": "ci", "scopes": ["read"]}`

func TestMakeListEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	f.ask("GET /api-keys", "", 200, "[]")
	key := f.ask("POST /api-keys", `{"name": " the ci ", "scopes": ["write", "read"], "expires_in": 3600, "userId": "eve",
		"owner": "eve"}`, 201, `"last_used":null`)
	token := key["key"].(string)
	for member, want := range map[string]any{
		"name": "the ci", "hint": token[len(token)-4:], "created_at": "2026-05-04T12:30:00Z", "expires_at": "2026-05-04T13:30:00Z",
	} {
		if key[member] != want {
			t.Errorf("%s is %v, want %v", member, key[member], want)
		}
	}
	if e := f.Last(); e.Kind != core.EventKeyMade || e.Target != key["id"] || e.User.Base().ID != f.ada.ID {
		t.Errorf("the event is %+v", e)
	}
	found := f.wants(token, nil)
	if found.UserID != f.ada.ID || !slices.Equal(found.Scopes, []string{"write", "read"}) {
		t.Errorf("it opens %v of %s", found.Scopes, found.UserID)
	}
	resp := f.Want(t.Context(), f.flow, servicetest.Call{Route: "GET /api-keys", As: f.ada}, 200,
		`"last_used":"2026-05-04T12:30:00Z"`)
	if strings.Contains(string(resp.Body), token[5:20]) || strings.Contains(string(resp.Body), `"key"`) {
		t.Errorf("K02: the list shows the key: %s", resp.Body)
	}

	bob := f.Add("bob@example.org", "secret")
	id := key["id"].(string)
	f.Want(t.Context(), f.flow, servicetest.Call{Route: "GET /api-keys", As: bob}, 200, "[]")
	f.Want(t.Context(), f.flow, servicetest.Call{Route: "DELETE /api-keys/" + id, As: bob}, 404, "")
	f.Want(t.Context(), f.flow, servicetest.Call{Route: "POST /api-keys/" + id + "/rotate", As: bob}, 404, "")
	f.ask("DELETE /api-keys/made-up", "", 404, "")
	f.wants(token, nil)

	f.ask("DELETE /api-keys/"+id, "", 204, "")
	if e := f.Last(); e.Kind != core.EventKeyEnded || e.Target != id {
		t.Errorf("the event is %+v", e)
	}
	f.ask("DELETE /api-keys/"+id, "", 404, "")
	f.wants(token, core.ErrInvalid)
	f.ask("GET /api-keys", "", 200, "[]")
}

func TestAttackK14(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	with := func(name, value string) string {
		in := map[string]json.RawMessage{"name": []byte(`"ci"`), "scopes": []byte(`["read"]`), "expires_in": []byte(`60`)}
		in[name] = []byte(value)
		if value == "" {
			delete(in, name)
		}
		body, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	many, _ := json.Marshal(slices.Repeat([]string{"read"}, 9_000))
	for name, values := range map[string][]string{
		"expires_in": {"0", "-1", "9223372036854775808", "9223372036854775807", "9223372037", "7776001", "1.5", "1e3", `"60"`, "true", "[]"},
		"scopes":     {"", "null", "[]", `"read"`, `["*"]`, `["read", "read"]`, `["delete"]`, `["read", "delete"]`, `["READ"]`, `[""]`, "[1]", `[null]`, string(many)},
		"name":       {"", "null", `""`, `"  "`, "7", `"` + strings.Repeat("x", 101) + `"`, `"` + strings.Repeat("é", 100) + `x"`},
	} {
		for _, value := range values {
			f.ask("POST /api-keys", with(name, value), 422, `"`+name+`"`)
		}
	}
	f.ask("POST /api-keys", `{"scopes": 7, "expires_in": 0}`, 422, `name`)
	for name, values := range map[string][]string{
		"expires_in": {"", "null", "1", "7776000"},
		"scopes":     {`["write"]`, `["write", "read"]`},
		"name":       {`"x"`, `"` + strings.Repeat("x", 100) + `"`, `"` + strings.Repeat("é", 100) + `"`},
	} {
		for _, value := range values {
			f.ask("POST /api-keys", with(name, value), 201, "")
		}
	}
	for _, bad := range []apikey.Wanted{
		{Name: "x"}, {Scopes: []string{"read"}}, {Name: "x", Scopes: []string{"read"}, Lifetime: -1},
		{Name: "x", Scopes: slices.Repeat([]string{"read"}, 10_000)},
		{Name: "x", Scopes: []string{"read"}, Lifetime: 91 * day}, {Name: "x", Scopes: []string{"read"}, Lifetime: 1},
	} {
		_, _, err := f.flow.Make(t.Context(), f.Services.Services, f.ada, bad, nil)
		if refusal := (*core.Error)(nil); !errors.As(err, &refusal) || refusal.Status != 422 {
			t.Errorf("%.100v: got %v", bad, err)
		}
	}
}

func TestForever(t *testing.T) {
	t.Parallel()
	o := options()
	o.Lifetime = apikey.InsecureForever
	f := newFixture(t, o)
	key := f.ask("POST /api-keys", made, 201, `"expires_at":null`)
	bounded := f.ask("POST /api-keys", `{"name": "x", "scopes": ["read"], "expires_in": 63072000}`, 201,
		`"expires_at":"2028`)
	f.ask("POST /api-keys", `{"name": "x", "scopes": ["read"], "expires_in": 9223372036}`, 422, "at most")
	f.Advance(50 * 365 * day)
	f.wants(key["key"].(string), nil)
	f.wants(bounded["key"].(string), core.ErrInvalid)
	next := f.ask("POST /api-keys/"+key["id"].(string)+"/rotate", "", 201, `"expires_at":null`)
	f.Advance(day)
	f.wants(key["key"].(string), core.ErrInvalid)
	f.wants(next["key"].(string), nil)
}

func TestRotate(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	old := f.ask("POST /api-keys", `{"name": "ci", "scopes": ["write"], "expires_in": 864000}`, 201, "")
	f.Advance(5 * day)
	next := f.ask("POST /api-keys/"+old["id"].(string)+"/rotate", "", 201, `"scopes":["write"]`)
	if e := f.Last(); e.Kind != core.EventKeyRotated || e.Target != next["id"] || next["id"] == old["id"] {
		t.Errorf("the event is %+v", e)
	}
	if next["name"] != "ci" || next["expires_at"] != "2026-05-19T12:30:00Z" {
		t.Errorf("the successor is %v", next)
	}
	f.ask("POST /api-keys/"+old["id"].(string)+"/rotate", "", 409, core.CodeAPIKeyRotated)
	f.Advance(day - time.Microsecond)
	f.wants(old["key"].(string), nil)
	f.wants(next["key"].(string), nil)
	f.Advance(time.Microsecond)
	f.wants(old["key"].(string), core.ErrInvalid)
	f.ask("POST /api-keys/"+old["id"].(string)+"/rotate", "", 404, "")
	if keys, err := f.flow.List(t.Context(), f.Services.Services, f.ada.ID); err != nil || len(keys) != 1 {
		t.Errorf("%d keys are left, %v", len(keys), err)
	}

	t.Run("of many at once one succeeds", func(t *testing.T) {
		f := newFixture(t, options())
		_, key := f.make("read")
		var mu sync.Mutex
		var all sync.WaitGroup
		answers := map[string]int{}
		for range 16 {
			all.Go(func() {
				_, _, err := f.flow.Rotate(context.Background(), f.Services.Services, f.ada, key.ID, nil)
				mu.Lock()
				defer mu.Unlock()
				answers[fmt.Sprint(err)]++
			})
		}
		all.Wait()
		keys, err := f.flow.List(t.Context(), f.Services.Services, f.ada.ID)
		if err != nil || len(keys) != 2 || answers["<nil>"] != 1 || answers[core.CodeAPIKeyRotated] != 15 {
			t.Errorf("%d keys, %v, %v", len(keys), err, answers)
		}
	})
	t.Run("a key never goes on longer than it would have", func(t *testing.T) {
		f := newFixture(t, options())
		old := f.ask("POST /api-keys", `{"name": "x", "scopes": ["read"], "expires_in": 3600}`, 201, "")
		f.ask("POST /api-keys/"+old["id"].(string)+"/rotate", "", 201, "")
		f.Advance(time.Hour)
		f.wants(old["key"].(string), core.ErrInvalid)
	})
	t.Run("without an overlap", func(t *testing.T) {
		o := options()
		o.Overlap, o.LocalCacheTTL = -1, 5*time.Second
		f := newFixture(t, o)
		token, key := f.make("read")
		f.wants(token, nil)
		f.wants(token, nil)
		f.ask("POST /api-keys/"+key.ID+"/rotate", "", 201, "")
		f.wants(token, core.ErrInvalid)
	})
}

func TestHowMany(t *testing.T) {
	t.Parallel()
	o := options()
	o.PerUser = 2
	f := newFixture(t, o)
	first := f.ask("POST /api-keys", made, 201, "")
	second := f.ask("POST /api-keys", made, 201, "")
	f.ask("POST /api-keys", made, 400, core.CodeAPIKeyLimit)
	// Each can be rotated all the same.
	f.ask("POST /api-keys/"+first["id"].(string)+"/rotate", "", 201, "")
	next := f.ask("POST /api-keys/"+second["id"].(string)+"/rotate", "", 201, "")
	f.ask("POST /api-keys/"+next["id"].(string)+"/rotate", "", 400, core.CodeAPIKeyLimit)
	f.Advance(day)
	f.ask("POST /api-keys", made, 400, core.CodeAPIKeyLimit)
	f.ask("DELETE /api-keys/"+next["id"].(string), "", 204, "")
	f.ask("POST /api-keys", made, 201, "")
}

func TestHowOften(t *testing.T) {
	t.Parallel()
	o := options()
	f := newFixture(t, o)
	id := ""
	for range 10 {
		f.ask("POST /api-keys", `{}`, 422, "") // which is nobody's attempt
		key := f.ask("POST /api-keys", made, 201, "")
		id = f.ask("POST /api-keys/"+key["id"].(string)+"/rotate", "", 201, "")["id"].(string)
	}
	f.ask("POST /api-keys", made, 429, core.CodeRateLimited)
	f.ask("POST /api-keys/"+id+"/rotate", "", 429, core.CodeRateLimited)
	bob := f.Add("bob@example.org", "secret")
	f.Want(t.Context(), f.flow, servicetest.Call{Route: "POST /api-keys", JSON: made, As: bob}, 201, "")
	f.make("read") // a Manager is not limited
	f.Advance(time.Hour)
	f.ask("POST /api-keys", made, 201, "")
}

// A refused change leaves nothing behind, also where the store takes no part in
// the transaction.
func TestNothingIsLeftOfAChangeThatIsUndone(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	f.Refuse = core.Forbidden()
	f.ask("POST /api-keys", made, 403, "")
	f.Refuse = nil
	token, key := f.make("read")
	f.store.fail(errors.New("down"))
	for route, body := range map[string]string{
		"GET /api-keys": "", "POST /api-keys/" + key.ID + "/rotate": "", "DELETE /api-keys/" + key.ID: "",
	} {
		f.ask(route, body, 503, core.CodeServiceUnavailable)
	}
	f.store.fail(nil)
	f.wants(token, nil)
	if keys, err := f.flow.List(t.Context(), f.Services.Services, f.ada.ID); err != nil || len(keys) != 1 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}

func TestWhatIsPurged(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	first, _ := f.make("read")
	ids, err := f.flow.Mark(t.Context(), f.ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	second, _ := f.make("read")
	if n, err := f.flow.PurgeBut(t.Context(), f.ada.ID, ids); n != 1 || err != nil {
		t.Errorf("PurgeBut: %d, %v", n, err)
	}
	f.wants(first, nil)
	f.wants(second, core.ErrInvalid)
	if n, err := f.flow.Purge(t.Context(), f.ada.ID); n != 1 || err != nil {
		t.Errorf("Purge: %d, %v", n, err)
	}
	f.wants(first, core.ErrInvalid)
}

// A reset by mail ends the keys, and those that the transaction could not take
// along end soon after; a new password ends none.
func TestAReset(t *testing.T) {
	t.Parallel()
	reset := func(f *fixture) core.Event { return core.Event{Kind: core.EventPasswordReset, User: f.ada} }
	f := newFixture(t, options())
	token, _ := f.make("read")
	for _, kind := range []core.EventKind{core.EventUpdated, core.EventSessionsEnded, core.EventLoggedIn} {
		if err := f.flow.Witness(t.Context(), f.Services.Services, core.Event{Kind: kind, User: f.ada}); err != nil {
			t.Error(err)
		}
		f.flow.On(t.Context(), f.Services.Services, core.Event{Kind: kind, User: f.ada})
	}
	f.Run(t.Context())
	f.wants(token, nil)
	f.store.fail(errors.New("down"))
	if err := f.flow.Witness(t.Context(), f.Services.Services, reset(f)); err == nil {
		t.Error("the reset goes on although the keys could not be ended")
	}
	f.store.fail(nil)
	if err := f.flow.Witness(t.Context(), f.Services.Services, reset(f)); err != nil {
		t.Error(err)
	}
	f.wants(token, core.ErrInvalid)

	late, _ := f.make("read")
	f.flow.On(t.Context(), f.Services.Services, reset(f))
	f.Advance(time.Microsecond)
	after, _ := f.make("read")
	if errs := f.Run(t.Context()); errors.Join(errs...) != nil || len(errs) == 0 {
		t.Error(errs)
	}
	f.wants(late, core.ErrInvalid)
	f.wants(after, nil)

	o := options()
	o.KeepOnReset = true
	kept := newFixture(t, o)
	token, _ = kept.make("read")
	if err := kept.flow.Witness(t.Context(), kept.Services.Services, reset(kept)); err != nil {
		t.Error(err)
	}
	kept.flow.On(t.Context(), kept.Services.Services, reset(kept))
	kept.Run(t.Context())
	kept.wants(token, nil)
}

func TestRoutesSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, options())
	f.Credentials = nil
	if _, err := f.flow.Routes(f.Services.Services); err == nil || !strings.Contains(err.Error(), "Options.Credentials") {
		t.Errorf("without credentials: %v", err)
	}
	f.Credentials = memstore.NewCredentials(nil)
	if _, err := f.flow.Routes(f.Services.Services); err == nil || !strings.Contains(err.Error(), "another store") {
		t.Errorf("with other credentials: %v", err)
	}
	f.Credentials = glance.New(f.store)
	if _, err := f.flow.Routes(f.Services.Services); err != nil {
		t.Errorf("with the strategy's, decorated: %v", err)
	}
	_, err := (apikey.Flow{}).Routes(f.Services.Services)
	if err == nil || !strings.Contains(err.Error(), "Strategy.Flow") {
		t.Errorf("the zero flow: %v", err)
	}
	if got := f.flow.Scopes(); !slices.Equal(got, []string{"read", "write"}) {
		t.Errorf("the scopes are %v", got)
	}
}

package audit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/audit"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/internal/servicetest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// newApp returns an application with an audit log, and a superuser's client.
func newApp(t *testing.T, f audit.Flow) (a *factortest.App, root *factortest.Client) {
	t.Helper()
	a = factortest.New(t, func(o *latchkey.Options[factortest.Member]) { o.Flows = append(o.Flows, f) })
	boss := a.User("root@example.org")
	yes := true
	_, err := a.Manager().Update(t.Context(), boss.ID, latchkey.Changes[factortest.Member]{IsSuperuser: &yes})
	if err != nil {
		t.Fatal(err)
	}
	root = a.Client("api")
	logIn(root, "root@example.org")
	return a, root
}

// bossOf is the ID of the superuser.
func bossOf(t *testing.T, a *factortest.App) string {
	t.Helper()
	u, err := a.Manager().FindByEmail(t.Context(), "root@example.org")
	if err != nil {
		t.Fatal(err)
	}
	return u.ID
}

func logIn(c *factortest.Client, address string) {
	c.Ask("/login", fmt.Sprintf(`{"email": %q, "password": %q}`, address, factortest.Password), 200, "access_token")
}

// page is what a list answers with, and the query of the next page.
func page(t *testing.T, a *factortest.App, c *factortest.Client, query string) (entries []map[string]any, next string) {
	t.Helper()
	w := c.Do(a, http.MethodGet, query, "")
	if w.Code != 200 {
		t.Fatalf("GET %s: %d %s", query, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &entries); err != nil {
		t.Fatal(err)
	}
	next, _, _ = strings.Cut(strings.TrimPrefix(w.Header().Get("Link"), "<"), ">")
	return entries, next
}

func words(entries []map[string]any, names ...string) (all []string) {
	for _, e := range entries {
		var one []string
		for _, name := range names {
			one = append(one, fmt.Sprint(e[name]))
		}
		all = append(all, strings.Join(one, " "))
	}
	return all
}

func TestWhatUsersAndSuperusersSee(t *testing.T) {
	t.Parallel()
	a, root := newApp(t, audit.Flow{Store: memstore.NewAudit(), Own: true})
	c := a.Client("api")
	c.Header.Set("User-Agent", "Ada's browser")
	logIn(c, factortest.Ada)
	c.Send("POST", "/auth/api/login", `{"email": "ada@example.org", "password": "wrong"}`, 400, "")
	c.Send("GET", "/auth/audit", "", 403, "Forbidden")
	c.Send("PATCH", "/users/me", `{"password": "another engine"}`, 200, "")
	c.Ask("/login", `{"email": "ada@example.org", "password": "another engine"}`, 200, "") // the JWT has ended
	root.Header.Set("User-Agent", "secret tool")
	root.Send("PATCH", "/users/"+a.Ada.ID, `{"is_verified": false}`, 200, "")

	own, next := page(t, a, c, "/auth/audit/me")
	want := []string{
		"user.updated  others   [is_verified]", "login  you password Ada's browser []", "user.updated  you  Ada's browser [password]",
		"refused Forbidden you  Ada's browser []", "login.refused LOGIN_BAD_CREDENTIALS nobody password Ada's browser []",
		"login  you password Ada's browser []", "register  others   []",
	}
	if got := words(own, "action", "code", "actor", "method", "label", "fields"); !slices.Equal(got, want) || next != "" {
		t.Errorf("got  %q\nwant %q, next %q", got, want, next)
	}
	for _, e := range own {
		if fmt.Sprint(e["ip"]) != map[bool]string{true: "", false: "192.0.2.1"}[e["actor"] == "others"] {
			t.Errorf("the address of %v", e)
		}
		if by, there := e["by"]; there {
			t.Errorf("an owner sees who acted: %v", by)
		}
	}

	all, _ := page(t, a, root, "/auth/audit?user="+a.Ada.ID+"&action=user.updated")
	if got := words(all, "user_id", "label", "route"); !slices.Equal(got, []string{
		a.Ada.ID + " secret tool users:patch_user", a.Ada.ID + " Ada's browser users:patch_current_user",
	}) {
		t.Errorf("got %q", got)
	}
	if by := fmt.Sprint(all[1]["by"]); !strings.Contains(by, "user_id:"+a.Ada.ID) || !strings.Contains(by, "session_id:") {
		t.Errorf("by %s", by)
	}
	acted, _ := page(t, a, root, "/auth/audit?action=user.updated&by="+strings.ToUpper(bossOf(t, a)))
	if got := words(acted, "user_id", "label"); !slices.Contains(got, a.Ada.ID+" secret tool") {
		t.Errorf("by the superuser: %q", got)
	}
	anns, _ := page(t, a, root, "/auth/audit?action=user.updated&by="+a.Ada.ID)
	if got := words(anns, "user_id", "label"); !slices.Equal(got, []string{a.Ada.ID + " Ada's browser"}) {
		t.Errorf("by the user: %q", got)
	}
	upper, _ := page(t, a, root, "/auth/audit?user="+strings.ToUpper(a.Ada.ID))
	if len(upper) != len(own) {
		t.Errorf("another spelling of the ID finds %d, want %d", len(upper), len(own))
	}
	// Records outlive their user.
	root.Send("DELETE", "/users/"+a.Ada.ID, "", 204, "")
	gone, _ := page(t, a, root, "/auth/audit?user="+a.Ada.ID)
	if len(gone) != len(own)+1 || gone[0]["action"] != "user.deleted" {
		t.Errorf("of a deleted user: %v", gone)
	}
}

func TestPagesAndFilters(t *testing.T) {
	t.Parallel()
	store := memstore.NewAudit()
	a, root := newApp(t, audit.Flow{Store: store})
	begin := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 5 {
		at := begin.Add(time.Duration(i) * time.Hour)
		id, err := core.NewRecordID(at, strings.NewReader("12345678"))
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Append(t.Context(), core.Record{ID: id, At: at, Action: "x.y"}); err != nil {
			t.Fatal(err)
		}
	}
	hours := func(entries []map[string]any) (all string) {
		for _, e := range entries {
			all += fmt.Sprint(e["at"])[11:13] + " "
		}
		return all
	}
	query, got := "?action=x.y&limit=2&from=2020-01-01T01:00:00Z&to=2020-01-01T05:30:00%2B01:00", ""
	for pages := 0; query != ""; pages++ {
		var entries []map[string]any
		entries, query = page(t, a, root, "/auth/audit"+query)
		got += hours(entries) + "| "
		if pages > 5 {
			t.Fatal("the pages do not end")
		}
	}
	if got != "04 03 | 02 01 | " {
		t.Errorf("got %q", got)
	}
	_, next := page(t, a, root, "/auth/audit?action=x.y&limit=2")
	q, err := url.ParseQuery(strings.TrimPrefix(next, "?"))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"limit=0", "limit=101", "limit=x", "from=yesterday", "to=2020-01-01", "from=", "cursor=x", "cursor=" + q.Get("cursor"),
		"action=x.y&by=x&cursor=" + q.Get("cursor"), "action=x.z&cursor=" + q.Get("cursor"), "action=x.y&from=2020-01-01T00:00:00Z&cursor=" + q.Get("cursor"),
	} {
		root.Send("GET", "/auth/audit?"+bad, "", 422, "value_error")
	}
	root.Send("GET", "/auth/audit?action=x.y&limit=3&cursor="+q.Get("cursor"), "", 200, "02:00:00")
	root.Send("GET", "/auth/audit?user=%00&by=%00&action=%27;drop", "", 200, "[]")
	root.Send("GET", "/auth/audit/me", "", 404, "") // Own is off
	a.Client("api").Send("GET", "/auth/audit", "", 401, "")
}

// A record of a login says which session it began, at every kind of backend,
// and one of a request by which it was made.
func TestALoginSaysWhichSessionItBegan(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t, audit.Flow{Store: memstore.NewAudit(), Own: true})
	c := a.Client("api")
	logIn(c, factortest.Ada)
	c.Send("PATCH", "/users/me", `{"email": "ada2@example.org"}`, 200, "")
	own, _ := page(t, a, c, "/auth/audit/me")
	byAction := map[any]string{}
	for _, e := range own {
		byAction[e["action"]] = fmt.Sprint(e["session_id"])
	}
	if id := byAction["login"]; id == "" || byAction["user.updated"] != id {
		t.Errorf("a login, and what it did: %q", byAction)
	}
	if id, there := byAction["register"]; !there || id != "" {
		t.Errorf("what was done without a login: %q", byAction)
	}
}

// Records of one time are in the order in which they were made.
func TestRecordsOfOneTimeKeepTheirOrder(t *testing.T) {
	t.Parallel()
	s, store := servicetest.New(t), memstore.NewAudit()
	f := audit.Flow{Store: store}.Bind(s.Services)
	for i := range 90 {
		e := core.Event{Kind: core.EventUpdated, At: servicetest.Start, Target: fmt.Sprintf("%02d", i)}
		if err := happen(t, f, s, e, i%2); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range records(t, store) {
		if want := fmt.Sprintf("%02d", i); r.Target != want {
			t.Fatalf("record %s is %s", want, r.Target)
		}
	}
}

// What a login fails with is in no record, log or answer: people type their
// password into the wrong field.
func TestAttackE02WhatIsTypedIsNotRecorded(t *testing.T) {
	t.Parallel()
	store, h := memstore.NewAudit(), &heard{}
	a, root := newApp(t, audit.Flow{Store: store, Also: []audit.Sink{h}, Own: true})
	const typed, wrong = "hunter2-in-the-wrong-field", "swordfish-17-guess"
	for _, name := range []string{typed, typed + "@example.org", factortest.Ada} {
		a.Client("api").Send("POST", "/auth/api/login", fmt.Sprintf(`{"email": %q, "password": %q}`, name, wrong), 400, "")
	}
	c := a.Client("api")
	logIn(c, factortest.Ada)
	const fresh = "a fresh pass phrase 99"
	c.Send("PATCH", "/users/me", fmt.Sprintf(`{"password": %q, "email": "typed-new@example.org"}`, fresh), 200, "")
	token := c.Header.Get("Authorization")[len("Bearer "):]
	c.Ask("/login", fmt.Sprintf(`{"email": "typed-new@example.org", "password": %q}`, fresh), 200, "")
	all, err := json.Marshal(struct{ Kept, Heard []core.Record }{records(t, store), h.all})
	if err != nil {
		t.Fatal(err)
	}
	answer := root.Do(a, "GET", "/auth/audit?limit=100", "").Body.String() +
		c.Do(a, "GET", "/auth/audit/me", "").Body.String()
	for _, secret := range []string{typed, wrong, fresh, token, factortest.Ada, factortest.Password, "typed-new",
		"$argon2"} {
		if strings.Contains(string(all)+answer, secret) {
			t.Errorf("%q is in a record", secret)
		}
	}
	var refused []string
	for _, r := range records(t, store) {
		if r.Action == core.EventLoginFailed {
			refused = append(refused,
				fmt.Sprintf("%t %t %s %s %s", r.Subject == a.Ada.ID, r.Subject == "", r.Code, r.Client.IP, r.By.Kind))
		}
	}
	const code = " LOGIN_BAD_CREDENTIALS 192.0.2.1 nobody"
	if want := []string{"false true" + code, "false true" + code, "true false" + code}; !slices.Equal(refused, want) {
		t.Errorf("got %q, want %q", refused, want)
	}
}

// Auth.Sweep sweeps the records too.
func TestAuthSweeps(t *testing.T) {
	t.Parallel()
	store := memstore.NewAudit()
	a, _ := newApp(t, audit.Flow{Store: store, Keep: time.Hour})
	old := time.Now().Add(-2 * time.Hour)
	id, err := core.NewRecordID(old, strings.NewReader("12345678"))
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Append(t.Context(), core.Record{ID: id, At: old, Action: "x.y"}); err != nil {
		t.Fatal(err)
	}
	before := len(records(t, store))
	if _, err := a.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if after := records(t, store); len(after) != before-1 || after[0].Action == "x.y" {
		t.Errorf("%d of %d records are left", len(after), before)
	}
}

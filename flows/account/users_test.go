package account_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/account"
	"github.com/latchkey-go/latchkey/internal/servicetest"
)

var users = account.Users{Limits: account.ChangeLimits{Admin: core.Limit{Events: 2, Window: time.Minute}}}

// administered returns services with an administrator and a user.
func administered(t *testing.T) (s *servicetest.Services, admin, user *servicetest.Account) {
	t.Helper()
	s = servicetest.New(t)
	admin, user = s.Add("admin@example.org", password), s.Add(ada, password)
	s.Set(admin.ID, func(a *servicetest.Account) { a.IsSuperuser = true })
	return s, s.Get(admin.ID), user
}

func TestMe(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	u := s.Add(ada, password)
	s.Want(t.Context(), users, servicetest.Call{Route: "GET /me", As: u}, 200, `"email":"`+ada+`"`)
	change := servicetest.Call{Route: "PATCH /me", As: u,
		JSON: `{"nick": "amazing", "is_superuser": true, "is_verified": "yes", "is_active": false, "id": "1"}`}
	s.Want(t.Context(), users, change, 200, `"nick":"amazing"`)
	if got := s.Get(u.ID); got.IsSuperuser || got.IsVerified || !got.IsActive {
		t.Errorf("rights that nobody granted: %+v", got.User)
	}
	change.JSON = `{"email": 1}`
	s.Want(t.Context(), users, change, 422, "string_type")
}

func TestTheGuardsOfAdministration(t *testing.T) {
	t.Parallel()
	s := servicetest.New(t)
	s.Env.AccountGuards = []core.Guard{core.Verified}
	leaving := users
	leaving.SelfDelete = true
	routes, err := leaving.Routes(s.Services)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		names := ""
		for _, g := range r.Guards {
			names += g.Name + " "
		}
		want := core.Verified.Name + " " + core.Superuser.Name + " " + core.InPerson.Name + " "
		if r.Pattern == "/me" {
			want = core.Verified.Name + " "
		}
		ends := strings.Contains(r.Pattern, "/sessions")
		if (r.Method == http.MethodDelete || r.Method == http.MethodPost) && !ends {
			want += "secure "
		}
		if r.Public || names != want {
			t.Errorf("%s %s is guarded by %q, want %q", r.Method, r.Pattern, names, want)
		}
	}
}

func TestAdministration(t *testing.T) {
	t.Parallel()
	s, admin, u := administered(t)
	call := func(method, id, body string) servicetest.Call {
		return servicetest.Call{Route: method + " /" + id, As: admin, JSON: body}
	}
	s.Want(t.Context(), users, call("GET", u.ID, ""), 200, ada)
	s.Want(t.Context(), users, call("GET", "nobody", ""), 404, "")
	s.Want(t.Context(), users, call("PATCH", "nobody", `{}`), 404, "")
	s.Want(t.Context(), users, call("PATCH", u.ID, `{"is_verified": true, "is_superuser": true}`), 200,
		`"is_superuser":true,"is_verified":true`)
	s.Want(t.Context(), users, call("PATCH", u.ID, `{"is_verified": "ja"}`), 422, "bool_parsing")
	s.Want(t.Context(), users, call("PATCH", u.ID, `{"password": "a password by the admin"}`), 200, ada)
	if e := s.Last(); e.Keep != nil {
		t.Error("a session outlives a password that somebody else set")
	}
	s.Want(t.Context(), users, call("PATCH", u.ID, `{"password": "a password by the admin"}`), 200, ada)
	s.Want(t.Context(), users, call("PATCH", u.ID, `{"password": "a password by the admin"}`), 429, core.CodeRateLimited)
	s.Want(t.Context(), users, call("PATCH", u.ID, `{"nick": "not counted"}`), 200, "not counted")
	s.Want(t.Context(), users, call("DELETE", u.ID, ""), 204, "")
	s.Want(t.Context(), users, call("DELETE", u.ID, ""), 404, "")
}

func TestTheLastSuperuser(t *testing.T) {
	t.Parallel()
	leaving := users
	leaving.SelfDelete = true
	for name, c := range map[string]servicetest.Call{
		"is deactivated": {Route: "PATCH /", JSON: `{"is_active": false}`},
		"leaves":         {Route: "DELETE /me"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, admin, u := administered(t)
			c.As = admin
			if c.JSON != "" {
				c.Route += admin.ID
			}
			s.Want(t.Context(), leaving, c, 409, core.CodeLastSuperuser)
			if got := s.Get(admin.ID); !got.IsSuperuser || !got.IsActive {
				t.Fatalf("changed to %+v", got.User)
			}
			for _, none := range []func(*servicetest.Account){ // who does not count
				func(a *servicetest.Account) { a.IsSuperuser, a.IsActive = true, false },
				func(a *servicetest.Account) { a.IsActive, a.SuspendedUntil = true, core.ForGood() },
			} {
				s.Set(u.ID, none)
				s.Want(t.Context(), leaving, c, 409, core.CodeLastSuperuser)
			}
			s.Set(u.ID, func(a *servicetest.Account) { a.SuspendedUntil = time.Time{} })
			s.Want(t.Context(), leaving, c, map[bool]int{true: 204, false: 200}[c.JSON == ""], "")
		})
	}
	t.Run("the other one leaves meanwhile", func(t *testing.T) {
		t.Parallel()
		s, admin, u := administered(t)
		s.Set(u.ID, func(a *servicetest.Account) { a.IsSuperuser = true })
		s.Late = func() { s.Set(u.ID, func(a *servicetest.Account) { a.IsSuperuser = false }) }
		leave := servicetest.Call{Route: "DELETE /me", As: admin}
		s.Want(t.Context(), leaving, leave, 409, core.CodeLastSuperuser)
	})
	t.Run("two leave at once", func(t *testing.T) {
		t.Parallel()
		s, admin, u := administered(t)
		s.Set(u.ID, func(a *servicetest.Account) { a.IsSuperuser = true })
		routes, err := users.Routes(s.Services)
		if err != nil {
			t.Fatal(err)
		}
		flow := fixed{users, routes} // one flow's routes, which share what keeps the last one
		leave := func(one *servicetest.Account) {
			_, _ = s.Do(t.Context(), flow, servicetest.Call{Route: "PATCH /" + one.ID, As: one, JSON: `{"is_active": false}`})
		}
		done := make(chan struct{})
		s.Store.Late = func() { // the first one has seen that the other stays
			go func() {
				defer close(done)
				leave(u)
			}()
			select {
			case <-done:
			case <-time.After(50 * time.Millisecond): // it waits for the first one, as it should
			}
		}
		leave(admin)
		<-done
		if s.Get(admin.ID).IsActive == s.Get(u.ID).IsActive {
			t.Errorf("both are active, or none is: %v", s.Get(u.ID).IsActive)
		}
	})
}

// fixed is a flow with the routes that it made once.
type fixed struct {
	account.Users
	routes []core.Route
}

func (f fixed) Routes(*core.Services) ([]core.Route, error) { return f.routes, nil }

func TestList(t *testing.T) {
	t.Parallel()
	s, admin, _ := administered(t)
	for i := range 5 {
		s.Add(fmt.Sprintf("user%d@example.org", i), password)
	}
	next := regexp.MustCompile(`^<(.*)>; rel="next"$`)
	seen, target, pages := map[string]bool{}, "?limit=3", 0
	for ; pages < 5 && target != ""; pages++ {
		resp := s.Want(t.Context(), users, servicetest.Call{Route: "GET " + target, As: admin}, 200, "")
		var page []struct{ Email string }
		if err := json.Unmarshal(resp.Body, &page); err != nil || len(page) > 3 {
			t.Fatalf("a page of %d users, %v", len(page), err)
		}
		for _, u := range page {
			seen[u.Email] = true
		}
		target = ""
		if link := next.FindStringSubmatch(resp.Header.Get("Link")); link != nil {
			target = link[1]
		}
	}
	if len(seen) != 7 || pages != 3 {
		t.Errorf("%d users on %d pages, want 7 on 3", len(seen), pages)
	}
	s.Want(t.Context(), users, servicetest.Call{Route: "GET ?email=USER3", As: admin}, 200, "user3@example.org")
	s.Want(t.Context(), users, servicetest.Call{Route: "GET ?email=nobody", As: admin}, 200, "[]")
	s.Want(t.Context(), users, servicetest.Call{Route: "GET ?email=%20user3%20", As: admin}, 200, "user3@example.org")
	juergen := &servicetest.Account{User: core.User{
		Email: "Jürgen@München.example", EmailKey: "jürgen@xn--mnchen-3ya.example", IsActive: true,
	}}
	if err := s.Store.Create(t.Context(), juergen); err != nil {
		t.Fatal(err)
	}
	for shown, found := range map[string]string{ // field F21: as it is shown, and as it begins
		"jür": "München", "Jürgen@": "München", "jürgen@mün": "München", "Jürgen@München.example": "München",
		"jürgen@münchen.ex": "München", "jürgen@xn--mn": "München", "jürge@mün": "[]", "user3@mün": "user3@example.org", "jürgen@m": "[]",
	} {
		s.Want(t.Context(), users, servicetest.Call{Route: "GET ?email=" + url.QueryEscape(shown), As: admin}, 200, found)
	}
	for _, query := range []string{"limit=0", "limit=101", "limit=x", "cursor=made-up"} {
		s.Want(t.Context(), users, servicetest.Call{Route: "GET ?" + query, As: admin}, 422, query[:5])
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	s, admin, _ := administered(t)
	day := func(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }
	for i, change := range []func(u *core.User){
		func(u *core.User) { u.IsActive = false }, func(u *core.User) { u.IsVerified = true },
		func(u *core.User) { u.SuspendedUntil = s.Now().Add(time.Hour) }, func(u *core.User) { u.SuspendedUntil = s.Now() },
	} {
		u := &servicetest.Account{User: core.User{
			Email: fmt.Sprintf("X%d@example.org", 3-i), EmailKey: fmt.Sprintf("x%d@example.org", 3-i), IsActive: true,
			CreatedAt: day(i + 1),
		}}
		change(&u.User)
		if err := s.Store.Create(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	const mine = "&created_before=2026-04-01T00:00:00Z" // without those of administered
	for query, want := range map[string]string{
		"active=false": "3", "active=true" + mine: "210", "verified=true" + mine: "2", "verified=false" + mine: "310",
		"superuser=true" + mine: "", "superuser=false" + mine: "3210", "suspended=true": "1", "suspended=false" + mine: "320",
		"sort=created" + mine: "3210", "sort=-created" + mine: "0123", "sort=email" + mine: "0123", "sort=-email" + mine: "3210",
		"created_after=2026-03-02T12:00:00Z" + mine: "210", "created_after=2026-03-02T12:00:01Z" + mine: "10",
		"created_before=2026-03-02T12:00:00Z": "3", "created_before=2026-03-02T14:00:01%2B02:00": "32",
		"email=x&sort=-email": "3210", "email=x&sort=email": "0123", "email=x&active=true": "012", "email=%20&sort=created" + mine: "3210",
		"active=true&verified=true&created_after=2026-03-01T00:00:00Z" + mine: "2",
	} {
		for _, limit := range []string{"", "&limit=1"} { // along the links too
			got := ""
			for target := "?" + query + limit; target != ""; {
				resp := s.Want(t.Context(), users, servicetest.Call{Route: "GET " + target, As: admin}, 200, "")
				for _, found := range regexp.MustCompile(`"X(\d)@`).FindAllStringSubmatch(string(resp.Body), -1) {
					got += found[1]
				}
				_, target, _ = strings.Cut(strings.TrimSuffix(resp.Header.Get("Link"), `>; rel="next"`), "<")
			}
			if got != want {
				t.Errorf("%s%s: got %q, want %q", query, limit, got, want)
			}
		}
	}
	for query, field := range map[string]string{
		"active=": "active", "active=yes": "active", "verified=1": "verified", "superuser=TRUE": "superuser", "suspended=x": "suspended",
		"created_after=2026-03-02": "created_after", "created_before=": "created_before", "created_after=0000-01-01T00:00:00Z": "created_after",
		"created_before=9999-12-31T23:59:59-12:00": "created_before", "sort=": "sort", "sort=id": "sort", "sort=--email": "sort",
		"sort=created,email": "sort", "email=x&sort=created": "sort", "email=x&sort=-created": "sort", "limit=0": "limit",
	} {
		s.Want(t.Context(), users, servicetest.Call{Route: "GET ?" + query, As: admin}, 422, `"query","`+field+`"`)
	}
	s.Want(t.Context(), users, servicetest.Call{Route: "GET ?active=x&sort=id", As: admin}, 422, `"query","sort"`)
}

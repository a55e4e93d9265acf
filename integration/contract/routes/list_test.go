package routes_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// emails are those of a page, in its order.
func emails(t *testing.T, a harness.Answer) []string {
	t.Helper()
	var page []struct{ Email string }
	if err := json.Unmarshal([]byte(a.Body), &page); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	list := make([]string, len(page))
	for i, u := range page {
		list[i] = u.Email
	}
	return list
}

// pages follows the links from a query to the last page and returns all
// addresses.
func pages(t *testing.T, a *harness.App, root, raw string, most int, admin harness.Option) (all []string) {
	t.Helper()
	for range 100 {
		got := a.Want(t, "GET "+root+" 200", harness.Query(raw), admin)
		page := emails(t, got)
		all = append(all, page...)
		link := got.Header.Get("Link")
		if len(page) > most || link != "" && len(page) < most {
			t.Fatalf("%s: %d users on a page, want %d", raw, len(page), most)
		}
		if link == "" {
			return all
		}
		next := harness.NextPageLink.FindStringSubmatch(link)
		if next == nil {
			t.Fatalf("the link is %s", link)
		}
		raw = next[1]
	}
	t.Fatal("the pages have no end")
	return nil
}

func TestList(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		user := func(email string, change ...func(*harness.Account)) *harness.Account {
			return a.NewUser(t, append(change, func(u *harness.Account) { u.Email = email })...)
		}
		var lists []string
		for i := range 7 {
			lists = append(lists, user(fmt.Sprintf("List%d@example.org", i)).Email)
		}
		user("Other_1@example.org")
		user("OtherX1@example.org")
		plain, admin := a.LogIn(t, "jwt", user("plain@example.org")),
			a.LogIn(t, "jwt", user("admin@example.org", harness.Superuser))
		everybody := append([]string{"Other_1@example.org", "OtherX1@example.org", "plain@example.org", "admin@example.org"},
			lists...)
		is := func(got, want []string) {
			t.Helper()
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		for _, path := range []string{"/users", "/users/"} {
			a.Want(t, "GET "+path+" 401", harness.Row)
			a.Want(t, "GET "+path+" 403", harness.Row, plain)
			got := a.Want(t, "GET "+path+" 200", harness.Row, admin)
			if link := got.Header.Get("Link"); link != "" {
				t.Errorf("the only page links to %s", link)
			}
			is(emails(t, got), everybody)
			for _, limit := range []int{1, 3, 7, 100} {
				t.Run(fmt.Sprintf("GET %s 200 (Link to the next page, limit %d)", path, limit), func(t *testing.T) {
					is(pages(t, a, path, fmt.Sprintf("limit=%d&email=LIST", limit), limit, admin), lists)
					is(pages(t, a, path, fmt.Sprintf("limit=%d", limit), limit, admin), everybody)
				})
			}
		}
		for prefix, want := range map[string][]string{
			"list3@example.org": {"List3@example.org"}, "LIST3@": {"List3@example.org"}, "other_": {"Other_1@example.org"},
			"other": {"Other_1@example.org", "OtherX1@example.org"}, "ist": {}, "%25": {}, "list3@example.orgg": {}, "%00": {}, "%FF": {},
		} {
			got := a.Want(t, "GET /users 200 (email="+prefix+")", harness.Query("email="+prefix), admin)
			is(emails(t, got), want)
			if len(want) == 0 && got.Body != "[]" {
				t.Errorf("got %s, want []", got.Body)
			}
		}
	})
}

func TestListFilters(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		admin := a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
		var made []string
		for i := range 4 {
			u := a.NewUser(t, func(u *harness.Account) { u.Email = fmt.Sprintf("Filter%d@example.org", 3-i) })
			a.EditStored(t, u, func(u *harness.Account) {
				u.IsActive, u.IsVerified, u.CreatedAt = i != 0, i != 1, time.Date(2025, 3, i+1, 12, 0, 0, 0, time.UTC)
				if i == 2 {
					u.SuspendedUntil = a.Now().Add(time.Hour)
				}
			})
			made = append(made, u.Email)
		}
		const march = "&created_after=2025-03-01T12:00:00Z&created_before=2025-03-05T00:00:00%2B02:00"
		for raw, want := range map[string][]int{
			"sort=created": {0, 1, 2, 3}, "sort=-created": {3, 2, 1, 0}, "sort=email": {3, 2, 1, 0}, "sort=-email": {0, 1, 2, 3},
			"active=false": {0}, "verified=false": {1}, "suspended=true": {2}, "suspended=false": {0, 1, 3}, "superuser=true": {},
			"superuser=false&sort=-created": {3, 2, 1, 0}, "active=true&verified=true&suspended=false": {3},
			"email=filter&sort=-email": {0, 1, 2, 3}, "email=FILTER&active=true": {3, 2, 1},
		} {
			var emails []string
			for _, i := range want {
				emails = append(emails, made[i])
			}
			if got := pages(t, a, "/users", raw+march+"&limit=2", 2, admin); !slices.Equal(got, emails) {
				t.Errorf("%s: got %q, want %q", raw, got, emails)
			}
		}
		for _, bounds := range []string{
			"created_after=0001-01-01T00:00:00Z&created_before=9999-12-31T23:59:59.999999Z",
			"created_after=1969-12-31T23:59:59Z&sort=-created",
		} {
			a.Want(t, "GET /users 200 ("+bounds+")", harness.Query(bounds), admin)
		}
	})
}

func TestListShowsUsers(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Inactive, func(u *harness.Account) { u.Email = "Only@example.org" })
		got := a.Want(t, "GET /users 200 (one user)", harness.Query("email=only@"),
			a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser)))
		one := harness.Answer{Status: got.Status, Header: got.Header, Body: got.Body[1 : len(got.Body)-1]}
		one.WantListed(t, u)
	})
}

func TestListRefusals(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		a.NewUser(t)
		admin, plain := a.LogIn(t, "session", a.NewUser(t, harness.Superuser)), a.LogIn(t, "session", a.NewUser(t))
		link := harness.NextPageLink.FindStringSubmatch(a.Want(t, "GET /users 200", harness.Query("limit=1"),
			admin).Header.Get("Link"))
		if link == nil {
			t.Fatal("there is no link to a second page")
		}
		for _, limit := range []string{"0", "101", "-1", "abc", "", "1.5", "9223372036854775808", "%00", "1%20"} {
			a.Want(t, "GET /users 422 query.limit value_error (limit="+limit+")", harness.Query("limit="+limit), admin)
		}
		for _, cursor := range []string{"x", "' OR 1=1 --", "9223372036854775808", harness.NobodyID} {
			a.Want(t, "GET /users 422 query.cursor value_error", harness.Row, func(r *http.Request) {
				q := r.URL.Query()
				q.Set("cursor", cursor)
				r.URL.RawQuery = q.Encode()
			}, admin)
		}
		for _, raw := range []string{
			"active=yes", "verified=", "superuser=1", "suspended=TRUE", "created_after=yesterday", "created_before=2026-12-31",
			"sort=id", "sort=", "sort=created&email=x",
		} {
			name, _, _ := strings.Cut(raw, "=")
			a.Want(t, "GET /users 422 query."+name+" value_error ("+raw+")", harness.Query(raw), admin)
		}
		a.Want(t, "GET /users 401 (before the query)", harness.Query("limit=0"))
		a.Want(t, "GET /users 403 (before the query)", harness.Query("limit=0"), plain)
		a.Want(t, "GET /users 200 (limit=100)", harness.Query("limit=100"), admin)
		a.Want(t, "GET /users 200 (a cursor of the link)", harness.Query(link[1]), admin)
		a.Want(t, "GET /users 200 (unknown members are ignored)", harness.Query("offset=5&order=id;drop"), admin)
	})
}

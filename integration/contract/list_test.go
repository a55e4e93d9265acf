package contract_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"testing"
)

// query sets the query of a request.
func query(raw string) option { return func(r *http.Request) { r.URL.RawQuery = raw } }

// emails are those of a page, in its order.
func (a answer) emails(t *testing.T) []string {
	t.Helper()
	var page []struct{ Email string }
	if err := json.Unmarshal([]byte(a.body), &page); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	list := make([]string, len(page))
	for i, u := range page {
		list[i] = u.Email
	}
	return list
}

var nextLink = regexp.MustCompile(`^</users/?\?([^>]+)>; rel="next"$`)

// pages follows the links from a query to the last page and gives all e-mails.
func (a *app) pages(t *testing.T, root, raw string, most int, admin option) (all []string) {
	t.Helper()
	for range 100 {
		got := a.want(t, "GET "+root+" 200", query(raw), admin)
		page := got.emails(t)
		all = append(all, page...)
		link := got.header.Get("Link")
		if len(page) > most || link != "" && len(page) < most {
			t.Fatalf("%s: %d users on a page, want %d", raw, len(page), most)
		}
		if link == "" {
			return all
		}
		next := nextLink.FindStringSubmatch(link)
		if next == nil {
			t.Fatalf("the link is %s", link)
		}
		raw = next[1]
	}
	t.Fatal("the pages have no end")
	return nil
}

func TestList(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		user := func(email string, change ...func(*Account)) *Account {
			return a.user(t, append(change, func(u *Account) { u.Email = email })...)
		}
		var lists []string
		for i := range 7 {
			lists = append(lists, user(fmt.Sprintf("List%d@example.org", i)).Email)
		}
		user("Other_1@example.org")
		user("OtherX1@example.org")
		plain, admin := a.login(t, "jwt", user("plain@example.org")), a.login(t, "jwt", user("admin@example.org", superuser))
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
			a.row(t, "GET "+path+" 401")
			a.row(t, "GET "+path+" 403", plain)
			got := a.row(t, "GET "+path+" 200", admin)
			if link := got.header.Get("Link"); link != "" {
				t.Errorf("the only page links to %s", link)
			}
			is(got.emails(t), everybody)
			for _, limit := range []int{1, 3, 7, 100} {
				t.Run(fmt.Sprintf("GET %s 200 (Link to the next page, limit %d)", path, limit), func(t *testing.T) {
					is(a.pages(t, path, fmt.Sprintf("limit=%d&email=LIST", limit), limit, admin), lists)
					is(a.pages(t, path, fmt.Sprintf("limit=%d", limit), limit, admin), everybody)
				})
			}
		}
		for prefix, want := range map[string][]string{
			"list3@example.org": {"List3@example.org"}, "LIST3@": {"List3@example.org"}, "other_": {"Other_1@example.org"},
			"other": {"Other_1@example.org", "OtherX1@example.org"}, "ist": {}, "%25": {}, "list3@example.orgg": {}, "%00": {}, "%FF": {},
		} {
			got := a.row(t, "GET /users 200 (email="+prefix+")", query("email="+prefix), admin)
			is(got.emails(t), want)
			if len(want) == 0 && got.body != "[]" {
				t.Errorf("got %s, want []", got.body)
			}
		}
	})
}

func TestListShowsUsers(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t, inactive, func(u *Account) { u.Email = "Only@example.org" })
		got := a.row(t, "GET /users 200 (one user)", query("email=only@"), a.login(t, "jwt", a.user(t, superuser)))
		one := answer{got.status, got.header, got.body[1 : len(got.body)-1]}
		one.wantUser(t, u)
	})
}

func TestListRefusals(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		a.user(t)
		admin, plain := a.login(t, "session", a.user(t, superuser)), a.login(t, "session", a.user(t))
		link := nextLink.FindStringSubmatch(a.want(t, "GET /users 200", query("limit=1"), admin).header.Get("Link"))
		if link == nil {
			t.Fatal("there is no link to a second page")
		}
		for _, limit := range []string{"0", "101", "-1", "abc", "", "1.5", "9223372036854775808", "%00", "1%20"} {
			a.row(t, "GET /users 422 query.limit value_error (limit="+limit+")", query("limit="+limit), admin)
		}
		for _, cursor := range []string{"x", "' OR 1=1 --", "9223372036854775808", nobody} {
			a.row(t, "GET /users 422 query.cursor value_error", func(r *http.Request) {
				q := r.URL.Query()
				q.Set("cursor", cursor)
				r.URL.RawQuery = q.Encode()
			}, admin)
		}
		a.row(t, "GET /users 401 (before the query)", query("limit=0"))
		a.row(t, "GET /users 403 (before the query)", query("limit=0"), plain)
		a.row(t, "GET /users 200 (limit=100)", query("limit=100"), admin)
		a.row(t, "GET /users 200 (a cursor of the link)", query(link[1]), admin)
		a.row(t, "GET /users 200 (unknown members are ignored)", query("offset=5&sort=id;drop"), admin)
	})
}

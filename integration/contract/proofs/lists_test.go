package proofs_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// lists of users: what sorts and filters is one of a few words, and a cursor
// belongs to its query.
func lists(t *testing.T, a *harness.App) {
	for range 4 {
		a.NewUser(t)
	}
	admin := a.LogIn(t, "session", a.NewUser(t, harness.Superuser))
	words := append([]string{"id;drop", "hashed_password", "-", "1", "null", "\x00", "\xff", strings.Repeat("1", 10_000)},
		harness.Injections...)
	for _, name := range []string{
		"sort", "active", "verified", "superuser", "suspended", "created_after", "created_before",
	} {
		for _, value := range words {
			a.Want(t, "GET /users 422 query."+name+" value_error",
				harness.Case("I07 "+name+" is "+value[:min(len(value), 40)]), harness.Query(url.Values{name: {value}}.Encode()),
				admin)
		}
	}
	a.Want(t, "GET /users 422 query.limit value_error", harness.Case("I07 limit is 10^9"),
		harness.Query("limit=1000000000"), admin)
	first := a.Want(t, "GET /users 200 (twin)", harness.Query("sort=-created&active=true&limit=2"), admin)
	link := harness.NextPageLink.FindStringSubmatch(first.Header.Get("Link"))
	if link == nil {
		t.Fatal("there is no second page")
	}
	next, err := url.ParseQuery(link[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"sort", "created"}, {"sort", "email"}, {"active", "false"}, {"verified", "true"}, {"suspended", "false"},
		{"created_after", "2026-01-01T00:00:00Z"}, {"email", "u"},
	} {
		other := url.Values{"cursor": next["cursor"], "sort": next["sort"], "active": next["active"]}
		if other.Set(change[0], change[1]); change[0] == "email" {
			other.Del("sort")
		}
		a.Want(t, "GET /users 422 query.cursor value_error",
			harness.Case("I07 a cursor of another query, by "+strings.Join(change[:], "=")),
			harness.Query(other.Encode()), admin)
	}
	a.Want(t, "GET /users 200 (twin, the second page)", harness.Query(link[1]), admin)
}

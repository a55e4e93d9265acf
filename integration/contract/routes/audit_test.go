package routes_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// actions are those of a page of records, in its order.
func actions(t *testing.T, a harness.Answer) []string {
	t.Helper()
	var page []struct{ Action, Code string }
	if err := json.Unmarshal([]byte(a.Body), &page); err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	list := make([]string, len(page))
	for i, r := range page {
		list[i] = r.Action + " " + r.Code
	}
	return list
}

func TestAuditRoutes(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		a.Advance(time.Second)
		mine, admin := a.LogIn(t, "session", u), a.LogIn(t, "session", a.NewUser(t, harness.Superuser))
		a.Advance(time.Second)
		a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", harness.LoginForm(u.Email, harness.OtherPassword))
		a.Advance(time.Second)
		a.Want(t, "GET /auth/audit 401", harness.Row)
		a.Want(t, "GET /auth/audit 403", harness.Row, mine)
		a.Want(t, "GET /auth/audit/me 401", harness.Row)
		a.Advance(time.Second)
		a.ChangeUser(t, u, latchkey.Changes[harness.Account]{IsVerified: new(true)})

		own := a.Want(t, "GET /auth/audit/me 200", harness.Row, mine)
		want := []string{"user.updated ", "refused Forbidden", "login.refused LOGIN_BAD_CREDENTIALS", "login "}
		if got := actions(t, own); !slices.Equal(got[:min(len(got), len(want))], want) {
			t.Errorf("got %q, want %q", got, want)
		}
		query := func(q url.Values) harness.Option { return harness.Query(q.Encode()) }
		all := a.Want(t, "GET /auth/audit 200", harness.Row, admin, query(url.Values{"user": {u.ID}, "limit": {"2"}}))
		if got := actions(t, all); !slices.Equal(got, want[:2]) {
			t.Errorf("got %q, want %q", got, want[:2])
		}
		link := harness.NextPageLink.FindStringSubmatch(all.Header.Get("Link"))
		if link == nil {
			t.Fatalf("the link is %s", all.Header.Get("Link"))
		}
		next := a.Want(t, "GET /auth/audit 200 (the second page)", admin, harness.Query(link[1]))
		if got := actions(t, next); !slices.Equal(got, want[2:4]) {
			t.Errorf("got %q, want %q", got, want[2:4])
		}
		one := a.Want(t, "GET /auth/audit 200 (filters)", admin, query(url.Values{
			"user": {u.ID}, "action": {"login.refused"}, "from": {"2000-01-01T00:00:00Z"}, "to": {"9999-01-01T00:00:00+02:00"},
		}))
		if got := actions(t, one); !slices.Equal(got, want[2:3]) {
			t.Errorf("got %q, want %q", got, want[2:3])
		}
		byUser := a.Want(t, "GET /auth/audit 200 (by)", admin,
			query(url.Values{"by": {u.ID}, "limit": {"1"}, "action": {"refused"}}))
		if got := actions(t, byUser); !slices.Equal(got, want[1:2]) {
			t.Errorf("got %q, want %q", got, want[1:2])
		}
		for name, value := range map[string]string{"limit": "0", "from": "2020", "to": "x", "cursor": "x"} {
			a.Want(t, "GET /auth/audit 422 query."+name+" value_error", harness.Row, admin, query(url.Values{name: {value}}))
		}
		a.Want(t, "GET /auth/audit/me 422 query.cursor value_error", harness.Row, mine, harness.Query("cursor=x"))
		a.Break("audit.List")
		a.Want(t, "GET /auth/audit 503 SERVICE_UNAVAILABLE", admin)
		a.Want(t, "GET /auth/audit/me 503 SERVICE_UNAVAILABLE", mine)
		a.Mend()
	})
}

package attacks_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestAttackP16Pages(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for range 4 {
			a.NewUser(t)
		}
		admin := a.LogIn(t, "session", a.NewUser(t, harness.Superuser))
		for _, limit := range []string{"-1", "0", "101", "9223372036854775808", "-9223372036854775809", "1e2", "0x10", "1;2",
			"', 1", "½", "१"} {
			a.Want(t, "GET /users 422 query.limit value_error", harness.Case("P16 limit is "+limit),
				harness.Query(url.Values{"limit": {limit}}.Encode()), admin)
		}
		a.Want(t, "GET /users 422 query.email value_error", harness.Case("P16 a prefix of 300 bytes"),
			harness.Query("email="+strings.Repeat("x", 300)), admin)
		link := harness.NextPageLink.FindStringSubmatch(a.Want(t, "GET /users 200 (twin)", harness.Query("limit=2"),
			admin).Header.Get("Link"))
		if link == nil {
			t.Fatal("there is no second page")
		}
		next, err := url.ParseQuery(link[1])
		if err != nil {
			t.Fatal(err)
		}
		good := next.Get("cursor")
		cursor := func(c string) harness.Option {
			return harness.Query(url.Values{"cursor": {c}, "limit": {"2"}}.Encode())
		}
		for _, forged := range append([]string{"-1", "18446744073709551616", good + "x", swapCase(good) + "=",
			strings.Repeat("A", 10_000), "\x00", "\xff", harness.NobodyID}, harness.Injections...) {
			a.Want(t, "GET /users 422 query.cursor value_error",
				harness.Case("P16 P17 cursor is "+forged[:min(len(forged), 40)]), cursor(forged), admin)
		}
		a.Want(t, "GET /users 200 (twin, the second page)", cursor(good), admin)
		for _, raw := range []string{"email=a", "email=user", "email=%40"} {
			other := harness.Query(raw + "&" + link[1])
			a.Want(t, "GET /users 422 query.cursor value_error", harness.Case("P16 a cursor of another query, "+raw), other,
				admin)
		}
	})
}

func TestAttackP17SQL(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		admin, target := asAdmin(t, a)
		token := a.MailedToken(t, "reset", target)
		for i, sql := range harness.Injections {
			t.Run("P17 "+sql, func(t *testing.T) {
				a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", harness.LoginForm(sql, sql))
				a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS",
					harness.LoginForm("nobody"+string(rune('a'+i))+"@example.org", sql))
				a.Want(t, badReset, harness.JSONObject(harness.Object{"token": sql, "password": sql + " and more"}))
				a.Want(t, badReset, harness.JSONObject(harness.Object{"token": token + sql, "password": harness.OtherPassword}))
				a.Want(t, badVerify, harness.VerifyBody(sql))
				a.Want(t, "GET /users/me 401", harness.Credential("cookie", url.QueryEscape(sql)))
				a.Want(t, "GET /users/me 401", harness.Header("Authorization", "Bearer "+url.QueryEscape(sql)))
				inPath := strings.ReplaceAll(sql, "/", "") // a path with a slash too many is the router's to answer
				a.Want(t, "GET /users/{id} 404", admin[0], harness.PathID("x"+inPath))
				a.Want(t, "DELETE /users/{id} 404", admin[0], harness.PathID(target.ID+inPath))
				a.Want(t, "DELETE /auth/sessions/{id} 404", admin[0], harness.PathID("x"+inPath))
				if got := a.Want(t, "GET /users 200", admin[0],
					harness.Query(url.Values{"email": {sql}}.Encode())); got.Body != "[]" {
					t.Errorf("a prefix %q finds %s", sql, got.Body)
				}
				for _, name := range []string{"sort", "active", "created_after"} {
					a.Want(t, "GET /users 422 query."+name+" value_error", admin[0], harness.Query(url.Values{name: {sql}}.Encode()))
				}
				sorted := a.Want(t, "GET /users 200", admin[0],
					harness.Query(url.Values{"order": {sql}, "order_by": {sql}}.Encode()))
				if plain := a.Want(t, "GET /users 200", admin[0]); sorted.Body != plain.Body {
					t.Errorf("a sort key changes the list to %s", sorted.Body)
				}
				target.FullName = sql
				a.Want(t, "PATCH /users/{id} 200 (twin, stored as it is)",
					append(admin, harness.JSONObject(harness.Object{"full_name": sql}))...).WantUser(t, target)
				a.Want(t, "GET /users/{id} 200 (twin)", admin...).WantUser(t, target)
			})
		}
		a.Want(t, harness.ResetRoute+"200 (twin)", harness.ResetBody(token))
	})
}

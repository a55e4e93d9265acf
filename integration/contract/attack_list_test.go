package contract_test

import (
	"net/url"
	"strings"
	"testing"
)

// injections are fragments that mean something to one database or another.
var injections = []string{
	`' OR '1'='1`, `' OR 1=1 --`, `'; DROP TABLE latchkey_users; --`, `" OR ""="`, `') OR ('1'='1`, `1; SELECT pg_sleep(10)`, `' UNION SELECT * FROM latchkey_sessions --`,
	`\'; --`, `%' OR '%'='`, "`", `$1`, `?`, `?0`, `??`, `:name`, `{"$gt": ""}`, `x\`, `_`, `%`, `*`, `a' || 'b`, `/* x */`, `@@version`, `0x27`, "\u02bc OR 1=1",
}

func TestAttackP16Pages(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for range 4 {
			a.user(t)
		}
		admin := a.login(t, "session", a.user(t, superuser))
		for _, limit := range []string{"-1", "0", "101", "9223372036854775808", "-9223372036854775809", "1e2", "0x10", "1;2",
			"', 1", "½", "१"} {
			a.attack(t, "P16 limit is "+limit, "GET /users 422 query.limit value_error",
				query(url.Values{"limit": {limit}}.Encode()), admin)
		}
		a.attack(t, "P16 a prefix of 300 bytes", "GET /users 422 query.email value_error",
			query("email="+strings.Repeat("x", 300)), admin)
		link := nextLink.FindStringSubmatch(a.want(t, "GET /users 200 (twin)", query("limit=2"), admin).header.Get("Link"))
		if link == nil {
			t.Fatal("there is no second page")
		}
		next, err := url.ParseQuery(link[1])
		if err != nil {
			t.Fatal(err)
		}
		good := next.Get("cursor")
		cursor := func(c string) option { return query(url.Values{"cursor": {c}, "limit": {"2"}}.Encode()) }
		for _, forged := range append([]string{"-1", "18446744073709551616", good + "x", swapCase(good) + "=",
			strings.Repeat("A", 10_000), "\x00", "\xff", nobody}, injections...) {
			a.attack(t, "P16 P17 cursor is "+forged[:min(len(forged), 40)], "GET /users 422 query.cursor value_error",
				cursor(forged), admin)
		}
		a.want(t, "GET /users 200 (twin, the second page)", cursor(good), admin)
		for _, raw := range []string{"email=a", "email=user", "email=%40"} {
			other := query(raw + "&" + link[1])
			a.attack(t, "P16 a cursor of another query, "+raw, "GET /users 422 query.cursor value_error", other, admin)
		}
	})
}

func TestAttackP17SQL(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		admin, target := a.asAdmin(t)
		token := a.asked(t, "reset", target)
		for i, sql := range injections {
			t.Run("P17 "+sql, func(t *testing.T) {
				a.want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", form("username", sql, "password", sql))
				a.want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS",
					form("username", "nobody"+string(rune('a'+i))+"@example.org", "password", sql))
				a.want(t, badReset, members(object{"token": sql, "password": sql + " and more"}))
				a.want(t, badReset, members(object{"token": token + sql, "password": another}))
				a.want(t, badVerify, proof(sql))
				a.want(t, "GET /users/me 401", credential("cookie", url.QueryEscape(sql)))
				a.want(t, "GET /users/me 401", header("Authorization", "Bearer "+url.QueryEscape(sql)))
				inPath := strings.ReplaceAll(sql, "/", "") // a path with a slash too many is the router's to answer
				a.want(t, "GET /users/{id} 404", admin[0], id("x"+inPath))
				a.want(t, "DELETE /users/{id} 404", admin[0], id(target.ID+inPath))
				a.want(t, "DELETE /auth/sessions/{id} 404", admin[0], id("x"+inPath))
				if got := a.want(t, "GET /users 200", admin[0], query(url.Values{"email": {sql}}.Encode())); got.body != "[]" {
					t.Errorf("a prefix %q finds %s", sql, got.body)
				}
				sorted := a.want(t, "GET /users 200", admin[0],
					query(url.Values{"sort": {sql}, "order": {sql}, "order_by": {sql}}.Encode()))
				if plain := a.want(t, "GET /users 200", admin[0]); sorted.body != plain.body {
					t.Errorf("a sort key changes the list to %s", sorted.body)
				}
				target.FullName = sql
				a.want(t, "PATCH /users/{id} 200 (twin, stored as it is)",
					append(admin, members(object{"full_name": sql}))...).wantUser(t, target)
				a.want(t, "GET /users/{id} 200 (twin)", admin...).wantUser(t, target)
			})
		}
		a.want(t, resetRoute+"200 (twin)", fresh(token))
	})
}

package usertype_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

// What clients may write and read of the type, on every store.
func TestAccount(t *testing.T) {
	everywhere(t, func(t *testing.T, library string, d database) {
		walk(t, users[Account](t, library, d, d.open(t)))
	})
	t.Run("memstore", func(t *testing.T) { walk(t, memstore.NewUsers[Account]()) })
}

func walk(t *testing.T, users core.UserStore[Account]) {
	t.Helper()
	a := newApp(t, users, latchkey.Hooks[Account]{})
	for members, want := range map[string]string{
		`"plan": "team"`:                               `"loc":["body","name"],"msg":"Field required","type":"missing"`,
		`"plan": "gold", "name": "Ada"`:                `"loc":["body","plan"],"msg":"Input is not valid here","type":"value_error"`,
		`"plan": "team", "name": null`:                 `"loc":["body","name"],"msg":"Input should be a valid string","type":"string_type"`,
		`"plan": "team", "name": "Ada", "city": ["x"]`: `"loc":["body","city"]`,
	} {
		a.want(t, "POST /auth/register", "", who("ada@example.org")+", "+members+"}", 422, want)
	}
	// What the tags do not list is ignored.
	a.register(t, "bob@example.org", `, "plan": "free", "name": "Bob", "credits": 1000, "topics": ["x"], "Customer": "x", "stripe_id": "x"`)
	token := a.register(t, "ada@example.org", `, "plan": "team", "name": "Ada", "nick": null, "city": "London", "is_superuser": true`)
	const flags = `"email":"ada@example.org","is_active":true,"is_superuser":false,"is_verified":false`
	a.want(t, "GET /users/me", token, "", 200,
		flags+`,"name":"Ada","nick":null,"plan":"team","topics":null,"credits":0,"city":"London"}`)
	a.want(t, "PATCH /users/me", token, `{"nick": "countess", "topics": ["engines"], "plan": "free", "credits": 9}`, 200,
		`"nick":"countess","plan":"team","topics":["engines"],"credits":0`)
	a.want(t, "PATCH /users/me", token, `{"nick": null, "topics": null, "name": null}`, 200,
		`"name":"Ada","nick":"countess","plan":"team","topics":["engines"]`) // null leaves them
	a.want(t, "PATCH /users/me", token, `{"nick": "", "topics": []}`, 200, `"nick":"","plan":"team","topics":[]`)
	a.want(t, "PATCH /users/me", token, `{"topics": ["engines", 7]}`, 422, `"list_type"`)

	ctx, m := t.Context(), a.Manager()
	u, err := m.FindByEmail(ctx, "ada@example.org")
	fatal(t, err)
	renewed := time.Date(2026, 5, 4, 12, 30, 0, 1000, time.UTC)
	_, err = m.Update(ctx, u.ID, latchkey.Changes[Account]{Edit: func(u *Account) error {
		u.Nick, u.Credits, u.Renewed, u.Customer, u.Draft, u.Topics = nil, 10, renewed, "cus_1", "not kept", Topics{"a", "b"}
		return nil
	}})
	fatal(t, err)
	a.want(t, "GET /users/me", token, "", 200, flags+`,"name":"Ada","nick":null,"plan":"team","topics":["a","b"],"credits":10,`+
		`"renewed":"2026-05-04T12:30:00.000001Z","city":"London"}`)
	u, err = m.Find(ctx, u.ID)
	fatal(t, err)
	if u.Nick != nil || u.Credits != 10 || !u.Renewed.Equal(renewed) || u.Customer != "cus_1" || u.City != "London" ||
		!slices.Equal(u.Topics, Topics{"a", "b"}) {
		t.Errorf("the user is stored as %+v", u)
	}
}

// The columns have the names that the tags give them, and else the field's in
// snake case.
func TestColumnNames(t *testing.T) {
	everywhere(t, func(t *testing.T, library string, d database) {
		db := d.open(t)
		us := users[Account](t, library, d, db)
		fatal(t, us.Create(t.Context(), &Account{User: latchkey.User{Email: "a@example.org", EmailKey: "a@example.org"},
			Name: "Ada", Customer: "cus_1", Address: Address{City: "London"}}))
		var name, customer, city string
		row := db.QueryRowContext(t.Context(), "SELECT name, stripe_id, city FROM latchkey_users WHERE nick IS NULL")
		if err := row.Scan(&name, &customer, &city); err != nil || name+customer+city != "Adacus_1London" {
			t.Errorf("the columns have %q, %q, %q (%v)", name, customer, city, err)
		}
		rows, err := db.QueryContext(t.Context(), "SELECT * FROM latchkey_users")
		fatal(t, err)
		defer rows.Close()
		columns, err := rows.Columns()
		fatal(t, err)
		if slices.ContainsFunc(columns, func(c string) bool { return strings.EqualFold(c, "draft") }) {
			t.Errorf("the table has the columns %q", columns)
		}
		fatal(t, rows.Err())
	})
}

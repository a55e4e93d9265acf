package usertype_test

import (
	"context"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// plain is the user of the first release.
type plain struct {
	latchkey.User
	Name string `json:"name" auth:"register,update"`
}

// themed is that of the second, whose new column has a value in the rows that
// are there already. Each store has its tag for that.
type themed struct {
	latchkey.User
	Name  string `json:"name" auth:"register,update"`
	Theme string `json:"theme" auth:"register,update" db:"theme,type:VARCHAR(10) NOT NULL DEFAULT 'light'" bun:"type:VARCHAR(10),notnull,default:'light'" gorm:"size:10;not null;default:light"`
}

// renamed is that of the third, in which Name has got another name in Go and
// for clients, and the same column.
type renamed struct {
	latchkey.User
	FullName string `json:"full_name" auth:"register,update" db:"name" bun:"name" gorm:"column:name"`
}

// lightTheme is the default for new users.
func lightTheme() latchkey.Hooks[themed] {
	return latchkey.Hooks[themed]{BeforeRegister: func(_ context.Context, e *latchkey.Event[themed]) error {
		if e.User.Theme == "" {
			e.User.Theme = "light"
		}
		return nil
	}}
}

// Releases with different user types serve side by side, over one table.
func TestReleases(t *testing.T) {
	everywhere(t, func(t *testing.T, library string, d database) {
		ctx, db := t.Context(), d.open(t)
		first := newApp(t, users[plain](t, library, d, db), latchkey.Hooks[plain]{})
		ada := first.register(t, "ada@example.org", `, "name": "Ada"`)

		// The second release adds its column while the first serves.
		themedUsers := users[themed](t, library, d, db)
		second := newApp(t, themedUsers, lightTheme())
		first.register(t, "bob@example.org", `, "name": "Bob"`)
		first.want(t, "PATCH /users/me", ada, `{"name": "Countess"}`, 200, `"name":"Countess"}`)
		for email, want := range map[string]string{
			"ada@example.org": `"name":"Countess","theme":"light"`, "bob@example.org": `"name":"Bob","theme":"light"`,
		} {
			second.want(t, "GET /users/me", second.login(t, email), "", 200, want)
		}
		eve := second.register(t, "eve@example.org", "")
		second.want(t, "PATCH /users/me", eve, `{"name": "Eve"}`, 200, `"name":"Eve","theme":"light"`)
		second.want(t, "PATCH /users/me", eve, `{"theme": "dark"}`, 200, `"theme":"dark"`)
		// A change by the first release leaves what it does not know.
		first.want(t, "PATCH /users/me", first.login(t, "eve@example.org"), `{"name": "Eva"}`, 200, `"name":"Eva"}`)
		second.want(t, "GET /users/me", eve, "", 200, `"name":"Eva","theme":"dark"`)

		// The third has the column by another name, and one less.
		third := newApp(t, users[renamed](t, library, d, db), latchkey.Hooks[renamed]{})
		token := third.login(t, "eve@example.org")
		third.want(t, "GET /users/me", token, "", 200, `"full_name":"Eva"}`)
		third.want(t, "PATCH /users/me", token, `{"full_name": "Eva L."}`, 200, `"full_name":"Eva L."`)
		third.register(t, "grace@example.org", `, "full_name": "Grace"`)
		second.want(t, "GET /users/me", second.login(t, "grace@example.org"), "", 200, `"name":"Grace","theme":"light"`)

		// Nobody uses the column any more: a migration of the
		// application's own drops it.
		if _, err := db.ExecContext(ctx, "ALTER TABLE latchkey_users DROP COLUMN theme"); err != nil {
			t.Fatal(err)
		}
		third.want(t, "PATCH /users/me", token, `{"full_name": "Eva Lovelace"}`, 200, `"full_name":"Eva Lovelace"`)
		third.register(t, "alan@example.org", `, "full_name": "Alan"`)
		if _, err := themedUsers.Find(ctx, core.ByEmail("alan@example.org")); err == nil {
			t.Error("a process of the second release still reads the column")
		}
	})
}

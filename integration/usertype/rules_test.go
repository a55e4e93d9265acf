package usertype_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/latchkey-go/latchkey"
)

// addRules adds the application's own constraints, as a migration of its own
// would, after Migrate has made the columns.
func addRules(ctx context.Context, db *sql.DB) error {
	for _, statement := range []string{
		"CREATE UNIQUE INDEX one_nick ON latchkey_users (LOWER(nick))",
		"ALTER TABLE latchkey_users ADD CONSTRAINT latchkey_users_name_check CHECK (length(name) <= 40)",
		"CREATE TABLE invoices (user_id UUID NOT NULL REFERENCES latchkey_users (id))",
		"CREATE TABLE notes (user_id UUID NOT NULL REFERENCES latchkey_users (id) ON DELETE CASCADE)",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// What a client receives where the application's own schema refuses.
func TestOwnRules(t *testing.T) {
	for _, library := range []string{"sqlstore", "bunstore", "gormstore"} {
		t.Run(library, func(t *testing.T) {
			t.Parallel()
			d := databases["PostgreSQL"]
			db := d.open(t)
			a := newApp(t, users[Account](t, library, d, db), latchkey.Hooks[Account]{})
			ctx := t.Context()
			fatal(t, addRules(ctx, db))

			const more = `, "plan": "free", "name": "somebody"`
			a.register(t, "ada@example.org", more+`, "nick": "Countess"`)
			bob := a.register(t, "bob@example.org", more) // without a nick: any number of users
			eve := a.register(t, "eve@example.org", more)
			const long = `"name": "a name of far more than forty letters, is it not"`
			a.want(t, "POST /auth/register", "", who("new@example.org")+`, "plan": "free", "name": "New", "nick": "countess"}`,
				400, "REGISTER_USER_CONFLICT")
			a.want(t, "POST /auth/register", "", who("new@example.org")+`, "plan": "free", `+long+`}`, 422, `["body","name"]`)
			a.want(t, "PATCH /users/me", bob, `{"nick": "COUNTESS"}`, 400, "UPDATE_USER_CONFLICT")
			a.want(t, "PATCH /users/me", bob, `{"nick": "bob"}`, 200, `"nick":"bob"`)
			a.want(t, "PATCH /users/me", eve, `{`+long+`}`, 422, `["body","name"]`)

			yes := true
			u, err := a.Manager().FindByEmail(ctx, "ada@example.org")
			fatal(t, err)
			_, err = a.Manager().Update(ctx, u.ID, latchkey.Changes[Account]{IsSuperuser: &yes})
			fatal(t, err)
			admin := a.login(t, "ada@example.org")
			for email, table := range map[string]string{"bob@example.org": "invoices", "eve@example.org": "notes"} {
				u, err := a.Manager().FindByEmail(ctx, email)
				fatal(t, err)
				_, err = db.ExecContext(ctx, "INSERT INTO "+table+" VALUES ($1)", u.ID)
				fatal(t, err)
				if table == "invoices" {
					a.want(t, "DELETE /users/"+u.ID, admin, "", 409, "DELETE_USER_CONFLICT")
				} else {
					a.want(t, "DELETE /users/"+u.ID, admin, "", 204, "")
				}
			}
		})
	}
}

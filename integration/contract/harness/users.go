package harness

import (
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// NobodyID is the ID of no user.
const NobodyID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"

// StoredState returns everything that is kept of users and their sessions, as
// text to compare.
func (a *App) StoredState(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	cursor, more := "", true
	for more {
		page, next, err := a.Stores.Users.List(t.Context(), core.Query{Cursor: cursor, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page {
			fmt.Fprintf(&b, "%+v %s\n", *u, string(u.HashedPassword))
			living, err := a.Stores.Sessions.List(t.Context(), u.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range living {
				fmt.Fprintf(&b, "\t%+v\n", *s)
			}
		}
		cursor, more = next, next != ""
	}
	return b.String()
}

// EditStored changes a stored user behind the application's back.
func (a *App) EditStored(t *testing.T, u *Account, change func(*Account)) {
	t.Helper()
	if _, err := a.Stores.Users.Update(t.Context(), u.ID, func(u *Account) error { change(u); return nil }); err != nil {
		t.Fatal(err)
	}
}

// NewUser makes an active user with Password, after the changes: Inactive,
// Superuser, Verified, or a test's own.
func (a *App) NewUser(t *testing.T, change ...func(*Account)) *Account {
	t.Helper()
	u := &Account{User: latchkey.User{Email: fmt.Sprintf("User%d@example.org", a.users.Add(1)), IsActive: true},
		FullName: "Someone", Credits: 7}
	for _, c := range change {
		c(u)
	}
	if err := a.Manager().Create(t.Context(), u, Password); err != nil {
		t.Fatal(err)
	}
	return u
}

// Inactive makes a user inactive.
func Inactive(u *Account) { u.IsActive = false }

// Superuser makes a user a superuser.
func Superuser(u *Account) { u.IsSuperuser = true }

// Verified makes a user verified.
func Verified(u *Account) { u.IsVerified = true }

// ChangeUser edits a user outside HTTP.
func (a *App) ChangeUser(t *testing.T, u *Account, c latchkey.Changes[Account]) {
	t.Helper()
	if _, err := a.Manager().Update(t.Context(), u.ID, c); err != nil {
		t.Fatal(err)
	}
}

// Token logs a user in at a backend, and returns the token.
func (a *App) Token(t *testing.T, backend string, u *Account) string {
	t.Helper()
	credentials := LoginForm(u.Email, Password)
	if backend == "cookie" {
		return a.Want(t, "POST /auth/cookie/login 204", credentials).Cookie(t).Value
	}
	return a.Want(t, "POST /auth/"+backend+"/login 200", credentials).Member(t, "access_token").(string)
}

// LogIn logs a user in at a backend, and returns what presents the credential.
func (a *App) LogIn(t *testing.T, backend string, u *Account) Option {
	t.Helper()
	return Credential(backend, a.Token(t, backend, u))
}

// FailLogins fails n logins of a name, at one backend after the other.
func (a *App) FailLogins(t *testing.T, n int, name string) {
	t.Helper()
	for i := range n {
		a.Want(t, "POST /auth/"+Backends[i%3]+"/login 400 LOGIN_BAD_CREDENTIALS", LoginForm(name, OtherPassword))
	}
}

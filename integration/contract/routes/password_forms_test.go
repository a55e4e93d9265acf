package routes_test

import (
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

// One password as different keyboards send it: letters composed or not, and
// other spaces. The rest are other passwords.
const (
	composed, decomposed = "caf\u00e9 au lait", "cafe\u0301\u00a0au\u3000lait"
	otherCase, wide      = "Caf\u00e9 au lait", "\uff43af\u00e9 au lait"
)

// A password is set in one form, by every route that sets one, and sent in the
// other, to every route that takes one.
func TestAttackG21FormsOfAPassword(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		admin := a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
		for _, form := range []struct{ name, set, typed string }{
			{"composed", composed, decomposed}, {"decomposed", decomposed, composed},
		} {
			logsIn := func(how string, u *harness.Account) {
				t.Helper()
				for _, backend := range harness.Backends {
					for _, typed := range []string{form.set, form.typed} {
						a.Want(t, "POST /auth/"+backend+"/login "+harness.LoginStatus(backend),
							harness.Case("G21 "+form.name+", set by "+how+", at "+backend), harness.LoginForm(u.Email, typed))
					}
				}
				for _, wrong := range []string{otherCase, wide, "cafe au lait"} {
					a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", harness.LoginForm(u.Email, wrong))
				}
				a.Want(t, "POST /auth/jwt/login 200", harness.LoginForm(u.Email, form.typed)) // and lifts the limit
				if _, err := a.Manager().Authenticate(t.Context(), u.Email, form.typed); err != nil {
					t.Errorf("set by %s: Authenticate returned %v", how, err)
				}
			}
			password := func(more harness.Object) harness.Option {
				more["password"] = form.set
				return harness.JSONObject(more)
			}
			email := "g21-" + form.name + "@example.org"
			a.Want(t, "POST /auth/register 201", password(harness.Object{"email": email}))
			u, err := a.Manager().FindByEmail(t.Context(), email)
			if err != nil {
				t.Fatal(err)
			}
			logsIn("register", u)

			mine := a.LogIn(t, "session", a.NewUser(t))
			a.Want(t, "PATCH /users/me 200", mine, harness.JSONObject(harness.Object{"email": "me-" + email}))
			a.Want(t, "PATCH /users/me 200", mine, password(harness.Object{}))
			logsIn("PATCH me", &harness.Account{User: core.User{Email: "me-" + email}})
			a.Want(t, "PATCH /users/me 200", harness.Case("G21 "+form.name+", the current password"), mine,
				harness.JSONObject(harness.Object{"email": "new-" + email, "current_password": form.typed}))
			a.Want(t, "PATCH /users/me 400 UPDATE_USER_BAD_CURRENT_PASSWORD", mine,
				harness.JSONObject(harness.Object{"email": email, "current_password": otherCase}))

			u = a.NewUser(t)
			a.Want(t, "PATCH /users/{id} 200", admin, harness.PathID(u.ID), password(harness.Object{}))
			logsIn("PATCH by an administrator", u)

			u = a.NewUser(t)
			a.Want(t, harness.ResetRoute+"200", password(harness.Object{"token": a.MailedToken(t, "reset", u)}))
			logsIn("reset", u)

			u = &harness.Account{User: core.User{
				Email: "imported-" + email, IsActive: true, HashedPassword: core.PasswordHash(harness.FakeHashPrefix + form.set),
			}}
			if err := a.Manager().Import(t.Context(), u, u.HashedPassword); err != nil {
				t.Fatal(err)
			}
			a.Want(t, "POST /auth/jwt/login 200", harness.Case("G21 "+form.name+", an imported hash of what was typed"),
				harness.LoginForm(u.Email, form.set))
			a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", harness.LoginForm(u.Email, otherCase))
		}
	})
}

// Over the tables of a service that goes on hashing what is typed, so does
// Latchkey, and leaves the service's hashes as they are.
func TestAttackG21OverAnAdoptedTable(t *testing.T) {
	t.Parallel()
	s := takeOver(t, cheaply)
	for name, form := range map[string]string{"composed": composed, "decomposed": decomposed} {
		email := "g21-" + name + "@example.org"
		s.Want(t, "POST /auth/register 201", harness.JSONObject(harness.Object{"email": email, "password": form}))
		_, hash, _, _ := s.reads(t, email)
		if hash != harness.FakeHashPrefix+form {
			t.Errorf("G21 %s: the hash is of %q", name, hash)
		}
		s.Want(t, "POST /auth/jwt/login 200", harness.Case("G21 adopted, "+name+", as it was typed"),
			harness.LoginForm(email, form))
		if form == composed {
			s.Want(t, "POST /auth/jwt/login 200", harness.Case("G21 adopted, composed, from another keyboard"),
				harness.LoginForm(email, decomposed))
		}
		s.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS", harness.LoginForm(email, otherCase))
		if _, after, _, _ := s.reads(t, email); after != hash {
			t.Errorf("G21 %s: a login has replaced the hash by %q", name, after)
		}
		got := s.Want(t, "POST /auth/session/login 200", harness.LoginForm(email, form))
		mine := harness.Credential("session", got.Member(t, "access_token").(string))
		s.Want(t, "PATCH /users/me 200", mine, harness.JSONObject(harness.Object{"password": decomposed}))
		if _, after, _, _ := s.reads(t, email); after != harness.FakeHashPrefix+decomposed {
			t.Errorf("G21 %s: PATCH has stored %q", name, after)
		}
	}
}

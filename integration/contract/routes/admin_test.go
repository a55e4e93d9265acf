package routes_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestAdminRights(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		target, plain, admin := harness.PathID(a.NewUser(t).ID), a.LogIn(t, "jwt", a.NewUser(t, harness.Verified)),
			a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			route := method + " /users/{id} "
			a.Want(t, route+"401", harness.Row, target)
			a.Want(t, route+"401 (before 404 and the body)", harness.PathID("none"), harness.JSON(`{`))
			a.Want(t, route+"403", harness.Row, target, plain)
			a.Want(t, route+"403 (before 404 and the body)", harness.PathID(harness.NobodyID), plain, harness.JSON(`{`))
			a.Want(t, route+"404 (unknown)", harness.PathID(harness.NobodyID), admin, harness.JSON(`{}`))
			a.Want(t, route+"404 (before the body)", harness.PathID(harness.NobodyID), admin, harness.JSON(`{`))
			for _, malformed := range []string{"none", "1", "{" + harness.NobodyID + "}", "urn:uuid:" + harness.NobodyID,
				harness.NobodyID + "0", harness.NobodyID[1:],
				" " + harness.NobodyID, `a\b`, "\x00", "\xff", "..."} {
				a.Want(t, route+"404 (cannot be parsed)", harness.PathID(malformed), admin, harness.JSON(`{}`))
			}
		}
		a.Want(t, "DELETE /users/me 401", harness.Row)
		a.Want(t, "DELETE /users/me 403 (no superuser)", plain)
		a.Want(t, "DELETE /users/me 404 (superuser)", admin)
		a.Want(t, "GET /users/{id} 200 (it is still there)", target, admin)
	})
}

func TestAdminWhereVerificationIsRequired(t *testing.T) {
	harness.OnEveryAdapter(t, func(_ *harness.App, o *harness.Options) { o.RequireVerified = true },
		func(t *testing.T, a *harness.App) {
			admin := a.NewUser(t, harness.Superuser, harness.Verified)
			mine, self := a.LogIn(t, "cookie", admin), harness.PathID(admin.ID)
			a.Want(t, "GET /users/{id} 200 (verified)", mine, self)
			a.Want(t, "PATCH /users/{id} 200 (gives up being verified)", mine, self, harness.JSON(`{"is_verified": false}`))
			for _, method := range []string{"GET", "PATCH", "DELETE"} {
				a.Want(t, method+" /users/{id} 403 (unverified)", mine, self, harness.JSON(`{}`))
			}
			a.Want(t, "GET /users 403 (unverified)", mine)
		})
}

func TestAdminGet(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, harness.Inactive)
		admin := a.LogIn(t, "session", a.NewUser(t, harness.Superuser))
		bare := strings.ReplaceAll(u.ID, "-", "")
		for note, spelling := range map[string]string{
			"as it is": u.ID, "capitals": strings.ToUpper(u.ID), "without dashes": bare, "capitals without dashes": strings.ToUpper(bare),
		} {
			a.Want(t, "GET /users/{id} 200 ("+note+")", harness.PathID(spelling), admin).WantUser(t, u)
			a.Want(t, "PATCH /users/{id} 200 ("+note+")", harness.PathID(spelling), admin, harness.JSON(`{}`)).WantUser(t, u)
		}
	})
}

const patchUser = "PATCH /users/{id} "

func TestAdminPatch(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u, admin := a.NewUser(t), a.LogIn(t, "cookie", a.NewUser(t, harness.Superuser))
		patch := func(note, body string) {
			t.Helper()
			a.Want(t, patchUser+"200 ("+note+")", harness.PathID(u.ID), admin, harness.JSON(body)).WantUser(t, u)
			a.Want(t, "GET /users/{id} 200", harness.PathID(u.ID), admin).WantUser(t, u)
		}
		patch("nothing", `{}`)
		patch("mended: null leaves unchanged",
			`{"email": null, "password": null, "full_name": null, "is_active": null, "is_superuser": null, "is_verified": null}`)
		patch("what is not writable is ignored",
			`{"id": "x", "credits": 1000, "hashed_password": "x", "token_epoch": 1, "nickname": "x"}`)
		u.FullName = "Changed"
		patch("own field", `{"full_name": "Changed"}`)
		u.IsVerified, u.IsSuperuser = true, true
		patch("flags", `{"is_verified": true, "is_superuser": true}`)
		u.IsSuperuser = false
		patch("rights taken away", `{"is_superuser": false}`)
		u.Email = strings.ToUpper(u.Email)
		patch("mended: e-mail in other letter case", `{"email": "`+u.Email+`"}`)
		u.Email, u.IsVerified = "first@example.org", false
		patch("new e-mail is unverified", `{"email": "first@example.org"}`)
		u.Email, u.IsVerified = "second@example.org", true
		patch("an explicit is_verified wins over the drop", `{"email": "second@example.org", "is_verified": true}`)
		u.IsActive = false
		patch("deactivation", `{"is_active": false}`)
		a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (deactivated)",
			harness.LoginForm(u.Email, harness.Password))
		u.IsActive = true
		patch("activation", `{"is_active": true}`)
		a.Want(t, "POST /auth/jwt/login 200 (active again)", harness.LoginForm(u.Email, harness.Password))
	})
}

func TestAdminEndsSessions(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		superuser := a.NewUser(t, harness.Superuser)
		admin := a.LogIn(t, "session", superuser)
		for note, change := range map[string]string{
			"mended: a new password ends all sessions and JWTs of the user": `{"password": "` + harness.OtherPassword + `"}`,
			"a deactivation ends them for good":                             `{"is_active": false}`,
		} {
			t.Run(patchUser+"200 ("+note+")", func(t *testing.T) {
				u := a.NewUser(t)
				var theirs []harness.Option
				for _, backend := range harness.Backends {
					theirs = append(theirs, a.LogIn(t, backend, u))
				}
				a.Want(t, patchUser+"200", harness.PathID(u.ID), admin, harness.JSON(change))
				a.Want(t, patchUser+"200", harness.PathID(u.ID), admin, harness.JSON(`{"is_active": true}`))
				for _, credential := range theirs {
					a.Want(t, "GET /users/me 401", credential)
				}
			})
		}
		t.Run(patchUser+"200 (the own password, by id: the session that did it stays)", func(t *testing.T) {
			other := a.LogIn(t, "session", superuser)
			a.Want(t, patchUser+"200", harness.PathID(superuser.ID), admin,
				harness.JSONObject(harness.Object{"password": harness.OtherPassword}))
			a.Want(t, "GET /users/me 200", admin)
			a.Want(t, "GET /users/me 401", other)
		})
	})
}

func TestAdminPatchRefusals(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u, other, admin := a.NewUser(t), a.NewUser(t), a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
		patch := func(words, body string) {
			t.Helper()
			a.Want(t, patchUser+words, harness.Row, harness.PathID(u.ID), admin, harness.JSON(body))
		}
		patch("400 UPDATE_USER_EMAIL_ALREADY_EXISTS", `{"email": "`+other.Email+`"}`)
		patch("400 UPDATE_USER_EMAIL_ALREADY_EXISTS (other letter case)", `{"email": "`+strings.ToUpper(other.Email)+`"}`)
		patch("400 {UPDATE_USER_INVALID_PASSWORD, reason}", `{"password": "short"}`)
		patch("400 {UPDATE_USER_INVALID_PASSWORD, reason} (policy before existence)", `{"password": "short", "email": "`+
			other.Email+`"}`)
		patch("422 body.is_active bool_parsing", `{"is_active": "ja"}`)
		patch("422 body.is_active bool_parsing, body.is_superuser bool_type, body.is_verified bool_type",
			`{"is_active": 2, "is_superuser": [], "is_verified": {}}`)
		patch("422 body.email value_error, body.password string_type, body.is_active bool_parsing, body.full_name string_type "+
			"(finding b13)", `{"email": "bad", "password": [], "is_active": "", "full_name": 1}`)
		patch("422 body.email value_error (before the policy)", `{"email": "x", "password": "short"}`)
		patch("422 body.password string_type", `{"password": true}`)
		patch("422 body.full_name string_type", `{"full_name": 1}`)
		patch("422 body.# json_invalid", `{`)
		patch("422 body missing", ``)
		patch("413 BODY_TOO_LARGE", `{"full_name": "`+strings.Repeat("x", core.MaxBody)+`"}`)
		a.Want(t, patchUser+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, harness.PathID(u.ID), admin,
			harness.Body("text/plain", `{"full_name": "x"}`))
		a.Want(t, "GET /users/{id} 200 (nothing has changed)", harness.PathID(u.ID), admin).WantUser(t, u)
	})
}

// Pages for administrators send what a form has.
func TestFindingB3Booleans(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u, admin := a.NewUser(t), a.LogIn(t, "jwt", a.NewUser(t, harness.Superuser))
		for _, c := range []struct {
			want  bool
			words string
		}{
			{false, `false 0 0.0 "0" "false" "FALSE" "f" "F" "no" "N" "off" "Off"`}, {true, `true 1 1.0 "1" "true" "True" "t" "T" "yes" "Y" "on" "ON"`},
		} {
			for _, word := range strings.Fields(c.words) {
				for _, flag := range []string{"is_active", "is_superuser", "is_verified"} {
					other := map[bool]string{true: "false", false: "true"}[c.want]
					a.Want(t, patchUser+"200", harness.PathID(u.ID), admin, harness.JSON(`{"`+flag+`": `+other+`}`))
					got := a.Want(t, patchUser+"200 ("+flag+" "+word+")", harness.PathID(u.ID), admin,
						harness.JSON(`{"`+flag+`": `+word+`}`))
					if got.Member(t, flag) != c.want {
						t.Errorf("%s: %s is %s", flag, word, got.Body)
					}
				}
			}
		}
		for _, word := range strings.Fields(`2 -1 0.5 "2" "" "ja" "truee" "none" "null" "t\u00a0"`) {
			a.Want(t, patchUser+"422 body.is_active bool_parsing ("+word+")", harness.PathID(u.ID), admin,
				harness.JSON(`{"is_active": `+word+`}`))
		}
		a.Want(t, patchUser+"200 (null leaves unchanged)", harness.PathID(u.ID), admin, harness.JSON(`{"is_active": null}`))
		a.Want(t, "PATCH /users/me 200 (flags are ignored, whatever they are)", a.LogIn(t, "jwt", u),
			harness.JSON(`{"is_active": "ja", "is_superuser": []}`))
	})
}

func TestAdminDelete(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		admin := a.LogIn(t, "cookie", a.NewUser(t, harness.Superuser))
		u := a.NewUser(t)
		var theirs []harness.Option
		for _, backend := range harness.Backends {
			theirs = append(theirs, a.LogIn(t, backend, u))
		}
		got := a.Want(t, "DELETE /users/{id} 204", harness.Row, harness.PathID(strings.ToUpper(u.ID)), admin)
		if got.Body != "" {
			t.Errorf("got the body %s", got.Body)
		}
		for _, credential := range theirs {
			a.Want(t, "GET /users/me 401 (deleted)", credential)
		}
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			a.Want(t, method+" /users/{id} 404 (deleted)", harness.PathID(u.ID), admin, harness.JSON(`{}`))
		}
		a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (deleted)", harness.LoginForm(u.Email, harness.Password))
		again := a.Want(t, "POST /auth/register 201 (the e-mail is free)",
			harness.JSONObject(harness.Object{"email": u.Email, "password": harness.Password}))
		if again.Member(t, "id") == u.ID {
			t.Error("a deleted user's id was given again")
		}
		for _, credential := range theirs {
			a.Want(t, "GET /users/me 401 (the credentials of the deleted are nobody's)", credential)
		}
	})
}

func TestTheLastSuperuserStaysOne(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		admin := a.NewUser(t, harness.Superuser)
		mine, self := a.LogIn(t, "session", admin), harness.PathID(admin.ID)
		a.Want(t, patchUser+"409 LAST_SUPERUSER", harness.Row, self, mine, harness.JSON(`{"is_active": false}`))
		other := a.NewUser(t, harness.Superuser)
		a.Want(t, patchUser+"409 ADMIN_SELF", harness.Row, self, mine, harness.JSON(`{"is_superuser": false}`))
		a.Want(t, "DELETE /users/{id} 409 ADMIN_SELF", harness.Row, self, mine)
		a.Want(t, patchUser+"200 (another demotes them)", self, a.LogIn(t, "session", other),
			harness.JSON(`{"is_superuser": false}`))
		a.Want(t, "GET /users/{id} 403", harness.PathID(other.ID), mine)
		a.Want(t, patchUser+"409 LAST_SUPERUSER (the other one is the last now)", harness.PathID(other.ID),
			a.LogIn(t, "session", other), harness.JSON(`{"is_active": false}`))
	})
}

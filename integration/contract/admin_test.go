package contract_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

const nobody = "7c9e6679-7425-40de-944b-e07fc1f90ae7"

func TestAdminRights(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		target, plain, admin := id(a.user(t).ID), a.login(t, "jwt", a.user(t, verified)),
			a.login(t, "jwt", a.user(t, superuser))
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			route := method + " /users/{id} "
			a.row(t, route+"401", target)
			a.row(t, route+"401 (before 404 and the body)", id("none"), text(`{`))
			a.row(t, route+"403", target, plain)
			a.row(t, route+"403 (before 404 and the body)", id(nobody), plain, text(`{`))
			a.row(t, route+"404 (unknown)", id(nobody), admin, text(`{}`))
			a.row(t, route+"404 (before the body)", id(nobody), admin, text(`{`))
			for _, malformed := range []string{"none", "1", "{" + nobody + "}", "urn:uuid:" + nobody, nobody + "0", nobody[1:],
				" " + nobody, `a\b`, "\x00", "\xff", "..."} {
				a.row(t, route+"404 (cannot be parsed)", id(malformed), admin, text(`{}`))
			}
		}
		a.row(t, "DELETE /users/me 401")
		a.row(t, "DELETE /users/me 403 (no superuser)", plain)
		a.row(t, "DELETE /users/me 404 (superuser)", admin)
		a.want(t, "GET /users/{id} 200 (it is still there)", target, admin)
	})
}

func TestAdminWhereVerificationIsRequired(t *testing.T) {
	onEveryAdapter(t, func(_ *app, o *options) { o.RequireVerified = true }, func(t *testing.T, a *app) {
		admin := a.user(t, superuser, verified)
		mine, self := a.login(t, "cookie", admin), id(admin.ID)
		a.row(t, "GET /users/{id} 200 (verified)", mine, self)
		a.row(t, "PATCH /users/{id} 200 (gives up being verified)", mine, self, text(`{"is_verified": false}`))
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			a.row(t, method+" /users/{id} 403 (unverified)", mine, self, text(`{}`))
		}
		a.row(t, "GET /users 403 (unverified)", mine)
	})
}

func TestAdminGet(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t, inactive)
		admin := a.login(t, "session", a.user(t, superuser))
		bare := strings.ReplaceAll(u.ID, "-", "")
		for note, spelling := range map[string]string{
			"as it is": u.ID, "capitals": strings.ToUpper(u.ID), "without dashes": bare, "capitals without dashes": strings.ToUpper(bare),
		} {
			a.row(t, "GET /users/{id} 200 ("+note+")", id(spelling), admin).wantUser(t, u)
			a.row(t, "PATCH /users/{id} 200 ("+note+")", id(spelling), admin, text(`{}`)).wantUser(t, u)
		}
	})
}

const patchUser = "PATCH /users/{id} "

func TestAdminPatch(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u, admin := a.user(t), a.login(t, "cookie", a.user(t, superuser))
		patch := func(note, body string) {
			t.Helper()
			a.row(t, patchUser+"200 ("+note+")", id(u.ID), admin, text(body)).wantUser(t, u)
			a.want(t, "GET /users/{id} 200", id(u.ID), admin).wantUser(t, u)
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
		a.row(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (deactivated)",
			form("username", u.Email, "password", password))
		u.IsActive = true
		patch("activation", `{"is_active": true}`)
		a.row(t, "POST /auth/jwt/login 200 (active again)", form("username", u.Email, "password", password))
	})
}

func TestAdminEndsSessions(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		superuser := a.user(t, superuser)
		admin := a.login(t, "session", superuser)
		for note, change := range map[string]string{
			"mended: a new password ends all sessions and JWTs of the user": `{"password": "` + another + `"}`,
			"a deactivation ends them for good":                             `{"is_active": false}`,
		} {
			t.Run(patchUser+"200 ("+note+")", func(t *testing.T) {
				u := a.user(t)
				var theirs []option
				for _, backend := range backends {
					theirs = append(theirs, a.login(t, backend, u))
				}
				a.want(t, patchUser+"200", id(u.ID), admin, text(change))
				a.want(t, patchUser+"200", id(u.ID), admin, text(`{"is_active": true}`))
				for _, credential := range theirs {
					a.want(t, "GET /users/me 401", credential)
				}
			})
		}
		t.Run(patchUser+"200 (the own password, by id: the session that did it stays)", func(t *testing.T) {
			other := a.login(t, "session", superuser)
			a.want(t, patchUser+"200", id(superuser.ID), admin, members(object{"password": another}))
			a.want(t, "GET /users/me 200", admin)
			a.want(t, "GET /users/me 401", other)
		})
	})
}

func TestAdminPatchRefusals(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u, other, admin := a.user(t), a.user(t), a.login(t, "jwt", a.user(t, superuser))
		patch := func(words, body string) {
			t.Helper()
			a.row(t, patchUser+words, id(u.ID), admin, text(body))
		}
		patch("400 UPDATE_USER_EMAIL_ALREADY_EXISTS", `{"email": "`+other.Email+`"}`)
		patch("400 UPDATE_USER_EMAIL_ALREADY_EXISTS (other letter case)", `{"email": "`+strings.ToUpper(other.Email)+`"}`)
		patch("400 {UPDATE_USER_INVALID_PASSWORD, reason}", `{"password": "short"}`)
		patch("400 {UPDATE_USER_INVALID_PASSWORD, reason} (policy before existence)", `{"password": "short", "email": "`+
			other.Email+`"}`)
		patch("422 body.is_active bool_type", `{"is_active": "yes"}`)
		patch("422 body.is_active bool_type, body.is_superuser bool_type, body.is_verified bool_type",
			`{"is_active": 1, "is_superuser": [], "is_verified": {}}`)
		patch("422 body.email value_error (before the policy)", `{"email": "x", "password": "short"}`)
		patch("422 body.password string_type", `{"password": true}`)
		patch("422 body.full_name string_type", `{"full_name": 1}`)
		patch("422 body.# json_invalid", `{`)
		patch("422 body missing", ``)
		patch("413 BODY_TOO_LARGE", `{"full_name": "`+strings.Repeat("x", core.MaxBody)+`"}`)
		a.row(t, patchUser+"415 UNSUPPORTED_MEDIA_TYPE", id(u.ID), admin, body("text/plain", `{"full_name": "x"}`))
		a.want(t, "GET /users/{id} 200 (nothing has changed)", id(u.ID), admin).wantUser(t, u)
	})
}

func TestAdminDelete(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		admin := a.login(t, "cookie", a.user(t, superuser))
		u := a.user(t)
		var theirs []option
		for _, backend := range backends {
			theirs = append(theirs, a.login(t, backend, u))
		}
		got := a.row(t, "DELETE /users/{id} 204", id(strings.ToUpper(u.ID)), admin)
		if got.body != "" {
			t.Errorf("got the body %s", got.body)
		}
		for _, credential := range theirs {
			a.row(t, "GET /users/me 401 (deleted)", credential)
		}
		for _, method := range []string{"GET", "PATCH", "DELETE"} {
			a.row(t, method+" /users/{id} 404 (deleted)", id(u.ID), admin, text(`{}`))
		}
		a.row(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (deleted)", form("username", u.Email, "password", password))
		again := a.row(t, "POST /auth/register 201 (the e-mail is free)",
			members(object{"email": u.Email, "password": password}))
		if again.member(t, "id") == u.ID {
			t.Error("a deleted user's id was given again")
		}
		for _, credential := range theirs {
			a.row(t, "GET /users/me 401 (the credentials of the deleted are nobody's)", credential)
		}
	})
}

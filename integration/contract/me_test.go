package contract_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

func TestMe(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for _, backend := range backends {
			u, off, gone := a.user(t), a.user(t), a.user(t)
			mine, offs, gones := a.login(t, backend, u), a.login(t, backend, off), a.login(t, backend, gone)
			a.change(t, off, latchkey.Changes[Account]{IsActive: new(false)})
			if err := a.Manager().Delete(t.Context(), gone.ID); err != nil {
				t.Fatal(err)
			}
			a.row(t, "GET /users/me 200 ("+backend+")", mine).wantUser(t, u)
			for _, route := range []string{"GET /users/me 401 ", "PATCH /users/me 401 "} {
				a.row(t, route+"(no credential, before the body)", text(`{`))
				a.row(t, route+"(inactive, "+backend+")", offs)
				a.row(t, route+"(deleted, "+backend+")", gones)
				a.row(t, route+"(forged, "+backend+")", credential(backend, a.token(t, backend, u)+"A"))
			}
			got := a.row(t, "GET /authenticated-route 200 ("+backend+")", mine)
			if got.body != "Hello "+u.Email+"!" {
				t.Errorf("got %s", got.body)
			}
			a.row(t, "GET /authenticated-route 401 (inactive, "+backend+")", offs)
		}
	})
}

func TestMeWhereVerificationIsRequired(t *testing.T) {
	onEveryAdapter(t, func(_ *app, o *options) { o.RequireVerified = true }, func(t *testing.T, a *app) {
		for _, backend := range backends {
			u := a.user(t, verified)
			mine := a.login(t, backend, u)
			a.row(t, "GET /users/me 200 (verified, "+backend+")", mine)
			a.change(t, u, latchkey.Changes[Account]{IsVerified: new(false)})
			a.row(t, "GET /users/me 403 (unverified, "+backend+")", mine)
			a.row(t, "PATCH /users/me 403 (unverified, "+backend+")", mine, text(`{}`))
			a.row(t, "PATCH /users/me 403 (before the body)", mine, text(`{`))
		}
	})
}

const patchMe = "PATCH /users/me "

func TestPatchMe(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for _, backend := range backends {
			u := a.user(t, verified)
			mine := a.login(t, backend, u)
			patch := func(note, body string) {
				t.Helper()
				a.row(t, patchMe+"200 ("+note+", "+backend+")", mine, text(body)).wantUser(t, u)
				a.want(t, "GET /users/me 200", mine).wantUser(t, u)
			}
			patch("nothing", `{}`)
			patch("mended: null leaves unchanged", `{"email": null, "password": null, "full_name": null, "is_active": null}`)
			patch("flags and id are ignored whatever their type",
				`{"is_active": "no", "is_superuser": [true], "is_verified": 0, "id": {}}`)
			patch("flags and id are ignored", `{"is_active": false, "is_superuser": true, "is_verified": false, "id": "x"}`)
			patch("what is not writable is ignored",
				`{"credits": 1000, "hashed_password": "x", "token_epoch": 9, "email_key": "x"}`)
			patch("unknown members are ignored", `{"nickname": 1, "Full_Name": "other letter case"}`)

			u.FullName = "Grace Hopper"
			patch("own field", `{"full_name": "Grace Hopper"}`)
			u.FullName = ""
			patch("own field, empty", `{"full_name": ""}`)
			u.Email = strings.ToUpper(u.Email)
			patch("mended: e-mail in other letter case", `{"email": "`+u.Email+`"}`)
			former := u.Email
			u.Email, u.IsVerified = "New."+backend+"@Example.org", false
			patch("new e-mail, as typed, is unverified", `{"email": "`+u.Email+`"}`)
			a.row(t, "POST /auth/jwt/login 200 (a new e-mail counts at once)", form("username", u.Email, "password", password))
			a.row(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (the former e-mail)",
				form("username", former, "password", password))
			a.row(t, "POST /auth/register 201 (the former e-mail is free)",
				members(object{"email": former, "password": password}))
		}
		a.wantNoMail(t)
	})
}

func TestPatchMyPassword(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for _, backend := range backends {
			t.Run(patchMe+"200 (mended: a new password ends other sessions and all JWTs, "+backend+")", func(t *testing.T) {
				u, bystander := a.user(t), a.user(t)
				mine, theirs := a.login(t, backend, u), a.login(t, backend, bystander)
				var others []option
				for _, b := range backends {
					others = append(others, a.login(t, b, u))
				}
				a.want(t, patchMe+"200", mine, members(object{"password": another})).wantUser(t, u)
				for _, other := range others {
					a.want(t, "GET /users/me 401", other)
				}
				if backend == "jwt" {
					a.want(t, "GET /users/me 401 (a JWT dies with its password)", mine)
				} else {
					a.want(t, "GET /users/me 200 (the session that did it stays)", mine)
				}
				a.want(t, "GET /users/me 200 (another user's stays)", theirs)
				a.want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (former password)",
					form("username", u.Email, "password", password))
				a.want(t, "POST /auth/jwt/login 200 (new password)", form("username", u.Email, "password", another))
			})
		}
	})
}

func TestPatchMeRefusals(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u, other := a.user(t), a.user(t)
		mine := a.login(t, "session", u)
		exists := patchMe + "400 UPDATE_USER_EMAIL_ALREADY_EXISTS "
		a.row(t, exists+"(another user's)", mine, members(object{"email": other.Email, "full_name": "changed"}))
		a.row(t, exists+"(another user's in other letter case)", mine, members(object{"email": strings.ToUpper(other.Email)}))
		weak := patchMe + "400 {UPDATE_USER_INVALID_PASSWORD, reason} "
		a.row(t, weak+"(short)", mine, members(object{"password": "short", "full_name": "changed"}))
		a.row(t, weak+"(empty)", mine, members(object{"password": ""}))
		a.row(t, weak+"(the e-mail)", mine, members(object{"password": u.Email}))
		a.row(t, weak+"(the new e-mail)", mine,
			members(object{"password": "someone.new@example.org", "email": "someone.new@example.org"}))
		a.row(t, weak+"(policy before existence)", mine, members(object{"password": "short", "email": other.Email}))

		a.row(t, patchMe+"422 body.email string_type", mine, text(`{"email": 1}`))
		a.row(t, patchMe+"422 body.email value_error", mine, text(`{"email": "no e-mail"}`))
		a.row(t, patchMe+"422 body.email value_error (empty)", mine, text(`{"email": ""}`))
		a.row(t, patchMe+"422 body.password string_type", mine, text(`{"password": 12345678}`))
		a.row(t, patchMe+"422 body.full_name string_type", mine, text(`{"full_name": ["x"]}`))
		a.row(t, patchMe+"422 body.email value_error, body.full_name string_type (both, before the policy)",
			mine, text(`{"email": "x", "full_name": 1, "password": "short"}`))
		a.row(t, patchMe+"422 body.# json_invalid", mine, text(`{"full_name": "changed"`))
		a.row(t, patchMe+"422 body model_attributes_type", mine, text(`["full_name"]`))
		a.row(t, patchMe+"422 body missing", mine, text(``))
		a.row(t, patchMe+"415 UNSUPPORTED_MEDIA_TYPE", mine, form("full_name", "changed"))
		a.row(t, patchMe+"415 UNSUPPORTED_MEDIA_TYPE (text)", mine, body("text/plain", `{"full_name": "changed"}`))
		a.row(t, patchMe+"413 BODY_TOO_LARGE", mine, text(`{"full_name": "`+strings.Repeat("x", core.MaxBody)+`"}`))
		a.want(t, "GET /users/me 200 (nothing has changed)", mine).wantUser(t, u)
		a.want(t, "POST /auth/jwt/login 200 (the password neither)", form("username", u.Email, "password", password))
	})
}

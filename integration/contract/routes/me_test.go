package routes_test

import (
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestMe(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			u, off, gone := a.NewUser(t), a.NewUser(t), a.NewUser(t)
			mine, offs, gones := a.LogIn(t, backend, u), a.LogIn(t, backend, off), a.LogIn(t, backend, gone)
			a.ChangeUser(t, off, latchkey.Changes[harness.Account]{IsActive: new(false)})
			if err := a.Manager().Delete(t.Context(), gone.ID); err != nil {
				t.Fatal(err)
			}
			a.Want(t, "GET /users/me 200 ("+backend+")", mine).WantUser(t, u)
			for _, route := range []string{"GET /users/me 401 ", "PATCH /users/me 401 "} {
				a.Want(t, route+"(no credential, before the body)", harness.JSON(`{`))
				a.Want(t, route+"(inactive, "+backend+")", offs)
				a.Want(t, route+"(deleted, "+backend+")", gones)
				a.Want(t, route+"(forged, "+backend+")", harness.Credential(backend, a.Token(t, backend, u)+"A"))
			}
			got := a.Want(t, "GET /authenticated-route 200 ("+backend+")", mine)
			if got.Body != "Hello "+u.Email+"!" {
				t.Errorf("got %s", got.Body)
			}
			a.Want(t, "GET /authenticated-route 401 (inactive, "+backend+")", offs)
		}
	})
}

func TestMeWhereVerificationIsRequired(t *testing.T) {
	harness.OnEveryAdapter(t, func(_ *harness.App, o *harness.Options) { o.RequireVerified = true },
		func(t *testing.T, a *harness.App) {
			for _, backend := range harness.Backends {
				u := a.NewUser(t, harness.Verified)
				mine := a.LogIn(t, backend, u)
				a.Want(t, "GET /users/me 200 (verified, "+backend+")", mine)
				a.ChangeUser(t, u, latchkey.Changes[harness.Account]{IsVerified: new(false)})
				a.Want(t, "GET /users/me 403 (unverified, "+backend+")", mine)
				a.Want(t, "PATCH /users/me 403 (unverified, "+backend+")", mine, harness.JSON(`{}`))
				a.Want(t, "PATCH /users/me 403 (before the body)", mine, harness.JSON(`{`))
			}
		})
}

const patchMe = "PATCH /users/me "

func TestPatchMe(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			u := a.NewUser(t, harness.Verified)
			mine := a.LogIn(t, backend, u)
			patch := func(note, body string) {
				t.Helper()
				a.Want(t, patchMe+"200 ("+note+", "+backend+")", mine, harness.JSON(body)).WantUser(t, u)
				a.Want(t, "GET /users/me 200", mine).WantUser(t, u)
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
			a.Want(t, "POST /auth/jwt/login 200 (a new e-mail counts at once)", harness.LoginForm(u.Email, harness.Password))
			a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (the former e-mail)",
				harness.LoginForm(former, harness.Password))
			a.Want(t, "POST /auth/register 201 (the former e-mail is free)",
				harness.JSONObject(harness.Object{"email": former, "password": harness.Password}))
		}
		a.WantNoMail(t)
	})
}

func TestPatchMyPassword(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			t.Run(patchMe+"200 (mended: a new password ends other sessions and all JWTs, "+backend+")", func(t *testing.T) {
				u, bystander := a.NewUser(t), a.NewUser(t)
				mine, theirs := a.LogIn(t, backend, u), a.LogIn(t, backend, bystander)
				var others []harness.Option
				for _, b := range harness.Backends {
					others = append(others, a.LogIn(t, b, u))
				}
				a.Want(t, patchMe+"200", mine, harness.JSONObject(harness.Object{"password": harness.OtherPassword})).WantUser(t, u)
				for _, other := range others {
					a.Want(t, "GET /users/me 401", other)
				}
				if backend == "jwt" {
					a.Want(t, "GET /users/me 401 (a JWT dies with its password)", mine)
				} else {
					a.Want(t, "GET /users/me 200 (the session that did it stays)", mine)
				}
				a.Want(t, "GET /users/me 200 (another user's stays)", theirs)
				a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (former password)",
					harness.LoginForm(u.Email, harness.Password))
				a.Want(t, "POST /auth/jwt/login 200 (new password)", harness.LoginForm(u.Email, harness.OtherPassword))
			})
		}
	})
}

func TestPatchMeRefusals(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u, other := a.NewUser(t), a.NewUser(t)
		mine := a.LogIn(t, "session", u)
		exists := patchMe + "400 UPDATE_USER_EMAIL_ALREADY_EXISTS "
		a.Want(t, exists+"(another user's)", mine,
			harness.JSONObject(harness.Object{"email": other.Email, "full_name": "changed"}))
		a.Want(t, exists+"(another user's in other letter case)", mine,
			harness.JSONObject(harness.Object{"email": strings.ToUpper(other.Email)}))
		weak := patchMe + "400 {UPDATE_USER_INVALID_PASSWORD, reason} "
		a.Want(t, weak+"(short)", mine, harness.JSONObject(harness.Object{"password": "short", "full_name": "changed"}))
		a.Want(t, weak+"(empty)", mine, harness.JSONObject(harness.Object{"password": ""}))
		a.Want(t, weak+"(the e-mail)", mine, harness.JSONObject(harness.Object{"password": u.Email}))
		a.Want(t, weak+"(the new e-mail)", mine,
			harness.JSONObject(harness.Object{"password": "someone.new@example.org", "email": "someone.new@example.org"}))
		a.Want(t, weak+"(policy before existence)", mine,
			harness.JSONObject(harness.Object{"password": "short", "email": other.Email}))

		a.Want(t, patchMe+"422 body.email string_type", harness.Row, mine, harness.JSON(`{"email": 1}`))
		a.Want(t, patchMe+"422 body.email value_error", harness.Row, mine, harness.JSON(`{"email": "no e-mail"}`))
		a.Want(t, patchMe+"422 body.email value_error (empty)", mine, harness.JSON(`{"email": ""}`))
		a.Want(t, patchMe+"422 body.password string_type", harness.Row, mine, harness.JSON(`{"password": 12345678}`))
		a.Want(t, patchMe+"422 body.full_name string_type", harness.Row, mine, harness.JSON(`{"full_name": ["x"]}`))
		a.Want(t, patchMe+"422 body.email value_error, body.full_name string_type (both, before the policy)", mine,
			harness.JSON(`{"email": "x", "full_name": 1, "password": "short"}`))
		a.Want(t, patchMe+"422 body.full_name value_error, body.email value_error (finding b16, NUL)", mine,
			harness.JSON(`{"full_name": "\u0000", "email": ""}`))
		a.Want(t, patchMe+"422 body.email value_error, body.password string_type (finding b13)", mine,
			harness.JSON(`{"email": "bad", "password": []}`))
		a.Want(t, patchMe+"422 body.email value_error, body.password string_type, body.current_password string_type, "+
			"body.full_name string_type (finding b13, all)", mine,
			harness.JSON(`{"full_name": 1, "current_password": 1, "email": "", "password": 1}`))
		a.Want(t, patchMe+"422 body.# json_invalid", harness.Row, mine, harness.JSON(`{"full_name": "changed"`))
		a.Want(t, patchMe+"422 body model_attributes_type", harness.Row, mine, harness.JSON(`["full_name"]`))
		a.Want(t, patchMe+"422 body missing", harness.Row, mine, harness.JSON(``))
		a.Want(t, patchMe+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, mine, harness.Form("full_name", "changed"))
		a.Want(t, patchMe+"415 UNSUPPORTED_MEDIA_TYPE (text)", mine, harness.Body("text/plain", `{"full_name": "changed"}`))
		a.Want(t, patchMe+"413 BODY_TOO_LARGE", harness.Row, mine,
			harness.JSON(`{"full_name": "`+strings.Repeat("x", core.MaxBody)+`"}`))
		a.Want(t, "GET /users/me 200 (nothing has changed)", mine).WantUser(t, u)
		a.Want(t, "POST /auth/jwt/login 200 (the password neither)", harness.LoginForm(u.Email, harness.Password))
	})
}

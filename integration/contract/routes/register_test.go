package routes_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestRegister(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		route := "POST /auth/register 201 "
		register := func(note string, more harness.Object) harness.Answer {
			t.Helper()
			o := harness.Object{"email": strings.ReplaceAll(note, " ", ".") + "@Example.ORG", "password": harness.Password}
			maps.Copy(o, more)
			got := a.Want(t, route+"("+note+")", harness.JSONObject(o))
			u := &harness.Account{User: latchkey.User{Email: o["email"].(string), IsActive: true}}
			u.ID, _ = got.Member(t, "id").(string)
			u.FullName, _ = o["full_name"].(string)
			got.WantUser(t, u)
			return got
		}
		register("only what is required", nil)
		register("own fields", harness.Object{"full_name": "Ada Lovelace"})
		register("flags and id are ignored", harness.Object{
			"id": "00000000-0000-0000-0000-000000000001", "is_active": false, "is_superuser": true, "is_verified": true,
		})
		register("flags and id of any type are ignored",
			harness.Object{"id": 5, "is_active": "no", "is_superuser": []int{1}, "is_verified": nil})
		register("what is not writable is ignored", harness.Object{
			"credits": 1000, "hashed_password": "x", "HashedPassword": "x", "token_epoch": 9, "email_key": "x", "User": harness.Object{"is_superuser": true},
		})
		register("unknown members are ignored", harness.Object{"FULL_NAME": "other letter case", "nickname": []any{1, nil}})
		register("e-mail as typed", harness.Object{"email": "Ada.Lovelace+Tag@EXAMPLE.Org"})
		register("international e-mail as typed", harness.Object{"email": "Jörg@Bücher.example"})
		register("while logged in", nil)

		a.Want(t, route+"(another JSON type, charset)",
			harness.Body("application/merge+json; charset=utf-8", `{"email":"json@example.org","password":"`+harness.Password+
				`"}`))
		a.Want(t, "POST /auth/jwt/login 200 (by the canonical form)",
			harness.LoginForm("ada.lovelace+tag@example.org", harness.Password))
		a.Want(t, "POST /auth/jwt/login 200 (by the domain's A-label)",
			harness.LoginForm("JÖRG@xn--bcher-kva.example", harness.Password))
		a.WantNoMail(t)
	})
}

func TestRegisterTaken(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		route := "POST /auth/register 400 REGISTER_USER_ALREADY_EXISTS "
		a.Want(t, "POST /auth/register 201",
			harness.JSONObject(harness.Object{"email": "José@Bücher.example", "password": harness.Password}))
		for note, email := range map[string]string{
			"same":         "José@Bücher.example",
			"letter case":  "JOSÉ@bücher.EXAMPLE",
			"A-label":      "josé@xn--bcher-kva.example",
			"decomposed":   "Jose\u0301@Bu\u0308cher.example",
			"ideographic.": "josé@bücher。example",
		} {
			a.Want(t, route+"("+note+")", harness.JSONObject(harness.Object{"email": email, "password": harness.OtherPassword}))
		}
		a.Want(t, route+"(inactive user)",
			harness.JSONObject(harness.Object{"email": a.NewUser(t, harness.Inactive).Email, "password": harness.OtherPassword}))
		for _, email := range []string{"jose@Bücher.example", "José+1@bücher.example", "josé@bucher.example"} {
			a.Want(t, "POST /auth/register 201 (another address)",
				harness.JSONObject(harness.Object{"email": email, "password": harness.Password}))
		}
	})
}

func TestRegisterPasswords(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		route := "POST /auth/register 400 {REGISTER_INVALID_PASSWORD, reason} "
		for note, password := range map[string]string{
			"empty": "", "short": "a1b2c3d", "long": strings.Repeat("long and boring, ", 16), "common": "password123", "the e-mail": "grace@example.org",
		} {
			a.Want(t, route+"("+note+")", harness.JSONObject(harness.Object{"email": "grace@example.org", "password": password}))
		}
		a.Want(t, route+"(policy before existence)",
			harness.JSONObject(harness.Object{"email": a.NewUser(t).Email, "password": "short"}))
		got := a.Want(t, route+"(byte for byte)",
			harness.JSONObject(harness.Object{"email": "grace@example.org", "password": "short"}))
		const want = `{"detail":{"code":"REGISTER_INVALID_PASSWORD","reason":"Password should be at least 8 characters"}}`
		if got.Body != want {
			t.Errorf("got %s, want %s", got.Body, want)
		}
		a.Want(t, "POST /auth/register 201 (spaces and any letters)",
			harness.JSONObject(harness.Object{"email": "grace@example.org", "password": " ναυτίλος 🚢 "}))
		a.Want(t, "POST /auth/jwt/login 200", harness.LoginForm("grace@example.org", " ναυτίλος 🚢 "))
	})
}

func TestRegisterBodies(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		route, valid := "POST /auth/register ", `"email": "bodies@example.org", "password": "`+harness.Password+`"`
		for _, r := range []struct{ line, body string }{
			{"422 body.email missing", `{"password": "` + harness.Password + `"}`},
			{"422 body.password missing", `{"email": "bodies@example.org"}`},
			{"422 body.email missing, body.password missing", `{}`},
			{"422 body.email missing (names have an exact letter case)", `{"Email": "bodies@example.org", "password": "` + harness.Password + `"}`},
			{"422 body.email string_type (null)", `{"email": null, "password": "` + harness.Password + `"}`},
			{"422 body.email string_type (number)", `{"email": 1, "password": "` + harness.Password + `"}`},
			{"422 body.password string_type (list)", `{"email": "bodies@example.org", "password": ["` + harness.Password + `"]}`},
			{"422 body.email value_error (no e-mail)", `{"email": "no e-mail", "password": "` + harness.Password + `"}`},
			{"422 body.email value_error (display name)", `{"email": "B <bodies@example.org>", "password": "` + harness.Password + `"}`},
			{"422 body.email value_error (empty)", `{"email": "", "password": "` + harness.Password + `"}`},
			{"422 body.email value_error (line break)", `{"email": "bodies@example.org\r\nBcc: x@example.org", "password": "` + harness.Password + `"}`},
			{"422 body.email value_error, body.password missing, body.full_name string_type (all at once)", `{"email": "x", "full_name": 5}`},
			{"422 body.full_name string_type", `{` + valid + `, "full_name": 5}`},
			{"422 body.email value_error (before the policy)", `{"email": "x", "password": "short"}`},
			{"422 body missing", ``},
			{"422 body.# json_invalid (cut off)", `{` + valid},
			{"422 body.# json_invalid (something behind)", `{` + valid + `} {}`},
			{"422 body.# json_invalid (member twice)", `{` + valid + `, "email": "twice@example.org"}`},
			{"422 body.full_name value_error (finding b16, NUL)", `{` + valid + `, "full_name": "\u0000"}`},
			{"422 body.email value_error, body.password missing (finding b16, NUL)", `{"email": "bodies\u0000@example.org"}`},
			{"422 body.x value_error, body.email value_error, body.password string_type (finding b13)", `{"x": ["\u0000"], "email": "", "password": 1}`},
			{"422 body.# json_invalid (lone surrogate)", `{` + valid + `, "full_name": "\ud800"}`},
			{"422 body.# json_invalid (not UTF-8)", "{" + valid + ", \"full_name\": \"\xff\"}"},
			{"422 body model_attributes_type (list)", `[]`},
			{"422 body missing (null)", `null`},
			{"413 BODY_TOO_LARGE", `{` + valid + `, "full_name": "` + strings.Repeat("x", core.MaxBody) + `"}`},
		} {
			got := a.Want(t, route+r.line, harness.Row, harness.JSON(r.body))
			for _, input := range []string{"bodies@example.org", "no e-mail", "Bcc"} {
				if strings.Contains(got.Body, input) {
					t.Errorf("%s echoes the input: %s", r.line, got.Body)
				}
			}
		}
		for _, contentType := range []string{"", "text/plain", "application/json; charset=utf-16", "text/json"} {
			a.Want(t, route+"415 UNSUPPORTED_MEDIA_TYPE ("+contentType+".)", harness.Body(contentType, `{`+valid+`}`))
		}
		a.Want(t, route+"201 (nothing was stored by all that)", harness.JSON(`{`+valid+`}`))
	})
}

func TestRegisterConcurrently(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		t.Run("POST /auth/register (mended: of n concurrent one 201, the rest 400)", func(t *testing.T) {
			spellings := []string{"race@example.org", "RACE@example.org", "race@EXAMPLE.org"}
			created := 0
			for got := range a.SendAtOnce(t, 12, "POST", "/auth/register", func(i int) harness.Option {
				return harness.JSONObject(harness.Object{"email": spellings[i%len(spellings)], "password": harness.Password})
			}) {
				switch {
				case got.Status == 201:
					created++
				case got.Status != 400 || got.Words() != core.CodeRegisterUserExists:
					t.Errorf("got %d %s", got.Status, got.Body)
				}
			}
			if created != 1 {
				t.Errorf("%d were created, want 1", created)
			}
		})
	})
}

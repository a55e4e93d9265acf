package contract_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

func TestRegister(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		route := "POST /auth/register 201 "
		register := func(note string, more object) answer {
			t.Helper()
			o := object{"email": strings.ReplaceAll(note, " ", ".") + "@Example.ORG", "password": password}
			maps.Copy(o, more)
			got := a.row(t, route+"("+note+")", members(o))
			u := &Account{User: latchkey.User{Email: o["email"].(string), IsActive: true}}
			u.ID, _ = got.member(t, "id").(string)
			u.FullName, _ = o["full_name"].(string)
			got.wantUser(t, u)
			return got
		}
		register("only what is required", nil)
		register("own fields", object{"full_name": "Ada Lovelace"})
		register("flags and id are ignored", object{
			"id": "00000000-0000-0000-0000-000000000001", "is_active": false, "is_superuser": true, "is_verified": true,
		})
		register("flags and id of any type are ignored",
			object{"id": 5, "is_active": "no", "is_superuser": []int{1}, "is_verified": nil})
		register("what is not writable is ignored", object{
			"credits": 1000, "hashed_password": "x", "HashedPassword": "x", "token_epoch": 9, "email_key": "x", "User": object{"is_superuser": true},
		})
		register("unknown members are ignored", object{"FULL_NAME": "other letter case", "nickname": []any{1, nil}})
		register("e-mail as typed", object{"email": "Ada.Lovelace+Tag@EXAMPLE.Org"})
		register("international e-mail as typed", object{"email": "Jörg@Bücher.example"})
		register("while logged in", nil)

		a.row(t, route+"(another JSON type, charset)",
			body("application/merge+json; charset=utf-8", `{"email":"json@example.org","password":"`+password+`"}`))
		a.want(t, "POST /auth/jwt/login 200 (by the canonical form)",
			form("username", "ada.lovelace+tag@example.org", "password", password))
		a.want(t, "POST /auth/jwt/login 200 (by the domain's A-label)",
			form("username", "JÖRG@xn--bcher-kva.example", "password", password))
		a.wantNoMail(t)
	})
}

func TestRegisterTaken(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		route := "POST /auth/register 400 REGISTER_USER_ALREADY_EXISTS "
		a.want(t, "POST /auth/register 201", members(object{"email": "José@Bücher.example", "password": password}))
		for note, email := range map[string]string{
			"same":         "José@Bücher.example",
			"letter case":  "JOSÉ@bücher.EXAMPLE",
			"A-label":      "josé@xn--bcher-kva.example",
			"decomposed":   "Jose\u0301@Bu\u0308cher.example",
			"ideographic.": "josé@bücher。example",
		} {
			a.row(t, route+"("+note+")", members(object{"email": email, "password": another}))
		}
		a.row(t, route+"(inactive user)", members(object{"email": a.user(t, inactive).Email, "password": another}))
		for _, email := range []string{"jose@Bücher.example", "José+1@bücher.example", "josé@bucher.example"} {
			a.row(t, "POST /auth/register 201 (another address)", members(object{"email": email, "password": password}))
		}
	})
}

func TestRegisterPasswords(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		route := "POST /auth/register 400 {REGISTER_INVALID_PASSWORD, reason} "
		for note, password := range map[string]string{
			"empty": "", "short": "a1b2c3d", "long": strings.Repeat("long and boring, ", 16), "common": "password123", "the e-mail": "grace@example.org",
		} {
			a.row(t, route+"("+note+")", members(object{"email": "grace@example.org", "password": password}))
		}
		a.row(t, route+"(policy before existence)", members(object{"email": a.user(t).Email, "password": "short"}))
		got := a.row(t, route+"(byte for byte)", members(object{"email": "grace@example.org", "password": "short"}))
		const want = `{"detail":{"code":"REGISTER_INVALID_PASSWORD","reason":"Password should be at least 8 characters"}}`
		if got.body != want {
			t.Errorf("got %s, want %s", got.body, want)
		}
		a.row(t, "POST /auth/register 201 (spaces and any letters)",
			members(object{"email": "grace@example.org", "password": " ναυτίλος 🚢 "}))
		a.want(t, "POST /auth/jwt/login 200", form("username", "grace@example.org", "password", " ναυτίλος 🚢 "))
	})
}

func TestRegisterBodies(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		route, valid := "POST /auth/register ", `"email": "bodies@example.org", "password": "`+password+`"`
		for _, r := range []struct{ line, body string }{
			{"422 body.email missing", `{"password": "` + password + `"}`},
			{"422 body.password missing", `{"email": "bodies@example.org"}`},
			{"422 body.email missing, body.password missing", `{}`},
			{"422 body.email missing (names have an exact letter case)", `{"Email": "bodies@example.org", "password": "` + password + `"}`},
			{"422 body.email string_type (null)", `{"email": null, "password": "` + password + `"}`},
			{"422 body.email string_type (number)", `{"email": 1, "password": "` + password + `"}`},
			{"422 body.password string_type (list)", `{"email": "bodies@example.org", "password": ["` + password + `"]}`},
			{"422 body.email value_error (no e-mail)", `{"email": "no e-mail", "password": "` + password + `"}`},
			{"422 body.email value_error (display name)", `{"email": "B <bodies@example.org>", "password": "` + password + `"}`},
			{"422 body.email value_error (empty)", `{"email": "", "password": "` + password + `"}`},
			{"422 body.email value_error (line break)", `{"email": "bodies@example.org\r\nBcc: x@example.org", "password": "` + password + `"}`},
			{"422 body.email value_error, body.password missing, body.full_name string_type (all at once)", `{"email": "x", "full_name": 5}`},
			{"422 body.full_name string_type", `{` + valid + `, "full_name": 5}`},
			{"422 body.email value_error (before the policy)", `{"email": "x", "password": "short"}`},
			{"422 body missing", ``},
			{"422 body.# json_invalid (cut off)", `{` + valid},
			{"422 body.# json_invalid (something behind)", `{` + valid + `} {}`},
			{"422 body.# json_invalid (member twice)", `{` + valid + `, "email": "twice@example.org"}`},
			{"422 body.# json_invalid (NUL)", `{` + valid + `, "full_name": "\u0000"}`},
			{"422 body.# json_invalid (lone surrogate)", `{` + valid + `, "full_name": "\ud800"}`},
			{"422 body.# json_invalid (not UTF-8)", "{" + valid + ", \"full_name\": \"\xff\"}"},
			{"422 body model_attributes_type (list)", `[]`},
			{"422 body model_attributes_type (null)", `null`},
			{"413 BODY_TOO_LARGE", `{` + valid + `, "full_name": "` + strings.Repeat("x", core.MaxBody) + `"}`},
		} {
			got := a.row(t, route+r.line, text(r.body))
			for _, input := range []string{"bodies@example.org", "no e-mail", "Bcc"} {
				if strings.Contains(got.body, input) {
					t.Errorf("%s echoes the input: %s", r.line, got.body)
				}
			}
		}
		for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded",
			"application/json; charset=latin1", "text/json"} {
			a.row(t, route+"415 UNSUPPORTED_MEDIA_TYPE ("+contentType+".)", body(contentType, `{`+valid+`}`))
		}
		a.row(t, route+"201 (nothing was stored by all that)", text(`{`+valid+`}`))
	})
}

func TestRegisterConcurrently(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		t.Run("POST /auth/register (mended: of n concurrent one 201, the rest 400)", func(t *testing.T) {
			spellings := []string{"race@example.org", "RACE@example.org", "race@EXAMPLE.org"}
			created := 0
			for got := range a.atOnce(t, 12, "POST", "/auth/register", func(i int) option {
				return members(object{"email": spellings[i%len(spellings)], "password": password})
			}) {
				switch {
				case got.status == 201:
					created++
				case got.status != 400 || got.says() != core.CodeRegisterUserExists:
					t.Errorf("got %d %s", got.status, got.body)
				}
			}
			if created != 1 {
				t.Errorf("%d were created, want 1", created)
			}
		})
	})
}

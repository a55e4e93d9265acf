package routes_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestAskForAMail(t *testing.T) {
	for kind, route := range harness.MailRoutes {
		test := func(t *testing.T, a *harness.App) {
			u := a.NewUser(t)
			ask := func(note, email string) harness.Answer {
				t.Helper()
				return a.Want(t, route+"202 ("+note+")", harness.JSONObject(harness.Object{"email": email}))
			}
			answers := []harness.Answer{
				ask("unknown", "nobody@example.org"),
				ask("inactive", a.NewUser(t, harness.Inactive).Email),
				ask("looks like a user's", strings.Replace(u.Email, "s", "ꜱ", 1)),
				ask("known, in other letter case", strings.ToUpper(u.Email)),
			}
			if kind == "verify" {
				answers = append(answers, ask("verified", a.NewUser(t, harness.Verified).Email))
			}
			for _, got := range answers {
				got.Header.Del("Date")
				if got.Body != "null" || !reflect.DeepEqual(got, answers[0]) {
					t.Errorf("got\n%v, and\n%v", got, answers[0])
				}
			}
			m := a.NextMail(t)
			if want := harness.BaseURL + "/" + kind + "#token=" + m.Token; m.Kind != kind || m.To != u.Email ||
				len(m.Token) != core.SecretLen || m.Link != want {
				t.Errorf("got a mail %s to %s, link %s, want %s", m.Kind, m.To, m.Link, want)
			}
			a.WantNoMail(t)
		}
		t.Run(kind, func(t *testing.T) { harness.OnEveryAdapter(t, nil, test) })
	}
}

func TestTheLinkIsNotTheRequests(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, route := range harness.MailRoutes {
			a.Want(t, route+"202 (Host and X-Forwarded-Host are not for links)",
				harness.JSONObject(harness.Object{"email": a.NewUser(t).Email}), func(r *http.Request) { r.Host = "evil.example" },
				harness.Header("X-Forwarded-Host", "evil.example"), harness.Header("Forwarded", "host=evil.example"))
			if m := a.NextMail(t); !strings.HasPrefix(m.Link, harness.BaseURL+"/") {
				t.Errorf("the link is %s", m.Link)
			}
		}
	})
}

func TestAskForAMailBodies(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, route := range harness.MailRoutes {
			a.Want(t, route+"422 body.email missing", harness.Row, harness.JSON(`{}`))
			a.Want(t, route+"422 body.email missing (finding b11, null)", harness.JSON(`{"email": null}`))
			a.Want(t, route+"422 body.email value_error", harness.Row, harness.JSON(`{"email": "no e-mail"}`))
			a.Want(t, route+"422 body.# json_invalid", harness.Row, harness.JSON(`{"email"}`))
			a.Want(t, route+"422 body.email string_type", harness.Row, harness.JSON(`{"email": 5}`))
			for _, body := range []string{`"nobody@example.org"`, `[]`, `null`, `5`, ``} {
				a.Want(t, route+"422 body.email missing (finding b12, "+body+")", harness.JSON(body))
			}
			a.Want(t, route+"422 body.email value_error (finding b16, NUL)",
				harness.JSON(`{"email": "nobody\u0000@example.org"}`))
			a.Want(t, route+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row,
				harness.Body("text/plain", `{"email": "nobody@example.org"}`))
			a.Want(t, route+"413 BODY_TOO_LARGE", harness.Row,
				harness.JSON(`{"email": "`+strings.Repeat("x", core.MaxBody)+`"}`))
		}
		a.WantNoMail(t)
	})
}

func TestReset(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u, bystander := a.NewUser(t), a.NewUser(t)
		theirs := a.LogIn(t, "jwt", bystander)
		var before []harness.Option
		for _, backend := range harness.Backends {
			before = append(before, a.LogIn(t, backend, u))
		}
		got := a.Want(t, harness.ResetRoute+"200 (the answer)", harness.ResetBody(a.MailedToken(t, "reset", u)), before[1])
		if got.Body != "null" || len(got.Header["Set-Cookie"]) > 0 {
			t.Errorf("got %s %v, want null and no login", got.Body, got.Header)
		}
		t.Run("POST /auth/reset-password 200 (mended: all sessions and tokens end)", func(t *testing.T) {
			for _, credential := range before {
				a.Want(t, "GET /users/me 401", credential)
			}
			a.Want(t, "GET /users/me 200 (another user's do not)", theirs)
		})
		a.Want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (former password)",
			harness.LoginForm(u.Email, harness.Password))
		a.Want(t, "POST /auth/jwt/login 200 (new password)", harness.LoginForm(u.Email, harness.OtherPassword))
	})
}

func TestResetBadTokens(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		bad := harness.ResetRoute + "400 RESET_PASSWORD_BAD_TOKEN "
		u := a.NewUser(t)

		a.Want(t, bad+"(made up)", harness.ResetBody("made up"))
		a.Want(t, bad+"(empty)", harness.ResetBody(""))
		a.Want(t, bad+"(right shape)", harness.ResetBody(strings.Repeat("A", core.SecretLen)))
		a.Want(t, bad+"(token of a verification)", harness.ResetBody(a.MailedToken(t, "verify", u)))
		a.Want(t, bad+"(a session's token)", harness.ResetBody(a.Token(t, "session", u)))
		a.Want(t, bad+"(a JWT)", harness.ResetBody(a.Token(t, "jwt", u)))

		token := a.MailedToken(t, "reset", u)
		a.Want(t, bad+"(before the policy)", harness.JSONObject(harness.Object{"token": token[1:], "password": "short"}))
		a.Want(t, bad+"(one letter less)", harness.ResetBody(token[1:]))
		newer := a.MailedToken(t, "reset", u)
		a.Want(t, bad+"(a newer one was asked for)", harness.ResetBody(token))
		a.Want(t, harness.ResetRoute+"200 (the newer one)", harness.ResetBody(newer))
		a.Want(t, bad+"(used)", harness.ResetBody(newer))

		for note, change := range map[string]latchkey.Changes[harness.Account]{
			"password changed meanwhile": {Password: new(harness.Password + "!")},
			"e-mail changed meanwhile":   {Email: new("moved.away@example.org")},
			"deactivated meanwhile":      {IsActive: new(false)},
		} {
			u := a.NewUser(t)
			token := a.MailedToken(t, "reset", u)
			a.ChangeUser(t, u, change)
			a.Want(t, bad+"("+note+")", harness.ResetBody(token))
		}
		gone := a.NewUser(t)
		token = a.MailedToken(t, "reset", gone)
		if err := a.Manager().Delete(t.Context(), gone.ID); err != nil {
			t.Fatal(err)
		}
		a.Want(t, bad+"(deleted meanwhile)", harness.ResetBody(token))
	})
}

func TestResetPasswordPolicy(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		token := a.MailedToken(t, "reset", u)
		for _, weak := range []string{"short", "password123", u.Email} {
			a.Want(t, harness.ResetRoute+"400 {RESET_PASSWORD_INVALID_PASSWORD, reason}", harness.Row,
				harness.JSONObject(harness.Object{"token": token, "password": weak}))
		}
		a.Want(t, harness.ResetRoute+"200 (the refused passwords have not used the token up; unknown members are ignored)",
			harness.JSONObject(harness.Object{"token": token, "password": harness.OtherPassword, "email": "x",
				"is_superuser": true}))
	})
}

func TestResetBodies(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		a.Want(t, harness.ResetRoute+"422 body.token missing", harness.Row,
			harness.JSON(`{"password": "`+harness.OtherPassword+`"}`))
		a.Want(t, harness.ResetRoute+"422 body.password missing (before the token)", harness.JSON(`{"token": "made up"}`))
		a.Want(t, harness.ResetRoute+"422 body.token missing, body.password missing", harness.Row, harness.JSON(`{}`))
		a.Want(t, harness.ResetRoute+"422 body.token string_type, body.password missing", harness.Row,
			harness.JSON(`{"token": 1, "password": null}`))
		a.Want(t, harness.ResetRoute+"422 body.# json_invalid", harness.Row, harness.JSON(`{`))
		for _, body := range []string{`"x"`, `[]`, `null`, `5`, ``} {
			a.Want(t, harness.ResetRoute+"422 body.token missing, body.password missing (finding b12, "+body+")", harness.JSON(body))
		}
		a.Want(t, harness.ResetRoute+"422 body.password value_error, body.token missing (finding b13)",
			harness.JSON(`{"password": "\u0000"}`))
		a.Want(t, harness.ResetRoute+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row,
			harness.Body("text/plain", `{"token": "x", "password": "x"}`))
		a.Want(t, harness.ResetRoute+"413 BODY_TOO_LARGE", harness.Row,
			harness.JSON(`{"token": "`+strings.Repeat("x", core.MaxBody)+`"}`))
	})
}

func TestResetLifetime(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		token := a.MailedToken(t, "reset", u)
		a.Advance(time.Hour)
		a.Want(t, harness.ResetRoute+"400 RESET_PASSWORD_BAD_TOKEN (1 hour old)", harness.ResetBody(token))
		token = a.MailedToken(t, "reset", u)
		a.Advance(time.Hour - time.Second)
		a.Want(t, harness.ResetRoute+"200 (1 second less than an hour old)", harness.ResetBody(token))
	})
}

func TestResetConcurrently(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		token := a.MailedToken(t, "reset", u)
		t.Run("POST /auth/reset-password (of n concurrent one 200)", func(t *testing.T) {
			succeeded := 0
			for got := range a.SendAtOnce(t, 8, "POST", "/auth/reset-password",
				func(int) harness.Option { return harness.ResetBody(token) }) {
				switch {
				case got.Status == 200:
					succeeded++
				case got.Status != 400 || got.Words() != core.CodeResetBadToken:
					t.Errorf("got %d %s", got.Status, got.Body)
				}
			}
			if succeeded != 1 {
				t.Errorf("%d succeeded, want 1", succeeded)
			}
		})
	})
}

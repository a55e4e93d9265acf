package contract_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// asks are the two routes that take an address and may send a mail.
var asks = map[string]string{"reset": "POST /auth/forgot-password ", "verify": "POST /auth/request-verify-token "}

func TestAskForAMail(t *testing.T) {
	for kind, route := range asks {
		test := func(t *testing.T, a *app) {
			u := a.user(t)
			ask := func(note, email string) answer {
				t.Helper()
				return a.row(t, route+"202 ("+note+")", members(object{"email": email}))
			}
			answers := []answer{
				ask("unknown", "nobody@example.org"),
				ask("inactive", a.user(t, inactive).Email),
				ask("looks like a user's", strings.Replace(u.Email, "s", "ꜱ", 1)),
				ask("known, in other letter case", strings.ToUpper(u.Email)),
			}
			if kind == "verify" {
				answers = append(answers, ask("verified", a.user(t, verified).Email))
			}
			for _, got := range answers {
				got.header.Del("Date")
				if got.body != "null" || !reflect.DeepEqual(got, answers[0]) {
					t.Errorf("got\n%v, and\n%v", got, answers[0])
				}
			}
			m := a.mail(t)
			if want := baseURL + "/" + kind + "#token=" + m.Token; m.Kind != kind || m.To != u.Email ||
				len(m.Token) != core.SecretLen || m.Link != want {
				t.Errorf("got a mail %s to %s, link %s, want %s", m.Kind, m.To, m.Link, want)
			}
			a.wantNoMail(t)
		}
		t.Run(kind, func(t *testing.T) { onEveryAdapter(t, nil, test) })
	}
}

func TestTheLinkIsNotTheRequests(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for _, route := range asks {
			a.row(t, route+"202 (Host and X-Forwarded-Host are not for links)", members(object{"email": a.user(t).Email}),
				func(r *http.Request) { r.Host = "evil.example" }, header("X-Forwarded-Host", "evil.example"),
				header("Forwarded", "host=evil.example"))
			if m := a.mail(t); !strings.HasPrefix(m.Link, baseURL+"/") {
				t.Errorf("the link is %s", m.Link)
			}
		}
	})
}

func TestAskForAMailBodies(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for _, route := range asks {
			a.row(t, route+"422 body.email missing", text(`{}`))
			a.row(t, route+"422 body.email string_type (null)", text(`{"email": null}`))
			a.row(t, route+"422 body.email value_error", text(`{"email": "no e-mail"}`))
			a.row(t, route+"422 body.# json_invalid", text(`{"email"}`))
			a.row(t, route+"422 body model_attributes_type", text(`"nobody@example.org"`))
			a.row(t, route+"422 body missing", text(``))
			a.row(t, route+"415 UNSUPPORTED_MEDIA_TYPE", form("email", "nobody@example.org"))
			a.row(t, route+"413 BODY_TOO_LARGE", text(`{"email": "`+strings.Repeat("x", core.MaxBody)+`"}`))
		}
		a.wantNoMail(t)
	})
}

// asked asks for a mail and gives its token.
func (a *app) asked(t *testing.T, kind string, u *Account) string {
	t.Helper()
	a.want(t, asks[kind]+"202", members(object{"email": u.Email}))
	m := a.mail(t)
	if m.Kind != kind || m.To != u.Email {
		t.Fatalf("got a %s to %s", m, m.To)
	}
	return m.Token
}

const resetRoute = "POST /auth/reset-password "

func fresh(token string) option { return members(object{"token": token, "password": another}) }

func TestReset(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u, bystander := a.user(t), a.user(t)
		theirs := a.login(t, "jwt", bystander)
		var before []option
		for _, backend := range backends {
			before = append(before, a.login(t, backend, u))
		}
		got := a.row(t, resetRoute+"200 (the answer)", fresh(a.asked(t, "reset", u)), before[1])
		if got.body != "null" || len(got.header["Set-Cookie"]) > 0 {
			t.Errorf("got %s %v, want null and no login", got.body, got.header)
		}
		t.Run("POST /auth/reset-password 200 (mended: all sessions and tokens end)", func(t *testing.T) {
			for _, credential := range before {
				a.want(t, "GET /users/me 401", credential)
			}
			a.want(t, "GET /users/me 200 (another user's do not)", theirs)
		})
		a.want(t, "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS (former password)",
			form("username", u.Email, "password", password))
		a.want(t, "POST /auth/jwt/login 200 (new password)", form("username", u.Email, "password", another))
	})
}

func TestResetBadTokens(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		bad := resetRoute + "400 RESET_PASSWORD_BAD_TOKEN "
		u := a.user(t)

		a.row(t, bad+"(made up)", fresh("made up"))
		a.row(t, bad+"(empty)", fresh(""))
		a.row(t, bad+"(right shape)", fresh(strings.Repeat("A", core.SecretLen)))
		a.row(t, bad+"(token of a verification)", fresh(a.asked(t, "verify", u)))
		a.row(t, bad+"(a session's token)", fresh(a.token(t, "session", u)))
		a.row(t, bad+"(a JWT)", fresh(a.token(t, "jwt", u)))

		token := a.asked(t, "reset", u)
		a.row(t, bad+"(before the policy)", members(object{"token": token[1:], "password": "short"}))
		a.row(t, bad+"(one letter less)", fresh(token[1:]))
		newer := a.asked(t, "reset", u)
		a.row(t, bad+"(a newer one was asked for)", fresh(token))
		a.row(t, resetRoute+"200 (the newer one)", fresh(newer))
		a.row(t, bad+"(used)", fresh(newer))

		for note, change := range map[string]latchkey.Changes[Account]{
			"password changed meanwhile": {Password: new(password + "!")},
			"e-mail changed meanwhile":   {Email: new("moved.away@example.org")},
			"deactivated meanwhile":      {IsActive: new(false)},
		} {
			u := a.user(t)
			token := a.asked(t, "reset", u)
			a.change(t, u, change)
			a.row(t, bad+"("+note+")", fresh(token))
		}
		gone := a.user(t)
		token = a.asked(t, "reset", gone)
		if err := a.Manager().Delete(t.Context(), gone.ID); err != nil {
			t.Fatal(err)
		}
		a.row(t, bad+"(deleted meanwhile)", fresh(token))
	})
}

func TestResetPasswordPolicy(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		token := a.asked(t, "reset", u)
		for _, weak := range []string{"short", "password123", u.Email} {
			a.row(t, resetRoute+"400 {RESET_PASSWORD_INVALID_PASSWORD, reason}",
				members(object{"token": token, "password": weak}))
		}
		a.row(t, resetRoute+"200 (the refused passwords have not used the token up; unknown members are ignored)",
			members(object{"token": token, "password": another, "email": "x", "is_superuser": true}))
	})
}

func TestResetBodies(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		a.row(t, resetRoute+"422 body.token missing", text(`{"password": "`+another+`"}`))
		a.row(t, resetRoute+"422 body.password missing (before the token)", text(`{"token": "made up"}`))
		a.row(t, resetRoute+"422 body.token missing, body.password missing", text(`{}`))
		a.row(t, resetRoute+"422 body.token string_type, body.password string_type", text(`{"token": 1, "password": null}`))
		a.row(t, resetRoute+"422 body.# json_invalid", text(`{`))
		a.row(t, resetRoute+"422 body missing", text(``))
		a.row(t, resetRoute+"415 UNSUPPORTED_MEDIA_TYPE", form("token", "x", "password", another))
		a.row(t, resetRoute+"413 BODY_TOO_LARGE", text(`{"token": "`+strings.Repeat("x", core.MaxBody)+`"}`))
	})
}

func TestResetLifetime(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		token := a.asked(t, "reset", u)
		a.pass(time.Hour)
		a.row(t, resetRoute+"400 RESET_PASSWORD_BAD_TOKEN (1 hour old)", fresh(token))
		token = a.asked(t, "reset", u)
		a.pass(time.Hour - time.Second)
		a.row(t, resetRoute+"200 (1 second less than an hour old)", fresh(token))
	})
}

func TestResetConcurrently(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		token := a.asked(t, "reset", u)
		t.Run("POST /auth/reset-password (of n concurrent one 200)", func(t *testing.T) {
			succeeded := 0
			for got := range a.atOnce(t, 8, "POST", "/auth/reset-password", func(int) option { return fresh(token) }) {
				switch {
				case got.status == 200:
					succeeded++
				case got.status != 400 || got.says() != core.CodeResetBadToken:
					t.Errorf("got %d %s", got.status, got.body)
				}
			}
			if succeeded != 1 {
				t.Errorf("%d succeeded, want 1", succeeded)
			}
		})
	})
}

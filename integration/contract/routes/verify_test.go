package routes_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestVerify(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		mine := a.LogIn(t, "jwt", u)
		token := a.MailedToken(t, "verify", u)
		got := a.Want(t, harness.VerifyRoute+"200 (unknown members are ignored)",
			harness.JSONObject(harness.Object{"token": token, "is_superuser": true}))
		u.IsVerified = true
		got.WantUser(t, u)
		a.Want(t, "GET /users/me 200 (sessions and tokens stay)", mine).WantUser(t, u)
		a.Want(t, harness.VerifyRoute+"400 VERIFY_USER_ALREADY_VERIFIED (used)", harness.VerifyBody(token))

		other := a.NewUser(t)
		token = a.MailedToken(t, "verify", other)
		a.ChangeUser(t, other, latchkey.Changes[harness.Account]{IsVerified: new(true)})
		a.Want(t, harness.VerifyRoute+"400 VERIFY_USER_ALREADY_VERIFIED (unused, verified meanwhile)",
			harness.VerifyBody(token))
	})
}

func TestVerifyBadTokens(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		bad := harness.VerifyRoute + "400 VERIFY_USER_BAD_TOKEN "
		u := a.NewUser(t)

		a.Want(t, bad+"(made up)", harness.VerifyBody("made up"))
		a.Want(t, bad+"(empty)", harness.VerifyBody(""))
		a.Want(t, bad+"(right shape)", harness.VerifyBody(strings.Repeat("A", core.SecretLen)))
		a.Want(t, bad+"(token of a reset)", harness.VerifyBody(a.MailedToken(t, "reset", u)))
		a.Want(t, bad+"(a session's token)", harness.VerifyBody(a.Token(t, "session", u)))

		token := a.MailedToken(t, "verify", u)
		newer := a.MailedToken(t, "verify", u)
		a.Want(t, bad+"(a newer one was asked for)", harness.VerifyBody(token))
		a.Want(t, harness.VerifyRoute+"200 (the newer one)", harness.VerifyBody(newer))
		a.ChangeUser(t, u, latchkey.Changes[harness.Account]{IsVerified: new(false)})
		a.Want(t, bad+"(used, and not verified any more)", harness.VerifyBody(newer))

		moved := a.NewUser(t)
		token = a.MailedToken(t, "verify", moved)
		a.ChangeUser(t, moved, latchkey.Changes[harness.Account]{Email: new("moved.away@example.org")})
		a.Want(t, bad+"(of a former e-mail)", harness.VerifyBody(token))

		gone := a.NewUser(t)
		token = a.MailedToken(t, "verify", gone)
		if err := a.Manager().Delete(t.Context(), gone.ID); err != nil {
			t.Fatal(err)
		}
		a.Want(t, bad+"(deleted meanwhile)", harness.VerifyBody(token))
	})
}

func TestVerifyBodies(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		a.Want(t, harness.VerifyRoute+"422 body.token missing", harness.Row, harness.JSON(`{}`))
		a.Want(t, harness.VerifyRoute+"422 body.token string_type", harness.Row, harness.JSON(`{"token": ["x"]}`))
		a.Want(t, harness.VerifyRoute+"422 body.token missing (finding b11, null)", harness.JSON(`{"token": null}`))
		a.Want(t, harness.VerifyRoute+"422 body.# json_invalid", harness.Row, harness.JSON(`token`))
		a.Want(t, harness.VerifyRoute+"422 body.token missing (finding b12)", harness.JSON(``))
		a.Want(t, harness.VerifyRoute+"415 UNSUPPORTED_MEDIA_TYPE", harness.Row, harness.Body("text/plain", `{"token": "x"}`))
		a.Want(t, harness.VerifyRoute+"413 BODY_TOO_LARGE", harness.Row,
			harness.JSON(`{"token": "`+strings.Repeat("x", core.MaxBody)+`"}`))
	})
}

func TestVerifyLifetime(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		token := a.MailedToken(t, "verify", u)
		a.Advance(time.Hour)
		a.Want(t, harness.VerifyRoute+"400 VERIFY_USER_BAD_TOKEN (1 hour old)", harness.VerifyBody(token))
		token = a.MailedToken(t, "verify", u)
		a.Advance(time.Hour - time.Second)
		a.Want(t, harness.VerifyRoute+"200 (1 second less than an hour old)", harness.VerifyBody(token))
	})
}

func TestRegisteringSendsAMail(t *testing.T) {
	register := func(t *testing.T, a *harness.App) {
		a.Want(t, "POST /auth/register 201", harness.Row,
			harness.JSONObject(harness.Object{"email": "New@example.org", "password": harness.Password}))
		m := a.NextMail(t)
		if m.Kind != "verify" || m.To != "New@example.org" {
			t.Errorf("got a %s to %s", m, m.To)
		}
		a.Want(t, harness.VerifyRoute+"200 (the mail's token)", harness.VerifyBody(m.Token))
	}
	t.Run("by option", func(t *testing.T) {
		harness.OnEveryAdapter(t, func(_ *harness.App, o *harness.Options) {
			o.Flows = []latchkey.Flow{verify.Flow{OnRegister: true}, reset.Flow{}}
		},
			register)
	})
	t.Run("by hook", func(t *testing.T) {
		harness.OnEveryAdapter(t, func(a *harness.App, o *harness.Options) {
			o.Hooks.AfterRegister = func(ctx context.Context, e latchkey.Event[harness.Account]) {
				if err := a.Manager().RequestVerify(ctx, e.User.Email); err != nil {
					t.Error(err)
				}
			}
		}, register)
	})
}

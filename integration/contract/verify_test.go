package contract_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
)

const verifyRoute = "POST /auth/verify "

func proof(token string) option { return members(object{"token": token}) }

func TestVerify(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		mine := a.login(t, "jwt", u)
		token := a.asked(t, "verify", u)
		got := a.row(t, verifyRoute+"200 (unknown members are ignored)",
			members(object{"token": token, "is_superuser": true}))
		u.IsVerified = true
		got.wantUser(t, u)
		a.want(t, "GET /users/me 200 (sessions and tokens stay)", mine).wantUser(t, u)
		a.row(t, verifyRoute+"400 VERIFY_USER_ALREADY_VERIFIED (used)", proof(token))

		other := a.user(t)
		token = a.asked(t, "verify", other)
		a.change(t, other, latchkey.Changes[Account]{IsVerified: new(true)})
		a.row(t, verifyRoute+"400 VERIFY_USER_ALREADY_VERIFIED (unused, verified meanwhile)", proof(token))
	})
}

func TestVerifyBadTokens(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		bad := verifyRoute + "400 VERIFY_USER_BAD_TOKEN "
		u := a.user(t)

		a.row(t, bad+"(made up)", proof("made up"))
		a.row(t, bad+"(empty)", proof(""))
		a.row(t, bad+"(right shape)", proof(strings.Repeat("A", core.SecretLen)))
		a.row(t, bad+"(token of a reset)", proof(a.asked(t, "reset", u)))
		a.row(t, bad+"(a session's token)", proof(a.token(t, "session", u)))

		token := a.asked(t, "verify", u)
		newer := a.asked(t, "verify", u)
		a.row(t, bad+"(a newer one was asked for)", proof(token))
		a.row(t, verifyRoute+"200 (the newer one)", proof(newer))
		a.change(t, u, latchkey.Changes[Account]{IsVerified: new(false)})
		a.row(t, bad+"(used, and not verified any more)", proof(newer))

		moved := a.user(t)
		token = a.asked(t, "verify", moved)
		a.change(t, moved, latchkey.Changes[Account]{Email: new("moved.away@example.org")})
		a.row(t, bad+"(of a former e-mail)", proof(token))

		gone := a.user(t)
		token = a.asked(t, "verify", gone)
		if err := a.Manager().Delete(t.Context(), gone.ID); err != nil {
			t.Fatal(err)
		}
		a.row(t, bad+"(deleted meanwhile)", proof(token))
	})
}

func TestVerifyBodies(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		a.row(t, verifyRoute+"422 body.token missing", text(`{}`))
		a.row(t, verifyRoute+"422 body.token string_type", text(`{"token": ["x"]}`))
		a.row(t, verifyRoute+"422 body.token string_type (null)", text(`{"token": null}`))
		a.row(t, verifyRoute+"422 body.# json_invalid", text(`token`))
		a.row(t, verifyRoute+"422 body missing", text(``))
		a.row(t, verifyRoute+"415 UNSUPPORTED_MEDIA_TYPE", form("token", "x"))
		a.row(t, verifyRoute+"413 BODY_TOO_LARGE", text(`{"token": "`+strings.Repeat("x", core.MaxBody)+`"}`))
	})
}

func TestVerifyLifetime(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		token := a.asked(t, "verify", u)
		a.pass(time.Hour)
		a.row(t, verifyRoute+"400 VERIFY_USER_BAD_TOKEN (1 hour old)", proof(token))
		token = a.asked(t, "verify", u)
		a.pass(time.Hour - time.Second)
		a.row(t, verifyRoute+"200 (1 second less than an hour old)", proof(token))
	})
}

func TestRegisteringSendsAMail(t *testing.T) {
	register := func(t *testing.T, a *app) {
		a.row(t, "POST /auth/register 201", members(object{"email": "New@example.org", "password": password}))
		m := a.mail(t)
		if m.Kind != "verify" || m.To != "New@example.org" {
			t.Errorf("got a %s to %s", m, m.To)
		}
		a.row(t, verifyRoute+"200 (the mail's token)", proof(m.Token))
	}
	t.Run("by option", func(t *testing.T) {
		onEveryAdapter(t, func(_ *app, o *options) { o.Flows = []latchkey.Flow{verify.Flow{OnRegister: true}, reset.Flow{}} },
			register)
	})
	t.Run("by hook", func(t *testing.T) {
		onEveryAdapter(t, func(a *app, o *options) {
			o.Hooks.AfterRegister = func(ctx context.Context, e latchkey.Event[Account]) {
				if err := a.Manager().RequestVerify(ctx, e.User.Email); err != nil {
					t.Error(err)
				}
			}
		}, register)
	})
}

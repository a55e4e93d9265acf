package authtest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/adapters/httpauth"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/reset"
	"github.com/latchkey-go/latchkey/flows/verify"
)

// A mail is there at once, also where its delay is that of production.
func TestMail(t *testing.T) {
	t.Parallel()
	for name, delay := range map[string]time.Duration{"at once": 0, "delayed": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				app := authtest.New(t, options{
					Flows: []latchkey.Flow{verify.Flow{OnRegister: true}, reset.Flow{}}, MailDelay: delay,
				})
				h, c := site(app.Auth), authtest.NewClient(t)
				httpauth.Mount(h, "/auth", app.Verify(), app.Reset())
				began := time.Now()
				c.Do(h, "POST", "/auth/register", `{"email": "Ada@example.org", "password": "analytical engine", "nick": ""}`)
				first := authtest.Mail(t, app.Auth, app.Outbox, "ada@example.org", core.MailVerify)
				c.Do(h, "POST", "/auth/forgot-password", `{"email": "ada@example.org"}`)
				time.Sleep(time.Second)
				c.Do(h, "POST", "/auth/request-verify-token", `{"email": "ada@example.org"}`)
				second := authtest.Mail(t, app.Auth, app.Outbox, "Ada@example.org", core.MailVerify)
				forgot := authtest.Mail(t, app.Auth, app.Outbox, "Ada@example.org", core.MailReset)
				if first.Token == second.Token || first.Kind != "verify" || forgot.Kind != "reset" || forgot.Token == "" {
					t.Errorf("the mails are %v, %v and %v", first, second, forgot)
				}
				if w := c.Do(h, "POST", "/auth/verify", `{"token": "`+second.Token+`"}`); w.Code != 200 {
					t.Errorf("verify answers %d %s", w.Code, w.Body)
				}
				if passed := time.Since(began); passed != time.Second {
					t.Errorf("waited for %v", passed-time.Second)
				}
			})
		})
	}
}

func TestMisuseOfMail(t *testing.T) {
	t.Parallel()
	app := authtest.New(t, options{Flows: []latchkey.Flow{reset.Flow{}}})
	h := site(app.Auth)
	httpauth.Mount(h, "/auth", app.Reset())
	ada := authtest.User[Member]()
	authtest.As(t, app.Auth, "web", ada).Do(h, "POST", "/auth/forgot-password", `{"email": "`+ada.Email+`"}`)
	authtest.Mail(t, app.Auth, app.Outbox, ada.Email, core.MailReset) // twin
	for name, c := range map[string]struct{ to, kind, part string }{
		"another address": {"eve@example.org", core.MailReset, "reset to " + ada.Email},
		"another kind":    {ada.Email, core.MailVerify, `no "verify" mail`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantSentence(t, saying(t, func(tb testing.TB) { authtest.Mail(tb, app.Auth, app.Outbox, c.to, c.kind) }), c.part)
		})
	}
	wantSentence(t, saying(t, func(tb testing.TB) { authtest.Mail(tb, app.Auth, nil, ada.Email, core.MailReset) }),
		"Options.Sender")
	empty := authtest.New(t, options{})
	wantSentence(t, saying(t, func(tb testing.TB) {
		authtest.Mail(tb, empty.Auth, empty.Outbox, ada.Email, core.MailReset)
	}), "nothing")
}

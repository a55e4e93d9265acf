package latchkey_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
)

// Whoever is sent the link of somebody else's login sees whose it is before
// they confirm it.
func TestAttackM58ALinkOfAnothersLogin(t *testing.T) {
	t.Parallel()
	for _, backend := range both {
		for _, mode := range []maillogin.Mode{maillogin.Code, maillogin.Confirm} {
			t.Run(fmt.Sprint(backend, " ", mode), func(t *testing.T) {
				t.Parallel()
				a := newMailApp(t, maillogin.Flow{OtherBrowser: mode, SignUp: true})
				a.member("Eve@example.org")
				eve, ada := a.reader(backend), a.reader(backend)
				token := func(m core.Mail) in {
					members := in{"token": m.Token}
					if backend == "api" {
						members["flow"] = eve.flow
					}
					return members
				}
				for typed, address := range map[string]string{
					"eve@example.org": "Eve@example.org", " New@Example.org": "New@Example.org",
				} {
					mail := eve.asks(typed)
					whose := fmt.Sprintf(`{"email":%q}`, address)
					for range 10 { // which is no try
						eve.want("/mail-login/link", token(mail), 200, whose)
						if mode == maillogin.Confirm {
							ada.want("/mail-login/link", in{"token": mail.Token}, 200, whose)
						} else {
							ada.want("/mail-login/link", in{"token": mail.Token}, 400, badCode)
						}
					}
					ada.is("")
					eve.want("/mail-login/confirm", in{"token": mail.Token}, eve.loggedIn(), "")
					eve.is(address)
					eve.want("/mail-login/link", token(mail), 400, badCode) // used up
				}
			})
		}
	}
}

// Nobody learns whose login a link is who could not confirm it.
func TestLinksThatLogNobodyIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happens func(a *mailApp, id string)
		change  func(token string) string
		refused bool
	}{
		"nothing happens": {},
		"another secret": {change: func(token string) string {
			end := "AAAA"
			if token[len(token)-4:] == end {
				end = "BBBB"
			}
			return token[:len(token)-4] + end
		}, refused: true},
		"cut short": {change: func(token string) string { return token[:43] }, refused: true},
		"the user is inactive": {happens: func(a *mailApp, id string) {
			a.set(id, func(u *core.User) { u.IsActive = false })
		}, refused: true},
		"the user is logged out everywhere": {happens: func(a *mailApp, id string) {
			a.set(id, func(u *core.User) { u.TokenEpoch++ })
		}, refused: true},
		"the user is gone": {happens: func(a *mailApp, id string) { _ = a.users.Delete(a.t.Context(), id) }, refused: true},
		"nine minutes":     {happens: func(a *mailApp, _ string) { a.clock.Advance(10*time.Minute - time.Second) }},
		"ten minutes":      {happens: func(a *mailApp, _ string) { a.clock.Advance(10 * time.Minute) }, refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newMailApp(t, maillogin.Flow{OtherBrowser: maillogin.Confirm})
			ada := a.member("ada@example.org")
			v := a.reader("web")
			token := v.asks("ada@example.org").Token
			if c.happens != nil {
				c.happens(a, ada.ID)
			}
			if c.change != nil {
				token = c.change(token)
			}
			if c.refused {
				v.want("/mail-login/link", in{"token": token}, 400, badCode)
			} else {
				v.want("/mail-login/link", in{"token": token}, 200, `{"email":"ada@example.org"}`)
			}
		})
	}
}

func TestLinksAreReadAndCounted(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{})
	v := a.reader("web")
	v.want("/mail-login/link", in{}, 422, "missing")
	v.want("/mail-login/link", in{"code": "12345678"}, 422, `"token"`)
	v.at(atHome)
	for range 60 {
		v.want("/mail-login/link", in{"token": "no link"}, 400, badCode)
	}
	v.want("/mail-login/link", in{"token": "no link"}, 429, core.CodeRateLimited)
}

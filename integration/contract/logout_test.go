package contract_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
)

func TestLogout(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		for _, route := range backends {
			for _, issuer := range backends {
				t.Run(fmt.Sprintf("POST /auth/%s/logout 204 (mended: the token is revoked, of %s)", route, issuer),
					func(t *testing.T) {
						mine, other := a.login(t, issuer, u), a.login(t, issuer, u)
						a.want(t, "GET /users/me 200", mine)
						got := a.want(t, "POST /auth/"+route+"/logout 204", mine)
						a.want(t, "GET /users/me 401", mine)
						a.want(t, "POST /auth/"+route+"/logout 401", mine)
						a.want(t, "GET /users/me 200 (another login stays)", other)
						if route != "cookie" && issuer != "cookie" {
							if lines := got.header["Set-Cookie"]; len(lines) > 0 {
								t.Errorf("a logout without cookies sets %q", lines)
							}
							return
						}
						const cleared = cookieName + "=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
						if got.cookie(t); got.header.Get("Set-Cookie") != cleared {
							t.Errorf("got the cookie %s, want %s", got.header.Get("Set-Cookie"), cleared)
						}
					})
			}
		}
	})
}

func TestLogoutRefusals(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		for _, backend := range backends {
			route := "POST /auth/" + backend + "/logout "
			u, off, gone := a.user(t), a.user(t), a.user(t)
			mine, offs, gones := a.login(t, backend, u), a.login(t, backend, off), a.login(t, backend, gone)
			a.change(t, off, latchkey.Changes[Account]{IsActive: new(false)})
			if err := a.Manager().Delete(t.Context(), gone.ID); err != nil {
				t.Fatal(err)
			}
			a.row(t, route+"401 (no credential)")
			a.row(t, route+"401 (unknown token)", credential(backend, "x."+a.token(t, backend, u)))
			a.row(t, route+"401 (inactive)", offs)
			a.row(t, route+"401 (deleted)", gones)
			a.row(t, route+"204 (active, a body is not looked at)", mine, body("text/plain", "anything"))
		}
	})
}

func TestLogoutExpired(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		for _, backend := range backends {
			mine := a.login(t, backend, u)
			a.pass(31 * 24 * time.Hour)
			a.row(t, "POST /auth/"+backend+"/logout 401 (expired)", mine)
		}
	})
}

func TestLogoutFromOtherOrigins(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		mine := a.login(t, "cookie", u)
		for name, foreign := range crossOrigin {
			a.row(t, fmt.Sprintf("POST /auth/cookie/logout 403 CROSS_ORIGIN_REFUSED (%s)", name), append(foreign, mine)...)
			a.row(t, fmt.Sprintf("POST /auth/jwt/logout 403 CROSS_ORIGIN_REFUSED (cookie on the bearer's route, %s)", name),
				append(foreign, mine)...)
			a.row(t, fmt.Sprintf("POST /auth/jwt/logout 204 (bearer, %s)", name), append(foreign, a.login(t, "jwt", u))...)
		}
		a.want(t, "GET /users/me 200 (nothing has ended)", mine)
		for name, own := range ownOrigin {
			a.row(t, fmt.Sprintf("POST /auth/cookie/logout 204 (%s)", name), own(a.url[len("http://"):]),
				a.login(t, "cookie", u))
		}
	})
}

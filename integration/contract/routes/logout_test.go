package routes_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestLogout(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		for _, route := range harness.Backends {
			for _, issuer := range harness.Backends {
				t.Run(fmt.Sprintf("POST /auth/%s/logout 204 (mended: the token is revoked, of %s)", route, issuer),
					func(t *testing.T) {
						mine, other := a.LogIn(t, issuer, u), a.LogIn(t, issuer, u)
						a.Want(t, "GET /users/me 200", mine)
						got := a.Want(t, "POST /auth/"+route+"/logout 204", mine)
						a.Want(t, "GET /users/me 401", mine)
						a.Want(t, "POST /auth/"+route+"/logout 401", mine)
						a.Want(t, "GET /users/me 200 (another login stays)", other)
						if route != "cookie" && issuer != "cookie" {
							if lines := got.Header["Set-Cookie"]; len(lines) > 0 {
								t.Errorf("a logout without cookies sets %q", lines)
							}
							return
						}
						const cleared = harness.CookieName + "=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
						if got.Cookie(t); got.Header.Get("Set-Cookie") != cleared {
							t.Errorf("got the cookie %s, want %s", got.Header.Get("Set-Cookie"), cleared)
						}
					})
			}
		}
	})
}

func TestLogoutRefusals(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		for _, backend := range harness.Backends {
			route := "POST /auth/" + backend + "/logout "
			u, off, gone := a.NewUser(t), a.NewUser(t), a.NewUser(t)
			mine, offs, gones := a.LogIn(t, backend, u), a.LogIn(t, backend, off), a.LogIn(t, backend, gone)
			a.ChangeUser(t, off, latchkey.Changes[harness.Account]{IsActive: new(false)})
			if err := a.Manager().Delete(t.Context(), gone.ID); err != nil {
				t.Fatal(err)
			}
			a.Want(t, route+"401 (no credential)")
			a.Want(t, route+"401 (unknown token)", harness.Credential(backend, "x."+a.Token(t, backend, u)))
			a.Want(t, route+"401 (inactive)", offs)
			a.Want(t, route+"401 (deleted)", gones)
			a.Want(t, route+"204 (active, a body is not looked at)", mine, harness.Body("text/plain", "anything"))
		}
	})
}

func TestLogoutExpired(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		for _, backend := range harness.Backends {
			mine := a.LogIn(t, backend, u)
			a.Advance(31 * 24 * time.Hour)
			a.Want(t, "POST /auth/"+backend+"/logout 401 (expired)", mine)
		}
	})
}

func TestLogoutFromOtherOrigins(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		mine := a.LogIn(t, "cookie", u)
		for name, foreign := range harness.CrossOriginHeaders {
			a.Want(t, fmt.Sprintf("POST /auth/cookie/logout 403 CROSS_ORIGIN_REFUSED (%s)", name), append(foreign, mine)...)
			a.Want(t, fmt.Sprintf("POST /auth/jwt/logout 403 CROSS_ORIGIN_REFUSED (cookie on the bearer's route, %s)", name),
				append(foreign, mine)...)
			a.Want(t, fmt.Sprintf("POST /auth/jwt/logout 204 (bearer, %s)", name), append(foreign, a.LogIn(t, "jwt", u))...)
		}
		a.Want(t, "GET /users/me 200 (nothing has ended)", mine)
		for name, own := range harness.SameOriginHeaders {
			a.Want(t, fmt.Sprintf("POST /auth/cookie/logout 204 (%s)", name), own(a.URL[len("http://"):]),
				a.LogIn(t, "cookie", u))
		}
	})
}

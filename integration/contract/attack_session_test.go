package contract_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

func TestAttackS01Fixation(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		mallory := a.user(t)
		for _, backend := range []string{"cookie", "session"} {
			right := form("username", u.Email, "password", password)
			for name, chosen := range map[string]string{
				"made up": strings.Repeat("A", core.SecretLen), "mallory's own": a.token(t, backend, mallory), "ended": a.token(t, backend, mallory),
			} {
				t.Run("S01 a token that was chosen before the login, "+name+", "+backend, func(t *testing.T) {
					if name == "ended" {
						a.want(t, "POST /auth/"+backend+"/logout 204", credential(backend, chosen))
					}
					got := a.want(t, "POST /auth/"+backend+"/login "+success(backend), right, credential(backend, chosen))
					_, given := a.given(t, got)
					if given == chosen {
						t.Error("the token is the one that was brought along")
					}
					a.want(t, "GET /users/me 200 (twin)", credential(backend, given)).wantUser(t, u)
					if name == "mallory's own" {
						a.want(t, "GET /users/me 200 (still mallory's)", credential(backend, chosen)).wantUser(t, mallory)
					} else {
						a.want(t, "GET /users/me 401", credential(backend, chosen))
					}
				})
			}
		}
	})
}

// given is the token of a login answer, and the kind of backend that gave it.
func (a *app) given(t *testing.T, got answer) (backend, token string) {
	t.Helper()
	if len(got.header["Set-Cookie"]) > 0 {
		return "cookie", got.cookie(t).Value
	}
	token, _ = got.member(t, "access_token").(string)
	if strings.Contains(token, ".") {
		return "jwt", token
	}
	return "session", token
}

func TestAttackS02Replay(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		const replays = 10_000
		u := a.user(t)
		var ended []option
		for _, backend := range backends {
			mine := a.login(t, backend, u)
			a.want(t, "GET /users/me 200 (twin, before)", mine)
			a.want(t, "POST /auth/"+backend+"/logout 204", mine)
			ended = append(ended, mine)
		}
		t.Run("S02 10,000 replays after the logout", func(t *testing.T) {
			var workers sync.WaitGroup
			for range 2 {
				workers.Go(func() {
					for i := range replays / 2 {
						if got := a.exchange(t.Context(), "GET", "/users/me", ended[i%len(ended)]); got.status != 401 {
							t.Errorf("replay %d: got %d %s", i, got.status, got.body)
							return
						}
					}
				})
			}
			workers.Wait()
		})
		a.want(t, "GET /users/me 200 (twin, another login)", a.login(t, "cookie", u))
	})
}

func TestAttackS04OtherSessions(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		for name, change := range map[string]func(t *testing.T, u *Account, mine option) (stays bool){
			"S04 password change": func(t *testing.T, _ *Account, mine option) bool {
				a.want(t, "PATCH /users/me 200", mine, members(object{"password": another}))
				return true
			},
			"S04 password reset": func(t *testing.T, u *Account, _ option) bool {
				a.want(t, resetRoute+"200", fresh(a.asked(t, "reset", u)))
				return false
			},
			"S22 password reset, cookie that is to be remembered": func(t *testing.T, u *Account, _ option) bool {
				a.pass(6 * day)
				a.want(t, resetRoute+"200", fresh(a.asked(t, "reset", u)))
				return false
			},
		} {
			t.Run(name, func(t *testing.T) {
				u, bystander := a.user(t), a.user(t)
				var others []option
				for i := range 12 {
					others = append(others, a.login(t, backends[i%3], u))
				}
				mine, theirs := a.login(t, "cookie", u), a.login(t, "cookie", bystander)
				stays := change(t, u, mine)
				for _, other := range others {
					a.want(t, "GET /users/me 401", other)
					a.want(t, "PATCH /users/me 401", other, members(object{"full_name": "x"}))
				}
				if stays {
					a.want(t, "GET /users/me 200 (twin, the one that did it)", mine)
				} else {
					a.want(t, "GET /users/me 401", mine)
				}
				a.want(t, "GET /users/me 200 (twin, another user)", theirs)
				a.want(t, "POST /auth/cookie/login 204 (twin)", form("username", u.Email, "password", another))
			})
		}
	})
}

func TestAttackS05Users(t *testing.T) {
	onEveryStore(t, func(_ *app, o *options) { o.RequireVerified = true }, func(t *testing.T, a *app) {
		for _, backend := range backends {
			for name, c := range map[string]struct {
				status string
				change func(t *testing.T, u *Account)
			}{
				"inactive":                         {"401", func(t *testing.T, u *Account) { a.change(t, u, latchkey.Changes[Account]{IsActive: new(false)}) }},
				"inactive, set by another program": {"401", func(t *testing.T, u *Account) { a.edit(t, u, inactive) }},
				"deleted": {"401", func(t *testing.T, u *Account) {
					if err := a.Manager().Delete(t.Context(), u.ID); err != nil {
						t.Fatal(err)
					}
				}},
				"unverified where that is required": {"403", func(t *testing.T, u *Account) { a.change(t, u, latchkey.Changes[Account]{IsVerified: new(false)}) }},
			} {
				t.Run("S05 session of a user who is "+name+", "+backend, func(t *testing.T) {
					u := a.user(t, verified)
					mine := a.login(t, backend, u)
					a.want(t, "GET /users/me 200 (twin, before)", mine)
					c.change(t, u)
					a.want(t, "GET /users/me "+c.status, mine)
					a.want(t, "PATCH /users/me "+c.status, mine, text(`{}`))
				})
			}
		}
	})
}

// TestAttackS07RevokeAllRace: a login that races with the end of all sessions
// lives or dies, in every place at once, and for good.
func TestAttackS07RevokeAllRace(t *testing.T) {
	onEveryStore(t, func(_ *app, o *options) { o.InsecureNoLimits = true }, func(t *testing.T, a *app) {
		t.Run("S07 64 logins at the same time as the end of all sessions", func(t *testing.T) {
			u := a.user(t)
			keeper := a.login(t, "session", u)
			answers := a.atOnce(t, 64, "POST", "", func(i int) option {
				login := form("username", u.Email, "password", password)
				return func(r *http.Request) { r.URL.Path = "/auth/" + backends[i%3] + "/login"; login(r) }
			})
			var before, raced []answer
			for range 16 {
				before = append(before, <-answers)
			}
			a.want(t, "DELETE /auth/sessions 204", keeper)
			for got := range answers {
				raced = append(raced, got)
			}
			lives := func(got answer) (alive, listed bool) {
				t.Helper()
				backend, token := a.given(t, got)
				me := a.send(t, "GET", "/users/me", credential(backend, token))
				again := a.send(t, "GET", "/users/me", credential(backend, token))
				if me.status != again.status || me.status != 200 && me.status != 401 {
					t.Errorf("a session of %s answers %d, then %d", backend, me.status, again.status)
				}
				return me.status == 200, backend != "jwt"
			}
			living := 1 // the keeper
			for _, got := range before {
				if alive, _ := lives(got); alive {
					t.Error("a login that was answered before the end of all sessions lives")
				}
			}
			for _, got := range raced {
				if got.status == 400 && got.says() == core.CodeLoginBadCredentials {
					continue // it was admitted before, and came too late
				}
				if alive, listed := lives(got); alive && listed {
					living++
				}
			}
			for _, backend := range backends {
				a.want(t, "GET /users/me 200 (twin, a login after it)", a.login(t, backend, u))
			}
			if listed := len(a.sessions(t, keeper)); listed != living+2 {
				t.Errorf("%d sessions are listed, %d live", listed, living+2)
			}
		})
	})
}

func TestAttackS08AbsoluteEnd(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		for _, backend := range []string{"cookie", "session"} {
			t.Run("S08 constant activity does not move the absolute end, "+backend, func(t *testing.T) {
				mine := a.login(t, backend, a.user(t))
				for range 30 * 4 {
					a.want(t, "GET /users/me 200 (twin, every 6 hours)", mine)
					a.pass(6 * time.Hour)
				}
				a.want(t, "GET /users/me 401", mine)
				a.want(t, "GET /users/me 401 (for good)", mine)
			})
		}
	})
}

func TestAttackCookies(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		mallory, mine := a.token(t, "cookie", a.user(t)), a.token(t, "cookie", u)
		cookies := func(line string) option { return header("Cookie", line) }
		const twice, none = "GET /users/me 400 DUPLICATE_CREDENTIALS", "GET /users/me 401"
		pair := cookieName + "="
		a.attack(t, "S10 two cookies of the name, mallory's first", twice, cookies(pair+mallory+"; "+pair+mine))
		a.attack(t, "S10 two cookies of the name, mallory's last", twice, cookies(pair+mine+"; "+pair+mallory))
		a.attack(t, "S10 two cookies of the name in two lines", twice, cookies(pair+mine), cookies("a=b; "+pair+mallory))
		a.attack(t, "S10 two cookies of the name, both the same", twice, cookies(pair+mine+"; "+pair+mine))
		a.attack(t, "S10 two cookies of the name, one empty", twice, cookies(pair+"; "+pair+mine))
		a.attack(t, "S10 an unsafe method", "PATCH /users/me 400 DUPLICATE_CREDENTIALS", cookies(pair+mine+"; "+pair+mallory),
			text(`{}`))
		for name, line := range map[string]string{
			"letter case of the name": "__host-latchkey=" + mine, "letter case of the prefix": "__HOST-latchkey=" + mine,
			"a quoted value": pair + `"` + mine + `"`, "a percent-encoded value": pair + "%" + mine, "a percent-encoded name": "%5F_Host-latchkey=" + mine,
			"a space before the sign": cookieName + " =" + mine, "a space behind the sign": pair + " " + mine, "no name": "=" + pair + mine,
			"a longer name": "x" + pair + mine, "a value behind a comma": "a=b, " + pair + mine,
		} {
			a.attack(t, "S11 "+name, none, cookies(line))
		}
		a.attack(t, "S13 token in other letter case, cookie", none, cookies(pair+swapCase(mine)))
		a.attack(t, "S13 token in other letter case, bearer", none, asBearer(swapCase(a.token(t, "session", u))))
		for _, line := range []string{pair + mine, "a=b; " + pair + mine + "; c=d", "__host-latchkey=" + mallory + "; " +
			pair + mine} {
			a.want(t, "GET /users/me 200 (twin)", cookies(line)).wantUser(t, u)
		}
	})
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return r
	}, s)
}

func TestAttackS16PendingTicket(t *testing.T) {
	onEveryStore(t, withSecondFactor, func(t *testing.T, a *app) {
		a.serveSecondFactor(t)
		u := a.user(t, func(u *Account) { u.FullName = enrolled }, superuser)
		for _, backend := range backends {
			ticket := a.pending(t, backend, u)
			for _, line := range []string{
				"GET /users/me 401", "PATCH /users/me 401", "GET /users 401", "DELETE /users/{id} 401", "GET /auth/sessions 401", "DELETE /auth/sessions 401",
				"GET /authenticated-route 401", "POST /auth/" + backend + "/logout 401",
			} {
				a.attack(t, "S16 "+line+" with a pending ticket, "+backend, line, id(u.ID), credential(backend, ticket), text(`{}`))
			}
			second := func(code string) option { return members(object{"pending": ticket, "code": code}) }
			a.attack(t, "S16 a wrong code, "+backend, "POST /auth/"+backend+"/second 400 WRONG_CODE", second("000000"))
			for _, other := range backends {
				if other != backend {
					a.attack(t, "S16 a ticket of "+backend+" at "+other, "POST /auth/"+other+"/second 400 LOGIN_BAD_CREDENTIALS",
						second("123456"))
				}
			}
			_, token := a.given(t, a.want(t, "POST /auth/"+backend+"/second "+success(backend)+" (twin)", second("123456")))
			a.want(t, "GET /users/me 200 (twin)", credential(backend, token))
			a.attack(t, "S16 a ticket that was used, "+backend, "POST /auth/"+backend+"/second 400 LOGIN_BAD_CREDENTIALS",
				second("123456"))
		}
	})
}

// TestAttackS16HeldByTheBrowser: a browser's pending login is in an HttpOnly
// cookie, which opens nothing but the next step.
func TestAttackS16HeldByTheBrowser(t *testing.T) {
	onEveryAdapter(t, withSecondFactor, func(t *testing.T, a *app) {
		a.serveSecondFactor(t)
		u := a.user(t, func(u *Account) { u.FullName = enrolled })
		first := a.send(t, "POST", "/auth/cookie/login", form("username", u.Email, "password", password))
		held, err := http.ParseSetCookie(first.header.Get("Set-Cookie"))
		if err != nil || held.Name != cookieName+"-pending" || !held.HttpOnly || !held.Secure || held.MaxAge != 600 {
			t.Fatalf("S16 got %v", first.header)
		}
		mine, code := header("Cookie", held.Name+"="+held.Value), members(object{"code": "123456"})
		a.attack(t, "S16 the cookie as a session", "GET /users/me 401", header("Cookie", cookieName+"="+held.Value))
		a.attack(t, "S16 the cookie at another backend", "POST /auth/jwt/second 400 LOGIN_BAD_CREDENTIALS", mine, code)
		a.attack(t, "S16 from another site", "POST /auth/cookie/second 403 CROSS_ORIGIN_REFUSED", mine, code,
			header("Sec-Fetch-Site", "cross-site"))
		got := a.want(t, "POST /auth/cookie/second 204 (twin)", mine, code)
		var session, dropped bool
		for _, line := range got.header["Set-Cookie"] {
			c, _ := http.ParseSetCookie(line)
			session = session || c.Name == cookieName && c.Value != ""
			dropped = dropped || c.Name == held.Name && c.MaxAge < 0
		}
		if !session || !dropped {
			t.Errorf("S16 got %v", got.header)
		}
		a.attack(t, "S16 the cookie once more", "POST /auth/cookie/second 400 LOGIN_BAD_CREDENTIALS", mine, code)
	})
}

// TestAttackS16TheAttemptThatKillsATicket: it is not made (finding A15), so
// that it cannot use up a recovery code.
func TestAttackS16TheAttemptThatKillsATicket(t *testing.T) {
	var proofs per[ledger]
	onEveryStore(t, func(a *app, o *options) {
		o.Flows = append(o.Flows, secondFactor{tried: func() { proofs.of(a).add("tried") }})
	}, func(t *testing.T, a *app) {
		a.serveSecondFactor(t)
		u := a.user(t, func(u *Account) { u.FullName = enrolled })
		ticket := a.pending(t, "jwt", u)
		guess := func(code string) option { return members(object{"pending": ticket, "code": code}) }
		for range 5 {
			a.want(t, "POST /auth/jwt/second 400 WRONG_CODE", guess("000000"))
		}
		proofs.of(a).take()
		for range 2 {
			a.attack(t, "S16 a sixth attempt, with the right code", "POST /auth/jwt/second 400 LOGIN_BAD_CREDENTIALS",
				guess("123456"))
		}
		if tried := proofs.of(a).take(); len(tried) > 0 {
			t.Errorf("S16 the attempt was made: %v", tried)
		}
		ticket = a.pending(t, "jwt", u)
		for range 4 {
			a.want(t, "POST /auth/jwt/second 400 WRONG_CODE", guess("000000"))
		}
		a.want(t, "POST /auth/jwt/second 200 (twin, the fifth is right)", guess("123456"))
		ticket = a.pending(t, "jwt", u)
		a.edit(t, u, inactive)
		a.attack(t, "S16 a user who was deactivated meanwhile", "POST /auth/jwt/second 400 LOGIN_BAD_CREDENTIALS",
			guess("123456"))
		if tried := proofs.of(a).take(); len(tried) != 5 {
			t.Errorf("S16 the attempt of a deactivated user was made: %v", tried)
		}
	})
}

// TestAttackS17MaxSessions: a user has at most 100 sessions at a backend,
// however many logins there are at once.
func TestAttackS17MaxSessions(t *testing.T) {
	onEveryStore(t, func(_ *app, o *options) { o.InsecureNoLimits = true }, func(t *testing.T, a *app) {
		t.Run("S17 64 logins at once, twice", func(t *testing.T) {
			const limit = 100
			u := a.user(t)
			cookie, others := a.login(t, "cookie", u), a.login(t, "session", a.user(t))
			first := a.login(t, "session", u)
			var tokens []string
			for range 2 {
				a.pass(time.Second)
				answers := a.atOnce(t, 64, "POST", "/auth/session/login", func(int) option {
					return form("username", u.Email, "password", password)
				})
				for got := range answers {
					_, token := a.given(t, got)
					tokens = append(tokens, token)
				}
			}
			living := 0
			for i, token := range tokens {
				switch got := a.send(t, "GET", "/users/me", credential("session", token)); {
				case got.status == 200:
					living++
				case got.status != 401 || i >= 64:
					t.Errorf("login %d of 128 is answered with %d", i, got.status)
				}
			}
			if living != limit {
				t.Errorf("%d sessions live, want %d", living, limit)
			}
			a.want(t, "GET /users/me 401 (the oldest)", first)
			if n := len(a.sessions(t, cookie)); n != limit {
				t.Errorf("the list has %d sessions, want %d", n, limit)
			}
			a.want(t, "GET /users/me 200 (twin, at another backend)", cookie)
			a.want(t, "GET /users/me 200 (twin, somebody else's)", others)
		})
	})
}

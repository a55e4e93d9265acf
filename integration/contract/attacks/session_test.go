package attacks_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestAttackS01Fixation(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		mallory := a.NewUser(t)
		for _, backend := range []string{"cookie", "session"} {
			right := harness.LoginForm(u.Email, harness.Password)
			for name, chosen := range map[string]string{
				"made up": strings.Repeat("A", core.SecretLen), "mallory's own": a.Token(t, backend, mallory), "ended": a.Token(t, backend, mallory),
			} {
				t.Run("S01 a token that was chosen before the login, "+name+", "+backend, func(t *testing.T) {
					if name == "ended" {
						a.Want(t, "POST /auth/"+backend+"/logout 204", harness.Credential(backend, chosen))
					}
					got := a.Want(t, "POST /auth/"+backend+"/login "+harness.LoginStatus(backend), right,
						harness.Credential(backend, chosen))
					_, given := given(t, a, got)
					if given == chosen {
						t.Error("the token is the one that was brought along")
					}
					a.Want(t, "GET /users/me 200 (twin)", harness.Credential(backend, given)).WantUser(t, u)
					if name == "mallory's own" {
						a.Want(t, "GET /users/me 200 (still mallory's)", harness.Credential(backend, chosen)).WantUser(t, mallory)
					} else {
						a.Want(t, "GET /users/me 401", harness.Credential(backend, chosen))
					}
				})
			}
		}
	})
}

// given is the token of a login answer, and the kind of backend that gave it.
func given(t *testing.T, a *harness.App, got harness.Answer) (backend, token string) {
	t.Helper()
	if len(got.Header["Set-Cookie"]) > 0 {
		return "cookie", got.Cookie(t).Value
	}
	token, _ = got.Member(t, "access_token").(string)
	if strings.Contains(token, ".") {
		return "jwt", token
	}
	return "session", token
}

func TestAttackS02Replay(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		const replays = 10_000
		u := a.NewUser(t)
		var ended []harness.Option
		for _, backend := range harness.Backends {
			mine := a.LogIn(t, backend, u)
			a.Want(t, "GET /users/me 200 (twin, before)", mine)
			a.Want(t, "POST /auth/"+backend+"/logout 204", mine)
			ended = append(ended, mine)
		}
		t.Run("S02 10,000 replays after the logout", func(t *testing.T) {
			var workers sync.WaitGroup
			for range 2 {
				workers.Go(func() {
					for i := range replays / 2 {
						if got := a.TrySend(t.Context(), "GET", "/users/me", ended[i%len(ended)]); got.Status != 401 {
							t.Errorf("replay %d: got %d %s", i, got.Status, got.Body)
							return
						}
					}
				})
			}
			workers.Wait()
		})
		a.Want(t, "GET /users/me 200 (twin, another login)", a.LogIn(t, "cookie", u))
	})
}

func TestAttackS04OtherSessions(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		for name, change := range map[string]func(t *testing.T, u *harness.Account, mine harness.Option) (stays bool){
			"S04 password change": func(t *testing.T, _ *harness.Account, mine harness.Option) bool {
				a.Want(t, "PATCH /users/me 200", mine, harness.JSONObject(harness.Object{"password": harness.OtherPassword}))
				return true
			},
			"S04 password reset": func(t *testing.T, u *harness.Account, _ harness.Option) bool {
				a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", u)))
				return false
			},
			"S22 password reset, cookie that is to be remembered": func(t *testing.T, u *harness.Account, _ harness.Option) bool {
				a.Advance(6 * day)
				a.Want(t, harness.ResetRoute+"200", harness.ResetBody(a.MailedToken(t, "reset", u)))
				return false
			},
		} {
			t.Run(name, func(t *testing.T) {
				u, bystander := a.NewUser(t), a.NewUser(t)
				var others []harness.Option
				for i := range 12 {
					others = append(others, a.LogIn(t, harness.Backends[i%3], u))
				}
				mine, theirs := a.LogIn(t, "cookie", u), a.LogIn(t, "cookie", bystander)
				stays := change(t, u, mine)
				for _, other := range others {
					a.Want(t, "GET /users/me 401", other)
					a.Want(t, "PATCH /users/me 401", other, harness.JSONObject(harness.Object{"full_name": "x"}))
				}
				if stays {
					a.Want(t, "GET /users/me 200 (twin, the one that did it)", mine)
				} else {
					a.Want(t, "GET /users/me 401", mine)
				}
				a.Want(t, "GET /users/me 200 (twin, another user)", theirs)
				a.Want(t, "POST /auth/cookie/login 204 (twin)", harness.LoginForm(u.Email, harness.OtherPassword))
			})
		}
	})
}

func TestAttackS05Users(t *testing.T) {
	harness.OnEveryStore(t, func(_ *harness.App, o *harness.Options) { o.RequireVerified = true },
		func(t *testing.T, a *harness.App) {
			for _, backend := range harness.Backends {
				for name, c := range map[string]struct {
					status string
					change func(t *testing.T, u *harness.Account)
				}{
					"inactive": {"401", func(t *testing.T, u *harness.Account) {
						a.ChangeUser(t, u, latchkey.Changes[harness.Account]{IsActive: new(false)})
					}},
					"inactive, set by another program": {"401", func(t *testing.T, u *harness.Account) { a.EditStored(t, u, harness.Inactive) }},
					"deleted": {"401", func(t *testing.T, u *harness.Account) {
						if err := a.Manager().Delete(t.Context(), u.ID); err != nil {
							t.Fatal(err)
						}
					}},
					"unverified where that is required": {"403", func(t *testing.T, u *harness.Account) {
						a.ChangeUser(t, u, latchkey.Changes[harness.Account]{IsVerified: new(false)})
					}},
				} {
					t.Run("S05 session of a user who is "+name+", "+backend, func(t *testing.T) {
						u := a.NewUser(t, harness.Verified)
						mine := a.LogIn(t, backend, u)
						a.Want(t, "GET /users/me 200 (twin, before)", mine)
						c.change(t, u)
						a.Want(t, "GET /users/me "+c.status, mine)
						a.Want(t, "PATCH /users/me "+c.status, mine, harness.JSON(`{}`))
					})
				}
			}
		})
}

// TestAttackS07RevokeAllRace: a login that races with the end of all sessions
// lives or dies, in every place at once, and for good.
func TestAttackS07RevokeAllRace(t *testing.T) {
	harness.OnEveryStore(t, func(_ *harness.App, o *harness.Options) { o.InsecureNoLimits = true },
		func(t *testing.T, a *harness.App) {
			t.Run("S07 64 logins at the same time as the end of all sessions", func(t *testing.T) {
				u := a.NewUser(t)
				keeper := a.LogIn(t, "session", u)
				answers := a.SendAtOnce(t, 64, "POST", "", func(i int) harness.Option {
					login := harness.LoginForm(u.Email, harness.Password)
					return func(r *http.Request) { r.URL.Path = "/auth/" + harness.Backends[i%3] + "/login"; login(r) }
				})
				var before, raced []harness.Answer
				for range 16 {
					before = append(before, <-answers)
				}
				a.Want(t, "DELETE /auth/sessions 204", keeper)
				for got := range answers {
					raced = append(raced, got)
				}
				lives := func(got harness.Answer) (alive, listed bool) {
					t.Helper()
					backend, token := given(t, a, got)
					me := a.Send(t, "GET", "/users/me", harness.Credential(backend, token))
					again := a.Send(t, "GET", "/users/me", harness.Credential(backend, token))
					if me.Status != again.Status || me.Status != 200 && me.Status != 401 {
						t.Errorf("a session of %s answers %d, then %d", backend, me.Status, again.Status)
					}
					return me.Status == 200, backend != "jwt"
				}
				living := 1 // the keeper
				for _, got := range before {
					if alive, _ := lives(got); alive {
						t.Error("a login that was answered before the end of all sessions lives")
					}
				}
				for _, got := range raced {
					if got.Status == 400 && got.Words() == core.CodeLoginBadCredentials {
						continue // it was admitted before, and came too late
					}
					if alive, listed := lives(got); alive && listed {
						living++
					}
				}
				for _, backend := range harness.Backends {
					a.Want(t, "GET /users/me 200 (twin, a login after it)", a.LogIn(t, backend, u))
				}
				if listed := len(a.ListSessions(t, keeper)); listed != living+2 {
					t.Errorf("%d sessions are listed, %d live", listed, living+2)
				}
			})
		})
}

func TestAttackS08AbsoluteEnd(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		for _, backend := range []string{"cookie", "session"} {
			t.Run("S08 constant activity does not move the absolute end, "+backend, func(t *testing.T) {
				mine := a.LogIn(t, backend, a.NewUser(t))
				for range 30 * 4 {
					a.Want(t, "GET /users/me 200 (twin, every 6 hours)", mine)
					a.Advance(6 * time.Hour)
				}
				a.Want(t, "GET /users/me 401", mine)
				a.Want(t, "GET /users/me 401 (for good)", mine)
			})
		}
	})
}

func TestAttackCookies(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		mallory, mine := a.Token(t, "cookie", a.NewUser(t)), a.Token(t, "cookie", u)
		cookies := func(line string) harness.Option { return harness.Header("Cookie", line) }
		const twice, none = "GET /users/me 400 DUPLICATE_CREDENTIALS", "GET /users/me 401"
		pair := harness.CookieName + "="
		a.Want(t, twice, harness.Case("S10 two cookies of the name, mallory's first"), cookies(pair+mallory+"; "+pair+mine))
		a.Want(t, twice, harness.Case("S10 two cookies of the name, mallory's last"), cookies(pair+mine+"; "+pair+mallory))
		a.Want(t, twice, harness.Case("S10 two cookies of the name in two lines"), cookies(pair+mine),
			cookies("a=b; "+pair+mallory))
		a.Want(t, twice, harness.Case("S10 two cookies of the name, both the same"), cookies(pair+mine+"; "+pair+mine))
		a.Want(t, twice, harness.Case("S10 two cookies of the name, one empty"), cookies(pair+"; "+pair+mine))
		a.Want(t, "PATCH /users/me 400 DUPLICATE_CREDENTIALS", harness.Case("S10 an unsafe method"),
			cookies(pair+mine+"; "+pair+mallory), harness.JSON(`{}`))
		for name, line := range map[string]string{
			"letter case of the name": "__host-latchkey=" + mine, "letter case of the prefix": "__HOST-latchkey=" + mine,
			"a quoted value": pair + `"` + mine + `"`, "a percent-encoded value": pair + "%" + mine, "a percent-encoded name": "%5F_Host-latchkey=" + mine,
			"a space before the sign": harness.CookieName + " =" + mine, "a space behind the sign": pair + " " + mine, "no name": "=" + pair + mine,
			"a longer name": "x" + pair + mine, "a value behind a comma": "a=b, " + pair + mine,
		} {
			a.Want(t, none, harness.Case("S11 "+name), cookies(line))
		}
		a.Want(t, none, harness.Case("S13 token in other letter case, cookie"), cookies(pair+swapCase(mine)))
		a.Want(t, none, harness.Case("S13 token in other letter case, bearer"),
			harness.Bearer(swapCase(a.Token(t, "session", u))))
		for _, line := range []string{pair + mine, "a=b; " + pair + mine + "; c=d", "__host-latchkey=" + mallory + "; " +
			pair + mine} {
			a.Want(t, "GET /users/me 200 (twin)", cookies(line)).WantUser(t, u)
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
	harness.OnEveryStore(t, harness.WithSecondFactor, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, func(u *harness.Account) { u.FullName = harness.EnrolledName }, harness.Superuser)
		for _, backend := range harness.Backends {
			ticket := a.PendingTicket(t, backend, u)
			for _, line := range []string{
				"GET /users/me 401", "PATCH /users/me 401", "GET /users 401", "DELETE /users/{id} 401", "GET /auth/sessions 401", "DELETE /auth/sessions 401",
				"GET /authenticated-route 401", "POST /auth/" + backend + "/logout 401",
			} {
				a.Want(t, line, harness.Case("S16 "+line+" with a pending ticket, "+backend), harness.PathID(u.ID),
					harness.Credential(backend, ticket), harness.JSON(`{}`))
			}
			second := func(code string) harness.Option {
				return harness.JSONObject(harness.Object{"pending": ticket, "code": code})
			}
			a.Want(t, "POST /auth/"+backend+"/second 400 WRONG_CODE", harness.Case("S16 a wrong code, "+backend),
				second("000000"))
			for _, other := range harness.Backends {
				if other != backend {
					a.Want(t, "POST /auth/"+other+"/second 400 LOGIN_BAD_CREDENTIALS",
						harness.Case("S16 a ticket of "+backend+" at "+other), second("123456"))
				}
			}
			_, token := given(t, a,
				a.Want(t, "POST /auth/"+backend+"/second "+harness.LoginStatus(backend)+" (twin)", second("123456")))
			a.Want(t, "GET /users/me 200 (twin)", harness.Credential(backend, token))
			a.Want(t, "POST /auth/"+backend+"/second 400 LOGIN_BAD_CREDENTIALS",
				harness.Case("S16 a ticket that was used, "+backend), second("123456"))
		}
	})
}

// TestAttackS16HeldByTheBrowser: a browser's pending login is in an HttpOnly
// cookie, which opens nothing but the next step.
func TestAttackS16HeldByTheBrowser(t *testing.T) {
	harness.OnEveryAdapter(t, harness.WithSecondFactor, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, func(u *harness.Account) { u.FullName = harness.EnrolledName })
		first := a.Send(t, "POST", "/auth/cookie/login", harness.LoginForm(u.Email, harness.Password))
		held, err := http.ParseSetCookie(first.Header.Get("Set-Cookie"))
		if err != nil || held.Name != harness.CookieName+"-pending" || !held.HttpOnly || !held.Secure || held.MaxAge != 600 {
			t.Fatalf("S16 got %v", first.Header)
		}
		mine, code := harness.Header("Cookie", held.Name+"="+held.Value), harness.JSONObject(harness.Object{"code": "123456"})
		a.Want(t, "GET /users/me 401", harness.Case("S16 the cookie as a session"),
			harness.Header("Cookie", harness.CookieName+"="+held.Value))
		a.Want(t, "POST /auth/jwt/second 400 LOGIN_BAD_CREDENTIALS", harness.Case("S16 the cookie at another backend"), mine,
			code)
		a.Want(t, "POST /auth/cookie/second 403 CROSS_ORIGIN_REFUSED", harness.Case("S16 from another site"), mine, code,
			harness.Header("Sec-Fetch-Site", "cross-site"))
		got := a.Want(t, "POST /auth/cookie/second 204 (twin)", mine, code)
		var session, dropped bool
		for _, line := range got.Header["Set-Cookie"] {
			c, _ := http.ParseSetCookie(line)
			session = session || c.Name == harness.CookieName && c.Value != ""
			dropped = dropped || c.Name == held.Name && c.MaxAge < 0
		}
		if !session || !dropped {
			t.Errorf("S16 got %v", got.Header)
		}
		a.Want(t, "POST /auth/cookie/second 400 LOGIN_BAD_CREDENTIALS", harness.Case("S16 the cookie once more"), mine, code)
	})
}

// TestAttackS16TheAttemptThatKillsATicket: it is not made (finding A15), so
// that it cannot use up a recovery code.
func TestAttackS16TheAttemptThatKillsATicket(t *testing.T) {
	var proofs harness.PerApp[harness.CallLog]
	harness.OnEveryStore(t, func(a *harness.App, o *harness.Options) {
		o.Flows = append(o.Flows, harness.SecondFactor{Tried: func() { proofs.Of(a).Add("tried") }})
	}, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t, func(u *harness.Account) { u.FullName = harness.EnrolledName })
		ticket := a.PendingTicket(t, "jwt", u)
		guess := func(code string) harness.Option {
			return harness.JSONObject(harness.Object{"pending": ticket, "code": code})
		}
		for range 5 {
			a.Want(t, "POST /auth/jwt/second 400 WRONG_CODE", guess("000000"))
		}
		proofs.Of(a).Take()
		for range 2 {
			a.Want(t, "POST /auth/jwt/second 400 LOGIN_BAD_CREDENTIALS",
				harness.Case("S16 a sixth attempt, with the right code"), guess("123456"))
		}
		if tried := proofs.Of(a).Take(); len(tried) > 0 {
			t.Errorf("S16 the attempt was made: %v", tried)
		}
		ticket = a.PendingTicket(t, "jwt", u)
		for range 4 {
			a.Want(t, "POST /auth/jwt/second 400 WRONG_CODE", guess("000000"))
		}
		a.Want(t, "POST /auth/jwt/second 200 (twin, the fifth is right)", guess("123456"))
		ticket = a.PendingTicket(t, "jwt", u)
		a.EditStored(t, u, harness.Inactive)
		a.Want(t, "POST /auth/jwt/second 400 LOGIN_BAD_CREDENTIALS", harness.Case("S16 a user who was deactivated meanwhile"),
			guess("123456"))
		if tried := proofs.Of(a).Take(); len(tried) != 5 {
			t.Errorf("S16 the attempt of a deactivated user was made: %v", tried)
		}
	})
}

// TestAttackS17MaxSessions: a user has at most 100 sessions at a backend,
// however many logins there are at once.
func TestAttackS17MaxSessions(t *testing.T) {
	harness.OnEveryStore(t, func(_ *harness.App, o *harness.Options) { o.InsecureNoLimits = true },
		func(t *testing.T, a *harness.App) {
			t.Run("S17 64 logins at once, twice", func(t *testing.T) {
				const limit = 100
				u := a.NewUser(t)
				cookie, others := a.LogIn(t, "cookie", u), a.LogIn(t, "session", a.NewUser(t))
				first := a.LogIn(t, "session", u)
				var tokens []string
				for range 2 {
					a.Advance(time.Second)
					answers := a.SendAtOnce(t, 64, "POST", "/auth/session/login", func(int) harness.Option {
						return harness.LoginForm(u.Email, harness.Password)
					})
					for got := range answers {
						_, token := given(t, a, got)
						tokens = append(tokens, token)
					}
				}
				living := 0
				for i, token := range tokens {
					switch got := a.Send(t, "GET", "/users/me", harness.Credential("session", token)); {
					case got.Status == 200:
						living++
					case got.Status != 401 || i >= 64:
						t.Errorf("login %d of 128 is answered with %d", i, got.Status)
					}
				}
				if living != limit {
					t.Errorf("%d sessions live, want %d", living, limit)
				}
				a.Want(t, "GET /users/me 401 (the oldest)", first)
				if n := len(a.ListSessions(t, cookie)); n != limit {
					t.Errorf("the list has %d sessions, want %d", n, limit)
				}
				a.Want(t, "GET /users/me 200 (twin, at another backend)", cookie)
				a.Want(t, "GET /users/me 200 (twin, somebody else's)", others)
			})
		})
}

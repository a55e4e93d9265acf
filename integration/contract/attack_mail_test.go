package contract_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

func TestAttackR05PoisonedLinks(t *testing.T) {
	poisons := map[string]option{
		"Host":             func(r *http.Request) { r.Host = "evil.example" },
		"Host with a port": func(r *http.Request) { r.Host = "app.example.org:1@evil.example" },
		"X-Forwarded-Host": header("X-Forwarded-Host", "evil.example"),
		"X-Forwarded-Server and -Proto": func(r *http.Request) {
			header("X-Forwarded-Server", "evil.example")(r)
			header("X-Forwarded-Proto", "http")(r)
		},
		"Forwarded":       header("Forwarded", "host=evil.example;proto=http"),
		"X-Original-Host": header("X-Original-Host", "evil.example"),
		"Origin and Referer": func(r *http.Request) {
			header("Origin", "https://evil.example")(r)
			header("Referer", "https://evil.example/")(r)
		},
		"the body": members(object{"email": "poisoned@example.org", "base_url": "https://evil.example", "link": "https://evil.example"}),
	}
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		a.user(t, func(u *Account) { u.Email = "poisoned@example.org" })
		for kind, route := range asks {
			for name, poison := range poisons {
				t.Run("R05 "+name+", "+kind, func(t *testing.T) {
					method, path, _ := strings.Cut(strings.TrimSpace(route), " ")
					got := a.send(t, method, path, members(object{"email": "poisoned@example.org"}), poison)
					if got.status == http.StatusBadRequest && strings.HasPrefix(name, "Host") {
						return // by a server that does not take such a Host
					}
					if got.status != http.StatusAccepted {
						t.Fatalf("got %d %s", got.status, got.body)
					}
					m := a.mail(t)
					if m.Link != baseURL+"/"+kind+"#token="+m.Token || m.To != "poisoned@example.org" {
						t.Errorf("the link to %s is %s", m.To, m.Link)
					}
				})
			}
		}
	})
}

// senderFunc is a Sender.
type senderFunc func(context.Context, core.Mail) error

func (f senderFunc) Send(ctx context.Context, m core.Mail) error { return f(ctx, m) }

// TestAttackR07Enumeration also has F14: whatever the sender does, the request
// is answered.
func TestAttackR07Enumeration(t *testing.T) {
	for name, send := range map[string]func(release chan struct{}) error{
		"is well":    func(chan struct{}) error { return nil },
		"blocks":     func(release chan struct{}) error { <-release; return nil },
		"has errors": func(chan struct{}) error { return errors.New("the mail server is down") },
		"panics":     func(chan struct{}) error { panic("the sender is broken") },
	} {
		var releases per[chan struct{}]
		with := func(a *app, o *options) {
			release := make(chan struct{})
			*releases.of(a) = release
			o.Sender = senderFunc(func(context.Context, core.Mail) error { return send(release) })
		}
		onEveryStore(t, with, func(t *testing.T, a *app) {
			defer close(*releases.of(a))
			u, off, done := a.user(t), a.user(t, inactive), a.user(t, verified)
			t.Run("R07 F14 one answer whoever asks, and the sender "+name, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // long before the sender gives up
				defer cancel()
				var first answer
				for range 4 { // more than there are workers
					for _, email := range []string{"nobody@example.org", u.Email, off.Email, done.Email, strings.ToUpper(u.Email)} {
						for _, route := range asks {
							path := strings.Fields(route)[1]
							got := a.exchange(ctx, "POST", path, members(object{"email": email}))
							got.header.Del("Date")
							if first.status == 0 {
								first = got
							}
							if got.status != 202 || got.body != "null" || !reflect.DeepEqual(got, first) {
								t.Fatalf("POST %s for %s: got %v, and %v", path, email, got, first)
							}
						}
					}
				}
				a.want(t, "POST /auth/cookie/login 204 (twin)", form("username", u.Email, "password", password))
			})
		})
	}
}

// TestAttackR07Work counts what a request causes before it is answered: as many
// hashes, and the same calls of the stores, whoever asks.
func TestAttackR07Work(t *testing.T) {
	var ledgers per[ledger]
	var releases per[chan struct{}]
	with := func(a *app, o *options) {
		a.note = ledgers.of(a).add
		release := make(chan struct{})
		*releases.of(a) = release
		o.Sender = senderFunc(func(ctx context.Context, m core.Mail) error {
			err := a.mails.Send(ctx, m)
			<-release
			return err
		})
	}
	onEveryStore(t, with, func(t *testing.T, a *app) {
		defer close(*releases.of(a))
		for range 4 { // as long as every worker hangs in a mail, nothing but requests is at work
			a.asked(t, "reset", a.user(t))
		}
		known, off := a.user(t), a.user(t, inactive)
		work := func(send func(email string), email string) string {
			ledgers.of(a).take()
			before := a.hasher.verified.Load()
			send(email)
			return fmt.Sprint(a.hasher.verified.Load()-before, " hashes, calls ", ledgers.of(a).take())
		}
		same := func(name string, send func(email string)) {
			t.Helper()
			t.Run("R07 one amount of work, "+name, func(t *testing.T) {
				want := work(send, "nobody@example.org")
				if !strings.Contains(want, "users.Find") {
					t.Fatalf("an unknown user causes %s", want)
				}
				for who, email := range map[string]string{"known": known.Email, "inactive": off.Email} {
					if got := work(send, email); got != want {
						t.Errorf("%s: %s; an unknown user causes %s", who, got, want)
					}
				}
			})
		}
		for _, route := range asks {
			same(route, func(email string) { a.want(t, route+"202", members(object{"email": email})) })
		}
		for _, backend := range backends {
			route := "POST /auth/" + backend + "/login 400 LOGIN_BAD_CREDENTIALS"
			same(route, func(email string) { a.want(t, route, form("username", email, "password", another)) })
		}
		t.Run("R07 one amount of work, an inactive user's right password", func(t *testing.T) {
			const route = "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS"
			login := func(email string) { a.want(t, route, form("username", email, "password", password)) }
			if want, got := work(login, "nobody.2@example.org"), work(login, off.Email); got != want {
				t.Errorf("%s; an unknown user causes %s", got, want)
			}
		})
		a.want(t, "POST /auth/jwt/login 200 (twin)", form("username", known.Email, "password", password))
	})
}

func TestAttackR08Lookalikes(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		user := func(email string) *Account { return a.user(t, func(u *Account) { u.Email = email }) }
		mike := user("Mike@example.org")
		user("fiona@example.org")
		for kind, route := range asks {
			for name, email := range map[string]string{
				"dotless i": "m\u0131ke@example.org", "Cyrillic letter": "m\u0456ke@example.org", "accent": "m\u00efke@example.org",
				"sharp s": "mike@example.org.ß.example", "lookalike domain": "mike@ex\u0430mple.org",
			} {
				a.attack(t, "R08 no mail for a lookalike, "+name+", "+kind, route+"202", members(object{"email": email}))
			}
			for name, email := range map[string]string{
				"Kelvin sign": "mi\u212ae@example.org", "ligature": "\ufb01ona@example.org", "full-width": "\uff4dike@example.org",
				"dotted capital I": "M\u0130KE@example.org", "zero-width space": "mi\u200bke@example.org", "two addresses": "mike@example.org,eve@evil.example",
			} {
				a.attack(t, "R08 a lookalike is refused, "+name+", "+kind, route+"422 body.email value_error",
					members(object{"email": email}))
			}
			for _, spelling := range []string{"mike@example.org", "MIKE@EXAMPLE.ORG", "mike@\uff45xample.org",
				"mike@example\u3002org"} {
				t.Run("R08 the mail goes to the stored address (twin), "+kind, func(t *testing.T) {
					a.want(t, route+"202", members(object{"email": spelling}))
					if m := a.mail(t); m.To != mike.Email {
						t.Errorf("a mail to %s, want %s", m.To, mike.Email)
					}
				})
			}
		}
		a.wantNoMail(t)
	})
}

func TestAttackR11VerifyRaces(t *testing.T) {
	onEveryStore(t, nil, func(t *testing.T, a *app) {
		t.Run("R11 64 concurrent verifications by one token", func(t *testing.T) {
			token, won := a.asked(t, "verify", a.user(t)), 0
			for got := range a.atOnce(t, 64, "POST", "/auth/verify", func(int) option { return proof(token) }) {
				switch {
				case got.status == 200:
					won++
				case got.status != 400 || got.says() != core.CodeVerifyAlreadyVerified:
					t.Errorf("got %d %s", got.status, got.body)
				}
			}
			if won != 1 {
				t.Errorf("%d succeeded, want 1", won)
			}
		})
		t.Run("R11 a token of a former address", func(t *testing.T) {
			u := a.user(t)
			token, mine := a.asked(t, "verify", u), a.login(t, "cookie", u)
			a.want(t, "PATCH /users/me 200", mine, text(`{"email": "r11@example.org"}`))
			a.want(t, badVerify, proof(token))
			u.Email = "r11@example.org"
			a.want(t, verifyRoute+"200 (twin, the new address' own)", proof(a.asked(t, "verify", u)))
		})
		t.Run("R11 a verification at the same time as a change of the address", func(t *testing.T) {
			for i := range 24 {
				u := a.user(t)
				token, mine := a.asked(t, "verify", u), a.login(t, "session", u)
				moved := fmt.Sprintf("r11.%d@example.org", i)
				for got := range a.atOnce(t, 2, "POST", "", func(i int) option {
					if i == 0 {
						return func(r *http.Request) { r.URL.Path = "/auth/verify"; proof(token)(r) }
					}
					return func(r *http.Request) {
						r.Method, r.URL.Path = "PATCH", "/users/me"
						mine(r)
						members(object{"email": moved})(r)
					}
				}) {
					if got.status != 200 && got.says() != core.CodeVerifyBadToken {
						t.Errorf("got %d %s", got.status, got.body)
					}
				}
				u.Email, u.IsVerified = moved, false
				a.want(t, "GET /users/me 200 (moved, and not verified)", mine).wantUser(t, u)
			}
		})
	})
}

func TestAttackR13Scanners(t *testing.T) {
	onEveryAdapter(t, nil, func(t *testing.T, a *app) {
		u := a.user(t)
		tokens := map[string]string{"reset": a.asked(t, "reset", u), "verify": a.asked(t, "verify", u)}
		before := a.state(t)
		for kind, token := range tokens {
			for _, method := range []string{"GET", "HEAD"} {
				for _, path := range []string{"/auth/verify", "/auth/reset-password", "/" + kind, "/auth/" + kind} {
					t.Run("R13 "+method+" "+path+" changes nothing, "+kind, func(t *testing.T) {
						got := a.send(t, method, path, query(url.Values{"token": {token}, "password": {another}}.Encode()))
						if got.status != 404 && got.status != 405 {
							t.Errorf("got %d %s", got.status, got.body)
						}
					})
				}
			}
		}
		if after := a.state(t); after != before {
			t.Errorf("R13: from\n%s to\n%s", before, after)
		}
		a.want(t, verifyRoute+"200 (twin)", proof(tokens["verify"]))
		a.want(t, resetRoute+"200 (twin)", fresh(tokens["reset"]))
	})
}

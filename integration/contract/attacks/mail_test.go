package attacks_test

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
	"github.com/latchkey-go/latchkey/integration/contract/harness"
)

func TestAttackR05PoisonedLinks(t *testing.T) {
	poisons := map[string]harness.Option{
		"Host":             func(r *http.Request) { r.Host = "evil.example" },
		"Host with a port": func(r *http.Request) { r.Host = "app.example.org:1@evil.example" },
		"X-Forwarded-Host": harness.Header("X-Forwarded-Host", "evil.example"),
		"X-Forwarded-Server and -Proto": func(r *http.Request) {
			harness.Header("X-Forwarded-Server", "evil.example")(r)
			harness.Header("X-Forwarded-Proto", "http")(r)
		},
		"Forwarded":       harness.Header("Forwarded", "host=evil.example;proto=http"),
		"X-Original-Host": harness.Header("X-Original-Host", "evil.example"),
		"Origin and Referer": func(r *http.Request) {
			harness.Header("Origin", "https://evil.example")(r)
			harness.Header("Referer", "https://evil.example/")(r)
		},
		"the body": harness.JSONObject(harness.Object{"email": "poisoned@example.org", "base_url": "https://evil.example", "link": "https://evil.example"}),
	}
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		a.NewUser(t, func(u *harness.Account) { u.Email = "poisoned@example.org" })
		for kind, route := range harness.MailRoutes {
			for name, poison := range poisons {
				t.Run("R05 "+name+", "+kind, func(t *testing.T) {
					method, path, _ := strings.Cut(strings.TrimSpace(route), " ")
					got := a.Send(t, method, path, harness.JSONObject(harness.Object{"email": "poisoned@example.org"}), poison)
					if got.Status == http.StatusBadRequest && strings.HasPrefix(name, "Host") {
						return // by a server that does not take such a Host
					}
					if got.Status != http.StatusAccepted {
						t.Fatalf("got %d %s", got.Status, got.Body)
					}
					m := a.NextMail(t)
					if m.Link != harness.BaseURL+"/"+kind+"#token="+m.Token || m.To != "poisoned@example.org" {
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
		var releases harness.PerApp[chan struct{}]
		with := func(a *harness.App, o *harness.Options) {
			release := make(chan struct{})
			*releases.Of(a) = release
			o.Sender = senderFunc(func(context.Context, core.Mail) error { return send(release) })
		}
		harness.OnEveryStore(t, with, func(t *testing.T, a *harness.App) {
			defer close(*releases.Of(a))
			u, off, done := a.NewUser(t), a.NewUser(t, harness.Inactive), a.NewUser(t, harness.Verified)
			t.Run("R07 F14 one answer whoever asks, and the sender "+name, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // long before the sender gives up
				defer cancel()
				var first harness.Answer
				for range 4 { // more than there are workers
					for _, email := range []string{"nobody@example.org", u.Email, off.Email, done.Email, strings.ToUpper(u.Email)} {
						for _, route := range harness.MailRoutes {
							path := strings.Fields(route)[1]
							got := a.TrySend(ctx, "POST", path, harness.JSONObject(harness.Object{"email": email}))
							got.Header.Del("Date")
							if first.Status == 0 {
								first = got
							}
							if got.Status != 202 || got.Body != "null" || !reflect.DeepEqual(got, first) {
								t.Fatalf("POST %s for %s: got %v, and %v", path, email, got, first)
							}
						}
					}
				}
				a.Want(t, "POST /auth/cookie/login 204 (twin)", harness.LoginForm(u.Email, harness.Password))
			})
		})
	}
}

// TestAttackR07Work counts what a request causes before it is answered: as many
// hashes, and the same calls of the stores, whoever asks.
func TestAttackR07Work(t *testing.T) {
	var ledgers harness.PerApp[harness.CallLog]
	var releases harness.PerApp[chan struct{}]
	with := func(a *harness.App, o *harness.Options) {
		a.Note = ledgers.Of(a).Add
		release := make(chan struct{})
		*releases.Of(a) = release
		o.Sender = senderFunc(func(ctx context.Context, m core.Mail) error {
			err := a.Mails.Send(ctx, m)
			<-release
			return err
		})
	}
	harness.OnEveryStore(t, with, func(t *testing.T, a *harness.App) {
		defer close(*releases.Of(a))
		for range 4 { // as long as every worker hangs in a mail, nothing but requests is at work
			a.MailedToken(t, "reset", a.NewUser(t))
		}
		known, off := a.NewUser(t), a.NewUser(t, harness.Inactive)
		work := func(send func(email string), email string) string {
			ledgers.Of(a).Take()
			before := a.Hasher.Verified.Load()
			send(email)
			return fmt.Sprint(a.Hasher.Verified.Load()-before, " hashes, calls ", ledgers.Of(a).Take())
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
		for _, route := range harness.MailRoutes {
			same(route, func(email string) { a.Want(t, route+"202", harness.JSONObject(harness.Object{"email": email})) })
		}
		for _, backend := range harness.Backends {
			route := "POST /auth/" + backend + "/login 400 LOGIN_BAD_CREDENTIALS"
			same(route, func(email string) { a.Want(t, route, harness.LoginForm(email, harness.OtherPassword)) })
		}
		t.Run("R07 one amount of work, an inactive user's right password", func(t *testing.T) {
			const route = "POST /auth/jwt/login 400 LOGIN_BAD_CREDENTIALS"
			login := func(email string) { a.Want(t, route, harness.LoginForm(email, harness.Password)) }
			if want, got := work(login, "nobody.2@example.org"), work(login, off.Email); got != want {
				t.Errorf("%s; an unknown user causes %s", got, want)
			}
		})
		a.Want(t, "POST /auth/jwt/login 200 (twin)", harness.LoginForm(known.Email, harness.Password))
	})
}

func TestAttackR08Lookalikes(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		user := func(email string) *harness.Account { return a.NewUser(t, func(u *harness.Account) { u.Email = email }) }
		mike := user("Mike@example.org")
		user("fiona@example.org")
		for kind, route := range harness.MailRoutes {
			for name, email := range map[string]string{
				"dotless i": "m\u0131ke@example.org", "Cyrillic letter": "m\u0456ke@example.org", "accent": "m\u00efke@example.org",
				"sharp s": "mike@example.org.ß.example", "lookalike domain": "mike@ex\u0430mple.org",
			} {
				a.Want(t, route+"202", harness.Case("R08 no mail for a lookalike, "+name+", "+kind),
					harness.JSONObject(harness.Object{"email": email}))
			}
			for name, email := range map[string]string{
				"Kelvin sign": "mi\u212ae@example.org", "ligature": "\ufb01ona@example.org", "full-width": "\uff4dike@example.org",
				"dotted capital I": "M\u0130KE@example.org", "zero-width space": "mi\u200bke@example.org", "two addresses": "mike@example.org,eve@evil.example",
			} {
				a.Want(t, route+"422 body.email value_error", harness.Case("R08 a lookalike is refused, "+name+", "+kind),
					harness.JSONObject(harness.Object{"email": email}))
			}
			for _, spelling := range []string{"mike@example.org", "MIKE@EXAMPLE.ORG", "mike@\uff45xample.org",
				"mike@example\u3002org"} {
				t.Run("R08 the mail goes to the stored address (twin), "+kind, func(t *testing.T) {
					a.Want(t, route+"202", harness.JSONObject(harness.Object{"email": spelling}))
					if m := a.NextMail(t); m.To != mike.Email {
						t.Errorf("a mail to %s, want %s", m.To, mike.Email)
					}
				})
			}
		}
		a.WantNoMail(t)
	})
}

func TestAttackR11VerifyRaces(t *testing.T) {
	harness.OnEveryStore(t, nil, func(t *testing.T, a *harness.App) {
		t.Run("R11 64 concurrent verifications by one token", func(t *testing.T) {
			token, won := a.MailedToken(t, "verify", a.NewUser(t)), 0
			for got := range a.SendAtOnce(t, 64, "POST", "/auth/verify",
				func(int) harness.Option { return harness.VerifyBody(token) }) {
				switch {
				case got.Status == 200:
					won++
				case got.Status != 400 || got.Words() != core.CodeVerifyAlreadyVerified:
					t.Errorf("got %d %s", got.Status, got.Body)
				}
			}
			if won != 1 {
				t.Errorf("%d succeeded, want 1", won)
			}
		})
		t.Run("R11 a token of a former address", func(t *testing.T) {
			u := a.NewUser(t)
			token, mine := a.MailedToken(t, "verify", u), a.LogIn(t, "cookie", u)
			a.Want(t, "PATCH /users/me 200", mine, harness.JSON(`{"email": "r11@example.org"}`))
			a.Want(t, badVerify, harness.VerifyBody(token))
			u.Email = "r11@example.org"
			a.Want(t, harness.VerifyRoute+"200 (twin, the new address' own)", harness.VerifyBody(a.MailedToken(t, "verify", u)))
		})
		t.Run("R11 a verification at the same time as a change of the address", func(t *testing.T) {
			for i := range 24 {
				u := a.NewUser(t)
				token, mine := a.MailedToken(t, "verify", u), a.LogIn(t, "session", u)
				moved := fmt.Sprintf("r11.%d@example.org", i)
				for got := range a.SendAtOnce(t, 2, "POST", "", func(i int) harness.Option {
					if i == 0 {
						return func(r *http.Request) { r.URL.Path = "/auth/verify"; harness.VerifyBody(token)(r) }
					}
					return func(r *http.Request) {
						r.Method, r.URL.Path = "PATCH", "/users/me"
						mine(r)
						harness.JSONObject(harness.Object{"email": moved})(r)
					}
				}) {
					if got.Status != 200 && got.Words() != core.CodeVerifyBadToken {
						t.Errorf("got %d %s", got.Status, got.Body)
					}
				}
				u.Email, u.IsVerified = moved, false
				a.Want(t, "GET /users/me 200 (moved, and not verified)", mine).WantUser(t, u)
			}
		})
	})
}

func TestAttackR13Scanners(t *testing.T) {
	harness.OnEveryAdapter(t, nil, func(t *testing.T, a *harness.App) {
		u := a.NewUser(t)
		tokens := map[string]string{"reset": a.MailedToken(t, "reset", u), "verify": a.MailedToken(t, "verify", u)}
		before := a.StoredState(t)
		for kind, token := range tokens {
			for _, method := range []string{"GET", "HEAD"} {
				for _, path := range []string{"/auth/verify", "/auth/reset-password", "/" + kind, "/auth/" + kind} {
					t.Run("R13 "+method+" "+path+" changes nothing, "+kind, func(t *testing.T) {
						got := a.Send(t, method, path,
							harness.Query(url.Values{"token": {token}, "password": {harness.OtherPassword}}.Encode()))
						if got.Status != 404 && got.Status != 405 {
							t.Errorf("got %d %s", got.Status, got.Body)
						}
					})
				}
			}
		}
		if after := a.StoredState(t); after != before {
			t.Errorf("R13: from\n%s to\n%s", before, after)
		}
		a.Want(t, harness.VerifyRoute+"200 (twin)", harness.VerifyBody(tokens["verify"]))
		a.Want(t, harness.ResetRoute+"200 (twin)", harness.ResetBody(tokens["reset"]))
	})
}

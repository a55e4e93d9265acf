package latchkey_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
)

var asksPasswords = maillogin.Flow{SecondFactor: true}

// byPassword begins a login that waits for the mail.
func (v *reader) byPassword(email string) {
	v.t.Helper()
	v.want("/login", in{"username": email, "password": password}, 403, `"factors":["email"]`)
}

// asksTo asks for a mail that is not the first proof, and returns it.
func (v *reader) asksTo(route string) core.Mail {
	v.t.Helper()
	before := len(v.mailed())
	v.want(route, nil, http.StatusAccepted, `"expires_in":600`)
	mails := v.mailed()
	if len(mails) != before+1 || mails[before].Link != "" || mails[before].Token != "" {
		v.t.Fatalf("the mails are %#v, want one more with a code alone", mails[before:])
	}
	return mails[before]
}

func TestMailAsASecondFactor(t *testing.T) {
	t.Parallel()
	for _, backend := range both {
		for _, verified := range []bool{true, false} {
			a := newMailApp(t, asksPasswords, func(_ *mailApp, o *latchkey.Options[Member]) {
				o.Hooks.BeforeLogin = func(_ context.Context, e *latchkey.Event[Member]) error {
					if !e.User.IsVerified {
						t.Error("the user who logs in is not the one who was verified by it")
					}
					return nil
				}
			})
			ada := a.member("ada@example.org", func(u *core.User) { u.IsVerified = verified })
			v := a.reader(backend)
			v.byPassword("ada@example.org")
			v.is("")
			mail := v.asksTo("/mail")
			v.want("/mail/confirm", in{"code": wrong(mail)}, 400, badCode)
			v.want("/mail/confirm", in{"code": mail.Code}, v.loggedIn(), "")
			v.is("ada@example.org")
			if got := v.do("GET", "/strong", ""); got.status != 200 { // M30's twin
				t.Errorf("password and mail are not strong: %s", got)
			}
			if got := a.get(ada.ID); !got.IsVerified || got.HashedPassword == "" || got.TokenEpoch != 0 {
				t.Errorf("the owner of password and mailbox has lost something: %+v", got)
			}
			if v.cookies["__Host-latchkey-pending"] != "" || v.cookies["__Host-latchkey-mail"] != "" {
				t.Errorf("the browser keeps %v", v.cookies)
			}
			failed := a.failed()
			if len(failed) != 1 || failed[0].User.ID != ada.ID || failed[0].Method != "email" || failed[0].Backend != backend {
				t.Errorf("the failed logins are %+v", failed)
			}

			first := a.reader(backend) // whom it is no second factor of
			link := first.asks("ada@example.org")
			first.want("/mail-login/confirm", in{"token": link.Token}, first.loggedIn(), "")
			if got := first.do("GET", "/strong", ""); got.status != 403 {
				t.Errorf("a mail alone is strong: %s", got)
			}
		}
	}
}

func TestMailIsNoFactorByDefault(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{})
	a.member("ada@example.org")
	a.reader("web").want("/login", in{"username": "ada@example.org", "password": password}, 204, "")
}

// What is for one login is nothing to another one.
func TestAttackM08AMailForAnotherPurpose(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, asksPasswords)
	a.member("ada@example.org")
	eve := a.member("eve@example.org")

	login := a.reader("api") // of a first proof
	first := login.asks("ada@example.org")
	mine, other, eves := a.reader("api"), a.reader("api"), a.reader("api")
	mine.byPassword("ada@example.org")
	other.byPassword("ada@example.org")
	eves.byPassword("eve@example.org")
	second, ofEve := mine.asksTo("/mail"), eves.asksTo("/mail")

	mine.want("/mail/confirm", in{"flow": login.flow, "code": first.Code}, 400, badCode)
	mine.want("/mail/confirm", in{"flow": login.flow, "token": first.Token}, 400, badCode)
	other.want("/mail/confirm", in{"flow": mine.flow, "code": second.Code}, 400, badCode)
	eves.want("/mail/confirm", in{"flow": mine.flow, "code": second.Code}, 400, badCode)
	login.want("/mail-login/confirm", in{"flow": mine.flow, "code": second.Code}, 400, badCode)
	login.want("/mail-login/confirm", in{"flow": mine.pending, "code": second.Code}, 400, badCode)
	a.reader("api").want("/mail/confirm", in{"flow": mine.flow, "code": second.Code}, 400, core.CodeLoginBadCredentials)
	a.reader("api").want("/mail", nil, 400, core.CodeLoginBadCredentials)

	mine.want("/mail/confirm", in{"code": second.Code}, 200, "") // the twins
	login.want("/mail-login/confirm", in{"code": first.Code}, 200, "")
	a.set(eve.ID, func(u *core.User) { u.IsActive = false })
	eves.want("/mail/confirm", in{"code": ofEve.Code}, 400, core.CodeLoginBadCredentials)
}

func TestMailAsAStepUp(t *testing.T) {
	t.Parallel()
	for _, backend := range both {
		a := newMailApp(t, maillogin.Flow{})
		ada := a.member("ada@example.org")
		v := a.reader(backend)
		v.want("/prove/mail", nil, 401, "")
		v.want("/prove/mail/confirm", in{"code": "12345678"}, 401, "")
		v.want("/login", in{"username": "ada@example.org", "password": password}, v.loggedIn(), "")
		if got := v.do("GET", "/strong", ""); got.status != 403 {
			t.Errorf("a password alone is strong: %s", got)
		}
		elsewhere := *v // with this login at the other backend
		if elsewhere.backend = "web"; backend == "web" {
			elsewhere.backend = "api"
		}
		elsewhere.want("/prove/mail", nil, 401, "")
		before := v.token + v.cookies["__Host-latchkey"]
		mail := v.asksTo("/prove/mail")
		v.want("/prove/mail/confirm", in{"code": wrong(mail)}, 400, badCode)
		v.want("/prove/mail/confirm", in{"code": mail.Code}, v.loggedIn(), "")
		if got := v.do("GET", "/strong", ""); got.status != 200 || v.token+v.cookies["__Host-latchkey"] == before {
			t.Errorf("after the step-up: %s, the token is the same: %t", got, v.token+v.cookies["__Host-latchkey"] == before)
		}
		v.want("/prove/mail/confirm", in{"code": mail.Code, "flow": v.flow}, 400, badCode)
		if got := a.get(ada.ID); got.HashedPassword == "" || got.TokenEpoch != 0 {
			t.Error("the user has lost something")
		}
	}
}

// Who acts for a user is not the one whose mailbox it is.
func TestMailProvesNobodyInAnothersName(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{})
	ada := a.member("ada@example.org")
	root := a.member("root@example.org", func(u *core.User) { u.IsSuperuser = true })
	for _, actor := range []string{"", root.ID} {
		token, err := a.sessions.Issue(t.Context(), core.Login{Session: core.Session{
			UserID: ada.ID, Backend: "api", Actor: actor, Proofs: []core.Proof{{Method: "password", At: a.clock.Now()}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		v := a.reader("api")
		v.token = token.Raw
		status, part := 202, "flow"
		if actor != "" {
			status, part = 403, "Forbidden"
		}
		v.want("/prove/mail", nil, status, part)
	}
}

func TestAttackM60AStepUpByAnothersMail(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{})
	a.member("ada@example.org")
	a.member("eve@example.org")
	ada, eve := a.reader("api"), a.reader("api")
	ada.want("/login", in{"username": "ada@example.org", "password": password}, 200, "")
	eve.want("/login", in{"username": "eve@example.org", "password": password}, 200, "")
	mail := eve.asksTo("/prove/mail")
	ada.want("/prove/mail/confirm", in{"flow": eve.flow, "code": mail.Code}, 400, badCode)
	if got := ada.do("GET", "/strong", ""); got.status != 403 {
		t.Errorf("the session is another one: %s", got)
	}
	own := ada.asksTo("/prove/mail")
	ada.want("/prove/mail/confirm", in{"code": own.Code}, 200, "")
	if got := ada.do("GET", "/strong", ""); got.status != 200 {
		t.Errorf("the twin is not strong: %s", got)
	}
}

// Guesses of a stolen session are bounded, whatever mails it asks for.
func TestAttackM63GuessesByAStepUp(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{})
	a.member("ada@example.org")
	v := a.reader("api").at(abroad)
	v.want("/login", in{"username": "ada@example.org", "password": password}, 200, "")
	guesses := 0
	for range 10 { // an hour's mails
		if got := v.post("/prove/mail", nil); got.status == http.StatusTooManyRequests {
			break
		}
		mails := a.mailed()
		for range 5 {
			guesses++
			v.want("/prove/mail/confirm", in{"code": wrong(mails[len(mails)-1])}, 400, badCode)
		}
		v.want("/prove/mail/confirm", in{"code": mails[len(mails)-1].Code}, 400, badCode)
	}
	if guesses != 25 {
		t.Errorf("%d guesses in an hour, want 25", guesses)
	}
	v.want("/prove/mail", nil, 429, core.CodeRateLimited)
	// Whoever has the address alone uses up another count, and the owner is
	// elsewhere.
	a.reader("api").at(abroad).asks("ada@example.org")
	own := a.reader("api").at(atHome)
	own.want("/login", in{"username": "ada@example.org", "password": password}, 200, "")
	mine := own.asksTo("/prove/mail")
	own.want("/prove/mail/confirm", in{"code": mine.Code}, 200, "")
	a.clock.Advance(time.Hour)
	mail := v.asksTo("/prove/mail")
	v.want("/prove/mail/confirm", in{"code": mail.Code}, 200, "")
}

func TestMailLoginIsAWayIn(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{})
	for want, edit := range map[int]func(*core.User){
		2: func(*core.User) {},
		1: func(u *core.User) { u.IsVerified = false },
		0: func(u *core.User) { u.IsVerified, u.HashedPassword = false, "" },
	} {
		u := &Member{User: core.User{EmailKey: "ada@example.org", IsVerified: true, HashedPassword: "new$x"}}
		edit(&u.User)
		if got, err := a.Services().Security.Ways(t.Context(), u); got != want || err != nil {
			t.Errorf("%d ways in, %v; want %d", got, err, want)
		}
	}
}

package latchkey_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
)

// plenty is a login by mail without a limit of mails, and of confirmations.
func plenty() maillogin.Flow {
	f := maillogin.Flow{}
	f.MailLimit = core.Limit{Events: 1000, Window: time.Hour}
	f.RequestLimit, f.AttemptLimit = f.MailLimit, core.Limit{Events: 10_000, Window: time.Hour}
	return f
}

const atHome, abroad = "192.0.2.1", "198.51.100.1"

// A hundred wrong codes of an address, from one network: no more are compared,
// and links work.
func TestWrongCodesOfAnAddress(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, plenty())
	a.member("ada@example.org")
	a.member("grace@example.org")
	wrongs := func(n int) {
		t.Helper()
		for n > 0 {
			v := a.reader("api").at(atHome)
			mail := v.asks("ADA@example.org")
			v.guess(min(n, 5), mail)
			n -= 5
		}
	}
	in1 := func(email, by, from string, status int) {
		t.Helper()
		v := a.reader("api").at(from)
		mail := v.asks(email)
		v.want("/mail-login/confirm", in{by: map[string]string{"token": mail.Token, "code": mail.Code}[by]}, status, "")
	}
	wrongs(99)
	in1("ada@example.org", "code", atHome, 200) // and sets the count to nothing
	wrongs(95)
	v := a.reader("api").at(atHome)
	v.guess(120, v.asks("ada@example.org")) // of which five are compared
	in1("ada@example.org", "code", atHome, 400)
	in1("ada@example.org", "token", atHome, 200)
	wrongs(94)
	v = a.reader("api").at(atHome)
	v.guess(120, v.asks("ada@example.org"))
	in1("ada@example.org", "code", atHome, 200)
	wrongs(100)
	a.clock.Advance(24 * time.Hour)
	in1("ada@example.org", "code", atHome, 400)
	in1("grace@example.org", "code", atHome, 200)
	v = a.reader("api").at(atHome) // a code that is not compared is no try of its mail
	mail := v.asks("ada@example.org")
	for range 10 {
		v.want("/mail-login/confirm", in{"code": mail.Code}, 400, badCode)
	}
	v.want("/mail-login/confirm", in{"token": mail.Token}, 200, "")
	in1("ada@example.org", "code", atHome, 200)
}

// Wrong codes of a stranger do not keep the owner from typing theirs, and those
// of many strangers end.
func TestAttackM57WrongCodesOfAStranger(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, plenty())
	a.member("ada@example.org")
	wrongs := func(from string) {
		t.Helper()
		for range 21 {
			v := a.reader("api").at(from)
			v.guess(5, v.asks("ada@example.org"))
		}
	}
	code := func(from string, status int) {
		t.Helper()
		v := a.reader("api").at(from)
		mail := v.asks("ada@example.org")
		v.want("/mail-login/confirm", in{"code": mail.Code}, status, "")
	}
	wrongs(abroad)
	code(abroad, 400)
	code(atHome, 200) // and sets the count of all to nothing
	code(abroad, 400)
	for i := range 9 {
		wrongs(fmt.Sprintf("198.51.100.%d", 2+i))
	}
	code(atHome, 200)
	for i := range 10 {
		wrongs(fmt.Sprintf("198.51.100.%d", 100+i))
	}
	code(atHome, 400)
	v := a.reader("api").at(atHome)
	mail := v.asks("ada@example.org")
	v.want("/mail-login/confirm", in{"token": mail.Token}, 200, "")
}

// Five requests of a stranger do not use up the mails of an address.
func TestAttackQ15MailsOfALoginAreCountedByNetwork(t *testing.T) {
	t.Parallel()
	f := plenty()
	f.MailLimit = core.Limit{}
	for _, email := range []string{"ada@example.org", "nobody@example.org"} {
		f.SignUp = email == "nobody@example.org"
		a := newMailApp(t, f)
		a.member("ada@example.org")
		ask := func(from string, n int) int {
			before := len(a.mailed())
			for range n {
				a.reader("api").at(from).want("/mail-login", in{"email": email}, 202, `"expires_in":600`)
			}
			return len(a.mailed()) - before
		}
		if n := ask(abroad, 20); n != 5 {
			t.Errorf("%s: a stranger causes %d mails, want 5", email, n)
		}
		v := a.reader("api").at(atHome)
		mail := v.asks(email)
		v.want("/mail-login/confirm", in{"code": mail.Code}, 200, "")
		for i := range 100 {
			ask(fmt.Sprintf("203.0.113.%d", i), 1)
		}
		if n := len(a.mailed()); n != 30 {
			t.Errorf("%s: %d mails are sent in an hour, want 30 whoever asks", email, n)
		}
		a.clock.Advance(time.Hour)
		if n := ask(atHome, 1); n != 1 {
			t.Errorf("%s: %d mails an hour later", email, n)
		}
	}
}

// Who has users at tags of an address does not keep its owner from their second
// factor.
func TestAttackD09MailsOfASecondFactor(t *testing.T) {
	t.Parallel()
	f := plenty()
	f.MailLimit, f.SecondFactor = core.Limit{}, true
	a := newMailApp(t, f)
	a.member("ada@example.org")
	ask := func(email, from string) reply {
		v := a.reader("api").at(from)
		v.byPassword(email)
		return v.post("/mail", nil)
	}
	for i := range 36 {
		email, status := fmt.Sprintf("ada+%d@example.org", i), 202
		a.member(email, func(u *core.User) { u.IsVerified = false })
		if i >= 30 {
			status = 429
		}
		if got := ask(email, fmt.Sprintf("203.0.113.%d", i/5)); got.status != status {
			t.Fatalf("the mail %d to one mailbox: %s, want %d", i+1, got, status)
		}
	}
	if got := ask("ada@example.org", atHome); got.status != 202 { // the twin
		t.Errorf("the owner: %s", got)
	}
}

// A sign-up of addresses that differ in their tags floods no mailbox.
func TestAttackQ13SignUpsWithTags(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, maillogin.Flow{SignUp: true})
	for i := range 10 {
		a.reader("api").at(atHome).want("/mail-login", in{"email": fmt.Sprintf("ada+%d@example.org", i)}, 202, "")
	}
	if n := len(a.mailed()); n != 5 {
		t.Errorf("%d mails are sent to one mailbox, want 5", n)
	}
	for i := range 10 { // the twin
		a.reader("api").at(atHome).want("/mail-login", in{"email": fmt.Sprintf("ada.%d@example.org", i)}, 202, "")
	}
	if n := len(a.mailed()); n != 15 {
		t.Errorf("%d mails are sent, want 10 more to 10 mailboxes", n)
	}
}

// Whoever has the address alone uses up nothing of its owner's step-ups.
func TestAttackM63CodesOfLoginsAreCountedApart(t *testing.T) {
	t.Parallel()
	a := newMailApp(t, plenty())
	a.member("ada@example.org")
	for range 21 {
		v := a.reader("api").at(atHome)
		v.guess(5, v.asks("ada@example.org"))
	}
	refused := func() {
		t.Helper()
		v := a.reader("api").at(atHome)
		mail := v.asks("ada@example.org")
		v.want("/mail-login/confirm", in{"code": mail.Code}, 400, badCode)
	}
	refused()
	mine := a.reader("api").at(atHome)
	mine.want("/login", in{"username": "ada@example.org", "password": password}, 200, "")
	mail := mine.asksTo("/prove/mail")
	mine.want("/prove/mail/confirm", in{"code": mail.Code}, 200, "")
	refused() // still
}

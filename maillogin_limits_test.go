package latchkey_test

import (
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/maillogin"
)

// A hundred wrong codes of an address: no more are compared, and links work.
func TestWrongCodesOfAnAddress(t *testing.T) {
	t.Parallel()
	plenty := maillogin.Flow{}
	plenty.MailLimit = core.Limit{Events: 1000, Window: time.Hour}
	a := newMailApp(t, plenty)
	a.member("ada@example.org")
	a.member("grace@example.org")
	wrongs := func(n int) {
		t.Helper()
		for n > 0 {
			v := a.reader("api")
			mail := v.asks("ADA@example.org")
			v.guess(min(n, 5), mail)
			n -= 5
		}
	}
	in1 := func(email, by string, status int) {
		t.Helper()
		v := a.reader("api")
		mail := v.asks(email)
		v.want("/mail-login/confirm", in{by: map[string]string{"token": mail.Token, "code": mail.Code}[by]}, status, "")
	}
	wrongs(99)
	in1("ada@example.org", "code", 200) // and sets the count to nothing
	wrongs(95)
	v := a.reader("api")
	v.guess(120, v.asks("ada@example.org")) // of which five are compared
	in1("ada@example.org", "code", 400)
	in1("ada@example.org", "token", 200)
	wrongs(94)
	v = a.reader("api")
	v.guess(120, v.asks("ada@example.org"))
	in1("ada@example.org", "code", 200)
	wrongs(100)
	a.advance(24 * time.Hour)
	in1("ada@example.org", "code", 400)
	in1("grace@example.org", "code", 200)
	v = a.reader("api") // a code that is not compared is no try of its mail
	mail := v.asks("ada@example.org")
	for range 10 {
		v.want("/mail-login/confirm", in{"code": mail.Code}, 400, badCode)
	}
	v.want("/mail-login/confirm", in{"token": mail.Token}, 200, "")
	in1("ada@example.org", "code", 200)
}

// Whoever has the address alone uses up nothing of its owner's step-ups.
func TestAttackM63CodesOfLoginsAreCountedApart(t *testing.T) {
	t.Parallel()
	plenty := maillogin.Flow{}
	plenty.MailLimit = core.Limit{Events: 1000, Window: time.Hour}
	a := newMailApp(t, plenty)
	a.member("ada@example.org")
	for range 21 {
		v := a.reader("api")
		v.guess(5, v.asks("ada@example.org"))
	}
	refused := func() {
		t.Helper()
		v := a.reader("api")
		mail := v.asks("ada@example.org")
		v.want("/mail-login/confirm", in{"code": mail.Code}, 400, badCode)
	}
	refused()
	mine := a.reader("api")
	mine.want("/login", in{"username": "ada@example.org", "password": password}, 200, "")
	mail := mine.asksTo("/prove/mail")
	mine.want("/prove/mail/confirm", in{"code": mail.Code}, 200, "")
	refused() // still
}

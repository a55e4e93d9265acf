// Package maillogin is the flow that logs people in by a mail, which has a link
// and a code of eight digits: POST /mail-login and POST /mail-login/confirm.
// POST /mail-login/link says whose login a link is.
//
//	latchkey.New(users, latchkey.Options[Account]{
//		Flows: []latchkey.Flow{maillogin.Flow{SignUp: true}}, …
//	})
//	httpauth.Mount(mux, "/auth/web", auth.MailLogin("web"))
//
// The mail can also be the second factor of those who have no other one
// ([Flow.SecondFactor]): POST /mail and POST /mail/confirm. And it proves a
// login once more (a step-up): POST /prove/mail and POST /prove/mail/confirm.
//
// Security notes. The answer to a request is the same whoever asks and whatever
// exists; ticket and mail are made outside the request, and for an address that
// gets no mail a ticket that nothing opens, so that a confirmation costs the
// same too. What the mail has is worth nothing without the secret that only the
// asking client got (flow, or the browser's cookie): programs that open, and
// click, what is in mails use nothing up, and a stolen mail opens nothing
// elsewhere. The code is kept as its HMAC under that secret, so that a copy of
// the database does not yield it to a search of 10^8. A mail has five tries,
// each counted before it is made, and after a hundred wrong codes of an address
// from one network, or a thousand from all, only links work there. A mail dies
// with the address, the sessions and the activity of its user.
//
// The first proof of an address takes the account over: whatever somebody else
// may have left who registered it in advance, the password too, is removed with
// the login. A verified user loses nothing.
package maillogin

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/mailtoken"
)

// Flow is the login by mail. The zero value is ready.
type Flow struct {
	// Options of the mail. Their Lifetime is 10 minutes by default, and
	// their Link is "/login/mail#token={token}". RequestLimit, MailLimit
	// and AddressLimit hold for each kind of mail by itself: first proofs,
	// and further ones.
	mailtoken.Options

	// SignUp registers those who confirm an address that nobody has: active
	// and verified, and without a password. Default: such an address gets
	// no mail.
	SignUp bool
	// SecondFactor asks users for the code of a mail after their password,
	// where no other factor asks. After a login at a provider it does not
	// ask: both are accounts elsewhere. Default: off.
	SecondFactor bool
	// OtherBrowser is what a link does in another browser than the one that
	// asked for the mail, as that of an application for mails. Default:
	// Code.
	OtherBrowser Mode
}

// Mode is what a link does in another browser.
type Mode int

// The modes of a link in another browser.
const (
	// Code refuses the link there, and does not use it up: people type the
	// code in the window that asked.
	Code Mode = iota
	// Confirm logs in where the link is confirmed, for applications that
	// prefer it. Whoever reads the mail first comes in, and a program that
	// opens links and presses their buttons uses them up. The page must
	// show whose login it is (POST /mail-login/link), since a link may be
	// of somebody else who wants it opened there.
	Confirm
)

var (
	_ core.Linked     = Flow{}
	_ core.Factor     = Flow{}
	_ core.LastResort = Flow{}
	_ core.Way        = Flow{}
)

// Name is "mail-login".
func (Flow) Name() string { return name }

const name = "mail-login"

// PerBackend is true.
func (Flow) PerBackend() bool { return true }

// WithLink implements core.Linked: it returns a copy with another Link.
func (f Flow) WithLink(path string) core.Flow {
	f.Link = path
	return f
}

// kind fills in the defaults.
func (f Flow) kind() mailtoken.Kind {
	f.Lifetime = cmp.Or(f.Lifetime, 10*time.Minute)
	f.Link = cmp.Or(f.Link, "/login/mail#token={token}")
	return mailtoken.New(name, f.Options)
}

func (f Flow) check(svc *core.Services) error {
	err := f.kind().Check(svc)
	if f.OtherBrowser != Code && f.OtherBrowser != Confirm {
		err = errors.Join(err, fmt.Errorf("flow %s: OtherBrowser is %d, it must be Code or Confirm", name, f.OtherBrowser))
	}
	return err
}

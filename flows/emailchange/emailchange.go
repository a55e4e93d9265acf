// Package emailchange is the flow of changes of a user's address: POST
// /email/undo and, where a new address is confirmed first, POST /email/confirm.
// The change itself is the account's (PATCH /me).
//
//	latchkey.New(users, latchkey.Options[Account]{
//		Flows: []latchkey.Flow{
//			reset.Flow{}, emailchange.Flow{Confirm: true},
//		}, …
//	})
//	httpauth.Mount(mux, "/auth", auth.Account())
//
// Without Confirm a new address counts at once and is unverified. With it,
// PATCH /me leaves the address as it is and mails the new one, whose link makes
// it the user's. An administrator's change (PATCH /{id}, Manager.Update) counts
// at once in both cases.
//
// Whoever had a verified address gets a mail when it is changed, whoever
// changes it, and can undo that for a week: the address is theirs again, and
// verified; the password, all sessions, and what has been added since (passkeys
// and other credentials, accounts at providers) are gone; reset.Flow mails them
// a link to a new password. What is older than the change stays, second factors
// among it: a mailbox opens none. Each address that was verified can undo its
// own change, also after later ones, which then cannot be undone any more. One
// that was never verified gets no link: a mistyped one may be anybody's.
//
// Security notes. With Confirm the answer to a request is the same whatever
// exists, after the same work: who has the address is looked up in the
// background, and gets a mail. Both tokens work once, and are consumed in the
// transaction of what they allow. That of a confirmation freezes the addresses
// and the epoch, and a newer one ends it; where accounts at providers or
// credentials open the account, the request must be a login of its user, or
// somebody who confirms by mistake would have an address in an account that is
// a stranger's. Neither mail shows the other address in full.
package emailchange

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/mailtoken"
)

// Flow is the change of an address. The zero value is ready: it mails links
// that undo changes.
type Flow struct {
	// Confirm lets an address that a user sets by PATCH /me count once its
	// mailbox has confirmed it. Default: it counts at once, unverified.
	Confirm bool
	// Lifetime of the token that confirms, at least a minute. Default: 24
	// hours.
	Lifetime time.Duration
	// UndoFor is how long a change can be undone, from a minute to 30 days.
	// Default: 7 days. Negative: not at all, and no mail says so.
	UndoFor time.Duration
	// Link in the mail that confirms: a path on the application's BaseURL
	// with {token} in it; see mailtoken.Options. Default:
	// "/email/confirm#token={token}".
	Link string
	// UndoLink in the mail that undoes. Default:
	// "/email/undo#token={token}".
	UndoLink string
	// MailLimit bounds how many mails go to a mailbox that somebody wants
	// because one client network asks, as in mailtoken.Options, with six
	// times as many for all networks; and how many warn the user who asks.
	// Beyond it none is sent, the answer stays the same, and the last
	// mail's token stays valid. Default: 5 an hour.
	// (How many requests there may be is Options.Limits of latchkey. Mails
	// that undo are not limited: each goes to an address that was verified
	// since the last.)
	MailLimit core.Limit
	// AttemptLimit bounds how many tokens of each kind one client network
	// may present, valid or not, beyond which the answer is 429. Default:
	// 60 in 10 minutes.
	AttemptLimit core.Limit
}

var (
	_ core.Linked     = Flow{}
	_ core.UndoLinked = Flow{}
	_ core.Decider    = Flow{}
	_ core.Listener   = Flow{}
)

// Name is "email-change".
func (Flow) Name() string { return core.MailEmailChange }

// PerBackend is false.
func (Flow) PerBackend() bool { return false }

// WithLink implements core.Linked: it returns a copy with another Link.
func (f Flow) WithLink(path string) core.Flow {
	f.Link = path
	return f
}

// WithUndoLink implements core.UndoLinked: it returns a copy with another
// UndoLink.
func (f Flow) WithUndoLink(path string) core.Flow {
	f.UndoLink = path
	return f
}

// confirms is the kind of the tokens that confirm.
func (f Flow) confirms() mailtoken.Kind {
	return mailtoken.New(core.MailEmailChange, mailtoken.Options{
		Lifetime: cmp.Or(f.Lifetime, 24*time.Hour), Link: cmp.Or(f.Link, "/email/confirm#token={token}"),
		MailLimit: f.MailLimit, AttemptLimit: f.AttemptLimit,
	})
}

// undoes is the kind of the tokens that undo.
func (f Flow) undoes() mailtoken.Kind {
	return mailtoken.New(core.MailEmailUndo, mailtoken.Options{
		Lifetime: cmp.Or(f.UndoFor, 7*24*time.Hour), Link: cmp.Or(f.UndoLink, "/email/undo#token={token}"),
		AttemptLimit: f.AttemptLimit,
	})
}

func (f Flow) check(svc *core.Services) error {
	if f.UndoFor < 0 && !f.Confirm {
		return fmt.Errorf("flow %s: without Confirm, and with a negative UndoFor, it does nothing: leave it out", f.Name())
	}
	if f.UndoFor > undoMost {
		return fmt.Errorf("flow %s: UndoFor is %v, it must be at most 30 days", f.Name(), f.UndoFor)
	}
	// What both kinds lack is told once.
	err := f.confirms().Check(svc)
	if f.UndoFor >= 0 && err == nil {
		err = f.undoes().Check(svc)
	}
	return err
}

// errAgain says that another request got ahead, and what was found out before
// holds no more.
var errAgain = errors.New("emailchange: the account has changed meanwhile")

// rounds are enough for what may happen to an account while a request runs.
const rounds = 5

// bad is the one refusal of a token.
func bad() error { return core.Refuse(core.CodeEmailChangeBadToken) }

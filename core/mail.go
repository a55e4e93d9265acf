package core

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Kinds of mail.
const (
	MailVerify = "verify"
	MailReset  = "reset"
	// MailLogin has a Code, a Client, and a Link where it is the first
	// proof of a login. One without a Link confirms a login that has proofs
	// already.
	MailLogin = "login"
	// MailEmailChange goes to an address that a user wants, and its Link
	// makes it theirs; MailEmailAsked to the verified address that they
	// have meanwhile, without a Link; MailEmailTaken, without one, in place
	// of the first to an address that another user has.
	MailEmailChange = "email-change"
	MailEmailAsked  = "email-change-asked"
	MailEmailTaken  = "email-change-taken"
	// MailEmailUndo goes to a verified address that a user had until now,
	// and its Link brings it back.
	MailEmailUndo = "email-undo"
	// MailDeleted has no Link: the account of the address is gone.
	MailDeleted = "deleted"
	// MailLeaving goes to a user who has deleted their account; its Link
	// keeps it, until the Lifetime is over.
	MailLeaving = "leaving"
	// MailNotice says what has happened to an account. It has a Notice, and
	// neither a Token, a Link nor a Code.
	MailNotice = "notice"
)

// Mail is a message to a user. To is the stored address; of MailEmailChange the
// one that the user wants, of MailEmailUndo the one before, and of MailDeleted
// that of a user who is gone.
type Mail struct {
	To    string
	Kind  string
	User  AnyUser
	Token string // the one-time secret; "" where there is a Code alone
	Link  string // the application's page, with the token; from the configured base URL
	Code  string // digits that do what the link does, for people to type; "" for kinds without
	// Other is the other address of a change, shortened so that only those
	// recognize it who have seen it ("a…@e….org"): either mailbox may be a
	// stranger's. "" for kinds without.
	Other string
	// Client is where the request came from that caused the mail, in kinds
	// that say so. Its Label is the client's own words, which are not for a
	// mail: anybody may ask for one to anybody's address.
	Client Client
	// Lifetime is how long the token works.
	Lifetime time.Duration
	// Lang is the Language of the request that caused the mail; "" if it
	// had none.
	Lang string
	// Notice is what a MailNotice is about; zero for other kinds.
	Notice Notice
}

// Notice is something that happened to an account and that its owner should
// know. The Mail's Client is where it came from.
type Notice struct {
	// What is the word for it: "password_changed". Package flows/notices
	// has them.
	What string
	At   time.Time // UTC
	// Subject is what it is about: the method of a factor ("totp"), the
	// name of a provider; "" for other kinds.
	Subject string
	// Count is how many recovery codes are left, or how many wrong codes
	// there were; 0 for other kinds.
	Count int
	// Others reports that it was not the user's own doing, nor that of
	// somebody who came in their place: an administrator or the application
	// itself did it. The Client is zero then.
	Others bool
}

// Format and LogValue keep the token and the code out of logs.
func (m Mail) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, m.Kind+" mail") }

// LogValue names the kind alone.
func (m Mail) LogValue() slog.Value { return slog.StringValue(m.Kind + " mail") }

// Linked is a Flow whose mails have a link (optional): verify, reset,
// maillogin, emailchange and leaving, and devicegrant, whose devices show one.
type Linked interface {
	// WithLink returns the flow with links that lead to a path on the base
	// URL, in which {token} stands for the token.
	WithLink(path string) Flow
}

// UndoLinked is a Flow that also mails links by which a change is undone
// (optional): emailchange.
type UndoLinked interface {
	// WithUndoLink is Linked's WithLink for those.
	WithUndoLink(path string) Flow
}

// Sender delivers mail. It is called outside the request, one attempt a call,
// with a context that ends; an error is logged and the attempt repeated. Its
// errors must not hold the token.
type Sender interface {
	Send(ctx context.Context, m Mail) error
}

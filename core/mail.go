package core

import "context"

// Kinds of mail.
const (
	MailVerify = "verify"
	MailReset  = "reset"
)

// Mail is a message to a user. To is always the stored address.
type Mail struct {
	To    string
	Kind  string
	User  AnyUser
	Token string // the one-time secret
	Link  string // the application's page, with the token; from the configured base URL
}

// String and GoString keep the token out of logs.
func (m Mail) String() string   { return m.Kind + " mail" }
func (m Mail) GoString() string { return m.String() }

// Sender delivers mail. It is called outside the request, one attempt a call, with a context that ends; an error is logged and the
// attempt repeated. Its errors must not hold the token.
type Sender interface {
	Send(ctx context.Context, m Mail) error
}

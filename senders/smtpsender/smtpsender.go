// Package smtpsender sends Latchkey's mail through an SMTP server.
//
//	sender, err := smtpsender.New(smtpsender.Options{
//		// smtp://user:password@mail.example.com:587
//		URL:  os.Getenv("SMTP_URL"),
//		From: "Acme <no-reply@example.com>",
//		App:  "Acme",
//	})
//	latchkey.New(users, latchkey.Options[Account]{Sender: sender, …})
//
// Security notes. The connection is always encrypted and the server's
// certificate verified: a server that does not offer STARTTLS receives nothing
// (RFC 3207, section 6), except with Options.InsecurePlaintext, which excludes
// a password. Errors contain neither the token of the mail nor the password,
// even if the server quotes them. An address, a name or a subject cannot add a
// header or a recipient.
package smtpsender

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/mail"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/message"
)

// Options configures a Sender. URL and From are required.
type Options struct {
	// URL is the server's address. smtp:// begins in clear text and
	// requires STARTTLS, by default on port 587; smtps:// uses TLS from the
	// first byte, by default on port 465. With user:password@ before the
	// host the sender authenticates, by PLAIN or LOGIN. Special characters
	// in them are percent-encoded.
	URL string
	// From is the sender as the recipient sees it: "Acme
	// <no-reply@example.com>", or the address alone. It is the envelope's
	// sender too.
	From string
	// Templates holds files that replace the built-in ones one by one:
	// <kind>.subject.txt, <kind>.txt, <kind>.html. If a .html file is
	// empty, mails of that kind are text only. Default: the built-in ones.
	Templates fs.FS
	// App is the application's name as shown in mails. Default: no name is
	// shown.
	App string
	// Hello is the name by which the sender introduces itself to the server
	// (EHLO): a fully qualified domain name in ASCII, or an address literal
	// such as "[192.0.2.1]" (RFC 5321, section 4.1.1.1). Default: the
	// host's name if it has a dot, else the address of the connection.
	Hello string
	// Timeout bounds an attempt from dialing to the server's last reply.
	// The context of Send may end it sooner. Default: 10 seconds.
	Timeout time.Duration
	// RootCAs holds the roots that verify the server's certificate.
	// Default: the system's.
	RootCAs *x509.CertPool
	// InsecurePlaintext sends without encryption, for a mail catcher on the
	// developer's machine: anyone who listens can read the tokens. Default:
	// STARTTLS is required.
	InsecurePlaintext bool
	// Now returns the time for the Date header. Default: time.Now.
	Now func() time.Time
}

// Sender is a core.Sender. It is safe for concurrent use; each mail uses its
// own connection.
type Sender struct {
	renderer *message.Renderer
	server   *server
	from     *mail.Address
	timeout  time.Duration
	now      func() time.Time
}

var _ core.Sender = (*Sender)(nil)

// New checks the options without connecting. The error joins every problem and
// contains no part of the URL.
func New(o Options) (*Sender, error) {
	renderer, templatesErr := message.New(o.Templates, o.App)
	server, serverErr := newServer(o)
	from, fromErr := parseFrom(o.From)
	var timeoutErr error
	if o.Timeout < 0 {
		timeoutErr = fmt.Errorf("smtpsender: Timeout is %v, it must not be negative", o.Timeout)
	}
	if err := errors.Join(serverErr, fromErr, checkHello(o.Hello), timeoutErr, templatesErr); err != nil {
		return nil, err
	}
	s := &Sender{renderer: renderer, server: server, from: from, timeout: cmp.Or(o.Timeout, 10*time.Second), now: o.Now}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

// Send submits one mail to the server, and returns nil once the server has
// accepted it. The error holds the server's refusal in its own words, or says
// what failed on the way, or wraps the error of a context that is done
// (context.DeadlineExceeded after Options.Timeout).
func (s *Sender) Send(ctx context.Context, m core.Mail) error {
	rendered, err := s.renderer.Render(m)
	if err != nil {
		return fmt.Errorf("smtpsender: %w", err)
	}
	to, err := parseTo(m.To)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err = s.server.deliver(ctx, s.from, to, s.compose(to, rendered))
	if err == nil {
		return nil
	}
	// A new error, since Unwrap must not bring the text back.
	cause := s.server.redactor(m.Token, m.Code).Replace(err.Error())
	if ctx.Err() != nil {
		return fmt.Errorf("smtpsender: %w (%s)", ctx.Err(), cause)
	}
	return errors.New("smtpsender: " + cause)
}

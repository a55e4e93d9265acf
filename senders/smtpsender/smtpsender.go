// Package smtpsender sends Latchkey's mails through an SMTP server.
//
//	sender, err := smtpsender.New(smtpsender.Options{
//		// smtp://user:password@mail.example.com:587
//		URL:  os.Getenv("SMTP_URL"),
//		From: "Acme <no-reply@example.com>",
//		App:  "Acme",
//	})
//	latchkey.New(users, latchkey.Options[Account]{Sender: sender, …})
//
// Security notes. The connection is encrypted and the server's certificate
// verified, always: a server that does not offer STARTTLS gets nothing (RFC
// 3207 section 6), except with Options.InsecurePlaintext, which excludes a
// password. Errors hold neither the token of the mail nor the password, even
// where the server quotes them. An address, a name or a subject cannot add a
// header or a receiver.
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

// Options of a Sender. URL and From are required.
type Options struct {
	// URL of the server: smtp:// begins in clear and demands STARTTLS, by
	// default on port 587; smtps:// is TLS from the first byte, by default
	// on port 465. With user:password@ before the host the sender
	// authenticates, by PLAIN or LOGIN. Special characters in them are
	// percent-encoded.
	URL string
	// From is the sender as the receiver sees it: "Acme
	// <no-reply@example.com>", or the address alone. It is the envelope's
	// sender too.
	From string
	// Templates replace the built-in ones, file by file:
	// <kind>.subject.txt, <kind>.txt, <kind>.html. With an empty .html,
	// mails of the kind are text alone. Default: the built-in ones.
	Templates fs.FS
	// App is the application's name, as mails show it. Default: mails name
	// none.
	App string
	// Timeout bounds an attempt from the dialling to the server's last
	// word; 0 is 10 seconds. The context of Send may end it sooner.
	Timeout time.Duration
	// RootCAs sign the server's certificate. Default: the system's.
	RootCAs *x509.CertPool
	// InsecurePlaintext sends without encryption, for a mail catcher on the
	// developer's machine: who listens reads the tokens. Default: STARTTLS
	// is demanded.
	InsecurePlaintext bool
	// Now tells the time for the Date header. Default: time.Now.
	Now func() time.Time
}

// Sender is a core.Sender. It is safe for concurrent use; each mail has a
// connection of its own.
type Sender struct {
	renderer *message.Renderer
	server   *server
	from     *mail.Address
	timeout  time.Duration
	now      func() time.Time
}

var _ core.Sender = (*Sender)(nil)

// New checks the options and connects to nothing. The error names every problem
// and holds no part of the URL.
func New(o Options) (*Sender, error) {
	renderer, templatesErr := message.New(o.Templates, o.App)
	server, serverErr := newServer(o)
	from, fromErr := parseFrom(o.From)
	var timeoutErr error
	if o.Timeout < 0 {
		timeoutErr = fmt.Errorf("smtpsender: Timeout is %v, it must not be negative", o.Timeout)
	}
	if err := errors.Join(serverErr, fromErr, timeoutErr, templatesErr); err != nil {
		return nil, err
	}
	s := &Sender{renderer: renderer, server: server, from: from, timeout: cmp.Or(o.Timeout, 10*time.Second), now: o.Now}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

// Send hands one mail to the server. It returns nil once the server has taken
// it. The error is the server's refusal in its own words, what failed on the
// way there, or wraps the error of a context that ended
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
	// A new error, since the text must not come back by Unwrap.
	cause := s.server.redactor(m.Token).Replace(err.Error())
	if ctx.Err() != nil {
		return fmt.Errorf("smtpsender: %w (%s)", ctx.Err(), cause)
	}
	return errors.New("smtpsender: " + cause)
}

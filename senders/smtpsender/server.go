package smtpsender

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// server is the SMTP server that mail is submitted to.
type server struct {
	host, port, user string
	// password is a function so that printing never shows it; it returns ""
	// for none.
	password    func() string
	tls         *tls.Config
	implicitTLS bool // TLS from the first byte; else STARTTLS
	plaintext   bool // neither
	// name is what EHLO says, "" for the host's name or address.
	name, hostname string
}

// The errors about the URL contain no part of it: if the password has an
// unescaped character, any part may belong to the password.
var (
	errURL      = errors.New("smtpsender: URL must be smtp://host:port or smtps://host:port, with or without user:password@ before the host, percent-encoded")
	errPassword = errors.New("smtpsender: URL must have both a user and a password, or neither")
	errUnsafe   = errors.New("smtpsender: InsecurePlaintext excludes smtps:// and a password")
)

func newServer(o Options) (*server, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errURL
	}
	s := &server{host: u.Hostname(), port: u.Port(), implicitTLS: u.Scheme == "smtps", plaintext: o.InsecurePlaintext}
	switch {
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return nil, errURL
	case s.port != "":
		if _, err := strconv.ParseUint(s.port, 10, 16); err != nil {
			return nil, errURL
		}
	case s.implicitTLS:
		s.port = "465" // RFC 8314, section 3.3
	default:
		s.port = "587" // RFC 6409
	}
	password, _ := u.User.Password()
	s.user, s.password = u.User.Username(), func() string { return password }
	if u.User != nil && (s.user == "" || password == "") {
		return nil, errPassword
	}
	if s.plaintext && (s.implicitTLS || password != "") {
		return nil, errUnsafe
	}
	s.tls = &tls.Config{ServerName: s.host, RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12}
	s.name = o.Hello
	s.hostname, _ = os.Hostname() // without a name the address will do
	return s, nil
}

func (s *server) dial(ctx context.Context) (net.Conn, error) {
	address := net.JoinHostPort(s.host, s.port)
	if s.implicitTLS {
		return (&tls.Dialer{Config: s.tls}).DialContext(ctx, "tcp", address)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", address)
}

// deliver submits a message (RFC 5321, section 3.3). Every step stops when ctx
// is done.
func (s *server) deliver(ctx context.Context, from, to *mail.Address, message io.WriterTo) error {
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // interrupts reads and writes
	defer stop()
	client, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"EHLO", func() error { return client.Hello(helloName(s.name, s.hostname, conn.LocalAddr())) }},
		{"STARTTLS", func() error { return s.encrypt(client) }},
		{"AUTH", func() error { return s.authenticate(client) }},
		{"SMTPUTF8", func() error { return allowUTF8(client, !isASCII(from.Address+to.Address)) }},
		{"MAIL FROM", func() error { return client.Mail(path(from)) }},
		{"RCPT TO", func() error { return client.Rcpt(path(to)) }},
		{"DATA", func() error { return transmit(client, message) }},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	_ = client.Quit() // the server has accepted the mail: an error now must not cause a retry
	return nil
}

func (s *server) encrypt(client *smtp.Client) error {
	if s.implicitTLS || s.plaintext {
		return nil
	}
	if offered, _ := client.Extension("STARTTLS"); !offered {
		return errors.New("the server does not offer it")
	}
	return client.StartTLS(s.tls)
}

// authenticate sends the password as is, inside TLS.
func (s *server) authenticate(client *smtp.Client) error {
	if s.password() == "" {
		return nil
	}
	_, offered := client.Extension("AUTH")
	for _, mechanism := range strings.Fields(offered) {
		switch strings.ToUpper(mechanism) {
		case "PLAIN":
			return client.Auth(smtp.PlainAuth("", s.user, s.password(), s.host, false))
		case "LOGIN":
			return client.Auth(smtp.LoginAuth(s.user, s.password(), s.host, false))
		}
	}
	return errors.New("the server offers neither PLAIN nor LOGIN")
}

// allowUTF8 requests SMTPUTF8 (RFC 6531) only if an address needs it, since a
// mail sent with it cannot pass a server without it.
func allowUTF8(client *smtp.Client, needed bool) error {
	if offered, _ := client.Extension("SMTPUTF8"); needed && !offered {
		return errors.New("the server accepts only ASCII addresses")
	}
	client.SkipSMTPUTF8(!needed)
	return nil
}

func transmit(client *smtp.Client, message io.WriterTo) error {
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := message.WriteTo(w); err != nil {
		return err // does not close w, which would mean that the message is complete
	}
	return w.Close()
}

// redactor removes from an error what the server may have quoted: the secrets
// of the mail, and the password, in clear and as AUTH sends them.
func (s *server) redactor(secrets ...string) *strings.Replacer {
	secrets = append(secrets, s.password())
	if s.password() != "" {
		for _, sent := range []string{s.password(), "\x00" + s.user + "\x00" + s.password()} {
			secrets = append(secrets, base64.StdEncoding.EncodeToString([]byte(sent)))
		}
	}
	var pairs []string
	for _, secret := range secrets {
		if secret != "" {
			pairs = append(pairs, secret, "[secret]")
		}
	}
	return strings.NewReplacer(pairs...)
}

package smtp_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const (
	user     = "mailer"
	password = "pa/ss:w@rd"
)

// server is an SMTP server that keeps what it receives. Its zero value, once
// started, offers STARTTLS, AUTH PLAIN and SMTPUTF8.
type server struct {
	implicitTLS, noTLS, noUTF8 bool
	mechanism                  string // of AUTH; "" means PLAIN
	// at is called at each stage ("session", "auth", "mail", "rcpt",
	// "data", "reset") with what came, which at "session" is the name in
	// EHLO; its error is the server's reply.
	at func(stage, got string) error

	host, port string
	roots      *x509.CertPool // they verify the server's certificate, for 127.0.0.1

	mu         sync.Mutex
	stages     []string
	deliveries []delivery
}

type delivery struct {
	user, from string
	to         []string
	utf8, tls  bool
	data       string
}

func (s *server) start(t *testing.T) *server {
	t.Helper()
	certificates := httptest.NewTLSServer(nil) // only for its certificate
	certificates.Close()
	s.roots = x509.NewCertPool()
	s.roots.AddCert(certificates.Certificate())
	config := &tls.Config{Certificates: certificates.TLS.Certificates}

	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		_, encrypted := c.TLSConnectionState()
		return &session{server: s, conn: c, got: delivery{tls: encrypted}}, s.reach("session", c.Hostname())
	}))
	srv.EnableSMTPUTF8 = !s.noUTF8
	srv.ErrorLog = log.New(io.Discard, "", 0)
	srv.AllowInsecureAuth = s.noTLS // a server that would accept a password in clear text
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if s.host, s.port, err = net.SplitHostPort(l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	switch {
	case s.implicitTLS:
		l = tls.NewListener(l, config)
	case !s.noTLS:
		srv.TLSConfig = config
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l)
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return s
}

func (s *server) reach(stage, got string) error {
	s.mu.Lock()
	s.stages = append(s.stages, stage)
	s.mu.Unlock()
	if s.at == nil {
		return nil
	}
	return s.at(stage, got)
}

// received returns the stages that were reached and the deliveries.
func (s *server) received() ([]string, []delivery) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stages, s.deliveries
}

// only returns the one delivery, and fails if there is any other number.
func (s *server) only(t *testing.T) delivery {
	t.Helper()
	_, d := s.received()
	if len(d) != 1 {
		t.Fatalf("%d deliveries, want 1", len(d))
	}
	return d[0]
}

type session struct {
	server *server
	conn   *smtp.Conn
	got    delivery
}

func (s *session) AuthMechanisms() []string {
	if s.server.mechanism != "" {
		return []string{s.server.mechanism}
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if mechanism == sasl.Login {
		return &login{check: s.check}, nil
	}
	return sasl.NewPlainServer(func(_, name, secret string) error { return s.check(name, secret) }), nil
}

func (s *session) check(name, secret string) error {
	if err := s.server.reach("auth", secret); err != nil {
		return err
	}
	if name != user || secret != password {
		return smtp.ErrAuthFailed
	}
	s.got.user = name
	return nil
}

func (s *session) Mail(from string, o *smtp.MailOptions) error {
	s.got.from, s.got.utf8 = from, o.UTF8
	return s.server.reach("mail", from)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.got.to = append(s.got.to, to)
	return s.server.reach("rcpt", to)
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.server.reach("data", string(data)); err != nil {
		return err
	}
	s.got.data = string(data)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.deliveries = append(s.server.deliveries, s.got)
	return nil
}

// Reset also follows the reply to DATA. An error at this stage cuts the
// connection.
func (s *session) Reset() {
	if s.server.reach("reset", "") != nil {
		_ = s.conn.Conn().Close()
	}
}

func (s *session) Logout() error { return nil }

// login is the server's side of AUTH LOGIN.
type login struct {
	check func(name, secret string) error
	name  *string
}

func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case l.name == nil:
		name := string(response)
		l.name = &name
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(*l.name, string(response))
}

var errCut = errors.New("cut the connection")

package smtp_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/latchkey-go/latchkey/senders/smtpsender"
)

// wantError checks that err contains all of parts and no secret, and that
// nothing was delivered.
func wantError(t *testing.T, s *server, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q, want %q in it", err, part)
		}
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, secret := range []string{token, password,
			base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))} {
			if strings.Contains(e.Error(), secret) {
				t.Errorf("L01 error %q holds a secret", e)
			}
		}
	}
	if _, d := s.received(); len(d) != 0 {
		t.Errorf("%d deliveries in spite of the error %v", len(d), err)
	}
}

// fullNames is a server that refuses bare names, as Postfix does with
// reject_non_fqdn_helo_hostname.
func fullNames(seen *[]string) *server {
	return &server{at: func(stage, got string) error {
		if stage != "session" {
			return nil
		}
		*seen = append(*seen, got)
		if !strings.Contains(got, ".") && !strings.HasPrefix(got, "[") {
			return &smtp.SMTPError{Code: 504, EnhancedCode: smtp.EnhancedCode{5, 5, 2}, Message: "need fully-qualified hostname"}
		}
		return nil
	}}
}

// TestFieldF20BareNames: a container's name has no dot, and a server may
// refuse it.
func TestFieldF20BareNames(t *testing.T) {
	host, err := os.Hostname()
	if err != nil || !strings.Contains(host, ".") {
		host = "[127.0.0.1]"
	}
	for configured, want := range map[string]string{
		"": host, "web-1.app.example": "web-1.app.example", "[192.0.2.7]": "[192.0.2.7]", "[IPv6:2001:db8::1]": "[IPv6:2001:db8::1]",
	} {
		var names []string
		s := fullNames(&names).start(t)
		sender := newSender(t, s, func(o *smtpsender.Options) { o.Hello = configured })
		if err := sender.Send(t.Context(), resetMail("ada@example.org")); err != nil {
			t.Errorf("%q: %v", configured, err)
			continue
		}
		s.only(t)
		if !slices.Equal(names, []string{want, want}) { // the second within TLS
			t.Errorf("%q: the names are %q, want %q", configured, names, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		stage  string
		answer *smtp.SMTPError
		parts  []string
	}{
		{"session", &smtp.SMTPError{Code: 421, Message: "too busy"}, []string{"421", "too busy"}},
		{"auth", smtp.ErrAuthFailed, []string{"AUTH", "535"}},
		{"mail", &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "try later"}, []string{"MAIL FROM", "451", "try later"}},
		{"rcpt", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}, []string{"RCPT TO", "550", "no such mailbox"}},
		{"data", &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "spam"}, []string{"DATA", "554", "spam"}},
	} {
		t.Run(c.stage, func(t *testing.T) {
			s := &server{at: func(stage, _ string) error {
				if stage == c.stage {
					return c.answer
				}
				return nil
			}}
			s.start(t)
			wantError(t, s, newSender(t, s, nil).Send(t.Context(), resetMail("ada@example.org")), c.parts...)
		})
	}
	t.Run("L01 a server that quotes what it was sent", func(t *testing.T) {
		for _, stage := range []string{"auth", "data"} {
			quoted := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
			s := &server{at: func(at, got string) error {
				if at == stage {
					return &smtp.SMTPError{Code: 554, Message: "what is " + quoted + " or " + password + " or " + token + "?"}
				}
				return nil
			}}
			s.start(t)
			wantError(t, s, newSender(t, s, nil).Send(t.Context(), resetMail("ada@example.org")),
				"what is [secret] or [secret] or [secret]?")
		}
	})
	t.Run("wrong password", func(t *testing.T) {
		s := new(server).start(t)
		sender := newSender(t, s,
			func(o *smtpsender.Options) { o.URL = "smtp://mailer:wrong-one@" + net.JoinHostPort(s.host, s.port) })
		err := sender.Send(t.Context(), resetMail("ada@example.org"))
		wantError(t, s, err, "AUTH", "535")
		if strings.Contains(err.Error(), "wrong-one") {
			t.Errorf("error %q holds the password", err)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := &server{}
		s.host, s.port, _ = net.SplitHostPort(l.Addr().String())
		l.Close()
		wantError(t, s, newSender(t, s, nil).Send(t.Context(), resetMail("ada@example.org")), "refused")
	})
}

func TestEncryption(t *testing.T) {
	t.Run("without STARTTLS nothing is sent", func(t *testing.T) {
		s := (&server{noTLS: true}).start(t)
		for _, url := range []string{"smtp://mailer:pass@", "smtp://"} {
			sender := newSender(t, s, func(o *smtpsender.Options) { o.URL = url + net.JoinHostPort(s.host, s.port) })
			wantError(t, s, sender.Send(t.Context(), resetMail("ada@example.org")), "STARTTLS")
		}
		if stages, _ := s.received(); slices.ContainsFunc(stages, func(stage string) bool { return stage != "session" }) {
			t.Errorf("the server received something: %q", stages)
		}
	})
	for _, implicit := range []bool{false, true} {
		for _, c := range []struct {
			name, part string
			change     func(o *smtpsender.Options)
		}{
			{"a certificate of nobody known", "certificate", func(o *smtpsender.Options) { o.RootCAs = nil }},
			{"a certificate of another host", "certificate", func(o *smtpsender.Options) { o.URL = strings.Replace(o.URL, "127.0.0.1", "localhost", 1) }},
		} {
			t.Run(c.name, func(t *testing.T) {
				s := (&server{implicitTLS: implicit}).start(t)
				wantError(t, s, newSender(t, s, c.change).Send(t.Context(), resetMail("ada@example.org")), c.part)
				if stages, _ := s.received(); slices.Contains(stages, "auth") || slices.Contains(stages, "mail") {
					t.Errorf("the server received something: %q", stages)
				}
			})
		}
	}
}

// silent accepts connections and never sends anything. It sends a value to
// reached for each.
func silent(t *testing.T, reached chan<- struct{}) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			reached <- struct{}{}
		}
	}()
	s := &server{}
	s.host, s.port, _ = net.SplitHostPort(l.Addr().String())
	return s
}

// TestHanging is F14: a mailer that blocks.
func TestHanging(t *testing.T) {
	reached := make(chan struct{}, 10)
	quiet := silent(t, reached)
	quietTLS := &server{implicitTLS: true, host: quiet.host, port: quiet.port}
	servers := map[string]*server{"F14 the greeting": quiet, "F14 the TLS handshake": quietTLS}
	for _, stage := range []string{"auth", "mail", "rcpt", "data"} {
		release := make(chan struct{})
		s := &server{at: func(at, _ string) error {
			if at == stage {
				reached <- struct{}{}
				<-release
			}
			return nil
		}}
		servers["F14 "+stage] = s.start(t)
		t.Cleanup(func() { close(release) })
	}
	for name, s := range servers {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-reached
				cancel()
			}()
			err := newSender(t, s, func(o *smtpsender.Options) { o.Timeout = time.Hour }).Send(ctx, resetMail("ada@example.org"))
			wantError(t, s, err)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want context.Canceled", err)
			}
		})
	}
	t.Run("F14 the time-out of an attempt", func(t *testing.T) {
		err := newSender(t, quiet, func(o *smtpsender.Options) { o.Timeout = 20 * time.Millisecond }).Send(t.Context(),
			resetMail("ada@example.org"))
		wantError(t, quiet, err)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
	})
}

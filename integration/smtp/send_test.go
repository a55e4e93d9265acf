package smtp_test

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/senders/smtpsender"
)

const (
	token = "0123456789abcdefghijklmnopqrstuvwxyzABC-_FG"
	link  = "https://app.example.com/page#token=" + token
)

type account struct {
	core.User
	FullName string
}

func resetMail(to string) core.Mail {
	return core.Mail{To: to, Kind: core.MailReset, User: &account{FullName: "Ada"}, Token: token, Link: link}
}

// newSender returns a sender to s; change may alter its options.
func newSender(t *testing.T, s *server, change func(o *smtpsender.Options)) *smtpsender.Sender {
	t.Helper()
	u := url.URL{Scheme: "smtp", Host: net.JoinHostPort(s.host, s.port)}
	if s.implicitTLS {
		u.Scheme = "smtps"
	}
	if !s.noTLS {
		u.User = url.UserPassword(user, password)
	}
	o := smtpsender.Options{URL: u.String(), From: "Acme <no-reply@example.com>", App: "Acme", RootCAs: s.roots}
	if change != nil {
		change(&o)
	}
	sender, err := smtpsender.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

// letter is a parsed message.
type letter struct {
	mail.Header
	subject string
	parts   map[string]string // by media type, in UTF-8
	order   []string
}

func parse(t *testing.T, data string) letter {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	l := letter{Header: m.Header, parts: map[string]string{}}
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" {
		t.Fatalf("Content-Type %q (%v), want multipart/alternative", m.Header.Get("Content-Type"), err)
	}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextPart() // decodes quoted-printable
		if errors.Is(err, io.EOF) {
			return l
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		media, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil || !strings.EqualFold(params["charset"], "utf-8") {
			t.Fatalf("a part of type %q (%v)", p.Header.Get("Content-Type"), err)
		}
		l.parts[media] = strings.ReplaceAll(string(body), "\r\n", "\n")
		l.order = append(l.order, media)
	}
}

func TestSend(t *testing.T) {
	at := time.Date(2026, 5, 4, 14, 30, 0, 0, time.UTC)
	for kind, subject := range map[string]string{
		core.MailVerify: "Confirm your e-mail address for Acme",
		core.MailReset:  "Choose a new password for Acme",
	} {
		t.Run(kind, func(t *testing.T) {
			s := new(server).start(t)
			sender := newSender(t, s, func(o *smtpsender.Options) { o.Now = func() time.Time { return at } })
			err := sender.Send(t.Context(), core.Mail{To: "ada@example.org", Kind: kind, Token: token, Link: link})
			if err != nil {
				t.Fatal(err)
			}
			d := s.only(t)
			if !d.tls || d.user != user || d.from != "no-reply@example.com" || len(d.to) != 1 || d.to[0] != "ada@example.org" ||
				d.utf8 {
				t.Errorf("envelope %+v", d)
			}
			l := parse(t, d.data)
			for name, want := range map[string]string{
				"From": `"Acme" <no-reply@example.com>`, "To": "<ada@example.org>", "Auto-Submitted": "auto-generated",
				"Mime-Version": "1.0", "Date": at.Format(time.RFC1123Z), "Bcc": "", "User-Agent": "", "X-Mailer": "",
			} {
				if got := l.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if id := l.Get("Message-Id"); !strings.HasPrefix(id, "<") || !strings.HasSuffix(id, "@example.com>") ||
				len(id) < 30 {
				t.Errorf("Message-ID %q", id)
			}
			if l.subject != subject {
				t.Errorf("subject %q, want %q", l.subject, subject)
			}
			// the best one last, RFC 2046, section 5.1.4
			if len(l.order) != 2 || l.order[0] != "text/plain" || l.order[1] != "text/html" {
				t.Fatalf("parts %q", l.order)
			}
			if !strings.Contains(l.parts["text/plain"], "\n"+link+"\n") ||
				!strings.Contains(l.parts["text/html"], `<a href="`+link+`"`) {
				t.Errorf("the link is missing in %q", l.parts)
			}
		})
	}
	t.Run("without a page, the token", func(t *testing.T) {
		s := new(server).start(t)
		m := resetMail("ada@example.org")
		m.Link = ""
		if err := newSender(t, s, nil).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		for media, body := range parse(t, s.only(t).data).parts {
			if !strings.Contains(body, token) {
				t.Errorf("%s lacks the token: %s", media, body)
			}
		}
	})
	t.Run("ways to connect", func(t *testing.T) {
		for _, c := range []struct {
			name   string
			server *server
			change func(o *smtpsender.Options)
			tls    bool
			user   string
		}{
			{"STARTTLS and AUTH LOGIN", &server{mechanism: "LOGIN"}, nil, true, user},
			{"TLS from the first byte", &server{implicitTLS: true}, nil, true, user},
			{"a mail catcher in clear", &server{noTLS: true}, func(o *smtpsender.Options) { o.InsecurePlaintext = true }, false, ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				s := c.server.start(t)
				if err := newSender(t, s, c.change).Send(t.Context(), resetMail("ada@example.org")); err != nil {
					t.Fatal(err)
				}
				if d := s.only(t); d.tls != c.tls || d.user != c.user {
					t.Errorf("encrypted %v, user %q; want %v, %q", d.tls, d.user, c.tls, c.user)
				}
			})
		}
	})
	t.Run("many at once", func(t *testing.T) {
		s := new(server).start(t)
		sender := newSender(t, s, nil)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := sender.Send(t.Context(), resetMail("ada@example.org")); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		ids := map[string]bool{}
		_, deliveries := s.received()
		for _, d := range deliveries {
			ids[parse(t, d.data).Get("Message-Id")] = true
		}
		if len(ids) != 8 {
			t.Errorf("%d different Message-IDs, want 8", len(ids))
		}
	})
	t.Run("a mail that was taken is not an error, whatever comes after", func(t *testing.T) {
		s := &server{at: func(stage, _ string) error {
			if stage == "reset" {
				return errCut
			}
			return nil
		}}
		s.start(t)
		if err := newSender(t, s, nil).Send(t.Context(), resetMail("ada@example.org")); err != nil {
			t.Error(err)
		}
		s.only(t)
		if stages, _ := s.received(); !slices.Contains(stages, "reset") {
			t.Errorf("the connection was not cut: %q", stages)
		}
	})
}

func TestTemplates(t *testing.T) {
	u := &account{FullName: "Zoë <b>& Söhne</b>\r\nBcc: all@example.com"}
	send := func(t *testing.T, templates fstest.MapFS) delivery {
		t.Helper()
		s := new(server).start(t)
		m := resetMail("ada@example.org")
		m.User = u
		if err := newSender(t, s, func(o *smtpsender.Options) { o.Templates = templates }).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		return s.only(t)
	}
	d := send(t, fstest.MapFS{
		"reset.subject.txt": {Data: []byte("{{.User.FullName}}, a new password")},
		"reset.txt":         {Data: []byte("Dear {{.User.FullName}},\n.\n{{.Link}}\n")},
		"reset.html":        {Data: []byte("<p>{{.User.FullName}}</p>")},
	})
	l := parse(t, d.data)
	t.Run("G16 CR LF in a name adds no header", func(t *testing.T) {
		if l.subject != "Zoë <b>& Söhne</b> Bcc: all@example.com, a new password" || l.Get("Bcc") != "" || len(d.to) != 1 {
			t.Errorf("subject %q, Bcc %q, receivers %q", l.subject, l.Get("Bcc"), d.to)
		}
	})
	t.Run("G17 HTML in a name is escaped", func(t *testing.T) {
		if got := l.parts["text/html"]; !strings.Contains(got, "Zoë &lt;b&gt;&amp; Söhne&lt;/b&gt;") {
			t.Errorf("HTML %q", got)
		}
	})
	t.Run("text is as it was written, a line with a dot too", func(t *testing.T) {
		if got := l.parts["text/plain"]; !strings.Contains(got, "Dear Zoë <b>& Söhne</b>") ||
			!strings.Contains(got, "\n.\n"+link) {
			t.Errorf("text %q", got)
		}
	})
	t.Run("an empty HTML template makes a mail of text", func(t *testing.T) {
		d := send(t, fstest.MapFS{"reset.html": {}})
		m, err := mail.ReadMessage(strings.NewReader(d.data))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
			t.Errorf("Content-Type %q", got)
		}
	})
}

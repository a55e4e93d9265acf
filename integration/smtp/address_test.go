package smtp_test

import (
	"net/mail"
	"slices"
	"testing"

	"github.com/latchkey-go/latchkey/senders/smtpsender"
)

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		name, from, to    string
		fromName, toPath  string
		utf8              bool
		refusedByOldHosts bool
	}{
		{"plain", "no-reply@example.com", "ada+tag@example.org", "", "ada+tag@example.org", false, false},
		{"a name beyond ASCII", "Café Ünïcode <no-reply@example.com>", "ada@example.org", "Café Ünïcode", "ada@example.org", false, false},
		{"a name with special characters", `"Acme, Inc. (EU)" <no-reply@example.com>`, "ada@example.org", "Acme, Inc. (EU)", "ada@example.org", false, false},
		{"a domain beyond ASCII", "no-reply@example.com", "ada@Bücher.example", "", "ada@xn--bcher-kva.example", false, false},
		{"an address beyond ASCII", "no-reply@example.com", "jörg@bücher.example", "", "jörg@xn--bcher-kva.example", true, true},
		{"a sender beyond ASCII", "grüße@example.com", "ada@example.org", "", "ada@example.org", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			from := func(o *smtpsender.Options) { o.From = c.from }
			s := new(server).start(t)
			if err := newSender(t, s, from).Send(t.Context(), resetMail(c.to)); err != nil {
				t.Fatal(err)
			}
			d := s.only(t)
			if !slices.Equal(d.to, []string{c.toPath}) || d.utf8 != c.utf8 {
				t.Errorf("receivers %q, SMTPUTF8 %v; want %q, %v", d.to, d.utf8, c.toPath, c.utf8)
			}
			l := parse(t, d.data)
			if got, err := l.AddressList("From"); err != nil || len(got) != 1 || got[0].Name != c.fromName ||
				got[0].Address != d.from {
				t.Errorf("From %v (%v), want the name %q and the address %q", got, err, c.fromName, d.from)
			}
			if got, err := l.AddressList("To"); err != nil || len(got) != 1 || *got[0] != (mail.Address{Address: c.toPath}) {
				t.Errorf("To %v (%v), want %q", got, err, c.toPath)
			}

			old := (&server{noUTF8: true}).start(t)
			err := newSender(t, old, from).Send(t.Context(), resetMail(c.to))
			_, deliveries := old.received()
			if refused := err != nil && len(deliveries) == 0; refused != c.refusedByOldHosts {
				t.Errorf("a server without SMTPUTF8: error %v, %d deliveries", err, len(deliveries))
			}
		})
	}
}

func TestNoAddress(t *testing.T) {
	s := new(server).start(t)
	sender := newSender(t, s, nil)
	for name, to := range map[string]string{
		"G16 a header after it":   "ada@example.org\r\nBcc: all@example.com",
		"G16 a line feed":         "ada@example.org\nBcc: all@example.com",
		"G16 an SMTP command":     "ada@example.org>\r\nRCPT TO:<all@example.com",
		"two addresses":           "ada@example.org, all@example.com",
		"two addresses, brackets": "ada@example.org>, <all@example.com",
		"a name":                  "Ada <ada@example.org>",
		"a comment":               "ada@example.org (Ada)",
		"a group":                 "all: ada@example.org;",
		"a NUL":                   "ada\x00@example.org",
		"a domain that is none":   "ada@bü cher.example",
		"nothing":                 "",
	} {
		t.Run(name, func(t *testing.T) {
			if err := sender.Send(t.Context(), resetMail(to)); err == nil {
				t.Error("no error")
			}
			if stages, _ := s.received(); len(stages) != 0 {
				t.Errorf("the server was asked: %q", stages)
			}
		})
	}
	if err := sender.Send(t.Context(), resetMail("ada@example.org")); err != nil {
		t.Errorf("the legitimate twin: %v", err)
	}
}

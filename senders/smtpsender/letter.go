package smtpsender

import (
	"crypto/rand"
	"errors"
	"net/mail"
	"strings"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"github.com/latchkey-go/latchkey/internal/message"
)

// parseFrom parses a name and an address, or an address alone.
func parseFrom(s string) (*mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil {
		return nil, errors.New("smtpsender: From must be an address, or a name and an <address>")
	}
	return a, domainToASCII(a)
}

// parseTo parses an address alone. It refuses anything that looks like several
// addresses or has a name.
func parseTo(s string) (*mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return nil, errors.New("smtpsender: the recipient is not an address")
	}
	return a, domainToASCII(a)
}

// domainToASCII converts an international domain to the form that every server
// understands (IDNA 2008, RFC 5891).
func domainToASCII(a *mail.Address) error {
	if isASCII(a.Address) {
		return nil
	}
	at := strings.LastIndexByte(a.Address, '@')
	domain, err := idna.Lookup.ToASCII(a.Address[at+1:])
	if err != nil {
		return errors.New("smtpsender: the domain of an address is not valid")
	}
	a.Address = a.Address[:at+1] + domain
	return nil
}

// path returns an address as the envelope has it: <address>, without the name.
func path(a *mail.Address) string {
	return (&mail.Address{Address: a.Address}).String()
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// compose returns the message, with text and HTML as alternatives.
func (s *Sender) compose(to *mail.Address, m message.Message) *gomail.Msg {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(to)
	msg.Subject(m.Subject)
	msg.SetDateWithValue(s.now())
	msg.SetMessageIDWithValue(rand.Text() + s.from.Address[strings.LastIndexByte(s.from.Address, '@'):])
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834, section 5: asks for no automatic replies
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg
}

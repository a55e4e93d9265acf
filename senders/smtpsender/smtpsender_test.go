package smtpsender_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/latchkey-go/latchkey/senders/smtpsender"
)

func TestNew(t *testing.T) {
	for _, c := range []struct {
		name    string
		options smtpsender.Options
		want    []string // parts of the error; none means no error
	}{
		{"STARTTLS", smtpsender.Options{URL: "smtp://mail.example.com"}, nil},
		{"TLS", smtpsender.Options{URL: "smtps://mail.example.com:4650/"}, nil},
		{"IPv6", smtpsender.Options{URL: "smtp://[::1]:2525"}, nil},
		{"an escaped password", smtpsender.Options{URL: "smtp://me:hunter%2F2@mail.example.com"}, nil},
		{"a name", smtpsender.Options{URL: "smtp://mail.example.com", From: "Grüße <no-reply@bücher.example>"}, nil},
		{"a mail catcher", smtpsender.Options{URL: "smtp://localhost:1025", InsecurePlaintext: true}, nil},

		{"no URL", smtpsender.Options{}, []string{"URL"}},
		{"another scheme", smtpsender.Options{URL: "https://mail.example.com"}, []string{"URL"}},
		{"no host", smtpsender.Options{URL: "smtp://:25"}, []string{"URL"}},
		{"no scheme", smtpsender.Options{URL: "mail.example.com:25"}, []string{"URL"}},
		{"a path", smtpsender.Options{URL: "smtp://mail.example.com/inbox"}, []string{"URL"}},
		{"a query", smtpsender.Options{URL: "smtp://mail.example.com?tls=no"}, []string{"URL"}},
		{"a port too high", smtpsender.Options{URL: "smtp://mail.example.com:65536"}, []string{"URL"}},
		{"an unescaped / in the password", smtpsender.Options{URL: "smtp://me:hunter/2@mail.example.com"}, []string{"URL"}},
		{"an unescaped / after digits", smtpsender.Options{URL: "smtp://me:25/hunter2@mail.example.com"}, []string{"URL"}},
		{"an unescaped # in the password", smtpsender.Options{URL: "smtp://me:25#hunter2@mail.example.com"}, []string{"URL"}},
		{"a wrong escape in the password", smtpsender.Options{URL: "smtp://me:hunter%2@mail.example.com"}, []string{"URL"}},
		{"a user without a password", smtpsender.Options{URL: "smtp://me@mail.example.com"}, []string{"password"}},
		{"a password without a user", smtpsender.Options{URL: "smtp://:hunter2@mail.example.com"}, []string{"user"}},
		{"a password in clear", smtpsender.Options{URL: "smtp://me:hunter2@mail.example.com", InsecurePlaintext: true}, []string{"InsecurePlaintext"}},
		{"TLS in clear", smtpsender.Options{URL: "smtps://mail.example.com", InsecurePlaintext: true}, []string{"InsecurePlaintext"}},
		{"a sender without an address", smtpsender.Options{URL: "smtp://mail.example.com", From: "Acme"}, []string{"From"}},
		{"G16 a header in the sender", smtpsender.Options{URL: "smtp://mail.example.com", From: "Acme <a@example.com>\r\nBcc: b@example.com"}, []string{"From"}},
		{"a domain that is none", smtpsender.Options{URL: "smtp://mail.example.com", From: "a@-bücher-.example"}, []string{"domain"}},
		{"everything", smtpsender.Options{
			URL: "smtp://me:hunter/2@mail.example.com", From: "Acme", Timeout: -time.Second,
			Templates: fstest.MapFS{"reset.html": {Data: []byte("{{")}},
		}, []string{"URL", "From", "Timeout", "reset.html"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.options.From == "" {
				c.options.From = "no-reply@example.com"
			}
			sender, err := smtpsender.New(c.options)
			if (err != nil) != (len(c.want) > 0) || (sender == nil) != (err != nil) {
				t.Fatalf("sender %v, error %v", sender != nil, err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q lacks %q", err, part)
				}
			}
			for _, s := range []string{fmt.Sprint(err), fmt.Sprintf("%+v %#v", sender, sender)} {
				if strings.Contains(s, "hunter") {
					t.Errorf("L01 the password shows: %s", s)
				}
			}
		})
	}
}

package smtpsender_test

import (
	"fmt"
	"net"
	"net/netip"
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
		{"field F20 a name for EHLO", smtpsender.Options{URL: "smtp://mail.example.com", Hello: "web-1.app.example"}, nil},
		{"field F20 in any letters", smtpsender.Options{URL: "smtp://mail.example.com", Hello: "Web1.XN--Bcher-Kva.Example"}, nil},
		{"field F20 an address", smtpsender.Options{URL: "smtp://mail.example.com", Hello: "[192.0.2.1]"}, nil},
		{"field F20 an address of IPv6", smtpsender.Options{URL: "smtp://mail.example.com", Hello: "[IPv6:2001:db8::1]"}, nil},
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
			URL: "smtp://me:hunter/2@mail.example.com", From: "Acme", Hello: "vm", Timeout: -time.Second,
			Templates: fstest.MapFS{"reset.html": {Data: []byte("{{")}},
		}, []string{"URL", "From", "Hello", "Timeout", "reset.html"}},
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

func TestFieldF20NewRefusesNames(t *testing.T) {
	long := strings.Repeat("a", 63)
	for _, name := range []string{
		"vm", "localhost", "vm.", ".example", "a..example", "-a.example", "a-.example", "my_host.example", "bücher.example", "a b.example",
		"web.example\r\nMAIL FROM:<a@b.example>", "web.example\n", " web.example", "192.0.2.1", "10.0.0.0x.1", "2001:db8::1", "[2001:db8::1]", "[::1]",
		"[IPv6:192.0.2.1]", "[IPv6:fe80::1%eth0]", "[IPv6:]", "[192.0.2.1", "192.0.2.1]", "[192.0.2]", "[]", "[tag:x]", "web.example:25", "https://web.example",
		long + "a.example", strings.Repeat(long+".", 4) + "example",
	} {
		_, err := smtpsender.New(smtpsender.Options{URL: "smtp://mail.example.com", From: "a@example.com", Hello: name})
		if err == nil || !strings.Contains(err.Error(), "Hello") {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestFieldF20Name(t *testing.T) {
	for _, c := range []struct{ configured, host, local, want string }{
		{"", "web.app.example", "192.0.2.1:4000", "web.app.example"},
		{"", "vm", "192.0.2.1:4000", "[192.0.2.1]"},
		{"", "", "192.0.2.1:4000", "[192.0.2.1]"},
		{"", "3f2a9c01b7de", "[::ffff:192.0.2.1]:4000", "[192.0.2.1]"},
		{"", "vm", "[2001:db8::1]:4000", "[IPv6:2001:db8::1]"},
		{"", "vm", "[fe80::1%eth0]:4000", "[IPv6:fe80::1]"},
		{"", "my_web.example", "192.0.2.1:4000", "[192.0.2.1]"},
		{"", "192.0.2.1", "192.0.2.1:4000", "[192.0.2.1]"},
		{"mail.example.com", "vm", "192.0.2.1:4000", "mail.example.com"},
		{"[192.0.2.7]", "web.app.example", "192.0.2.1:4000", "[192.0.2.7]"},
	} {
		local := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(c.local))
		if got := smtpsender.HelloName(c.configured, c.host, local); got != c.want {
			t.Errorf("host %q at %s: got %s, want %s", c.host, c.local, got, c.want)
		}
	}
}

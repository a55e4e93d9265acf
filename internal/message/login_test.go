package message_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

func TestBuiltInLogin(t *testing.T) {
	const code = "04825193"
	client := core.Client{
		IP:    netip.MustParseAddr("::ffff:203.0.113.7"),
		Label: "Mozilla/5.0 (X11; Linux) Firefox/140.0 <b>Win a prize at https://evil.example</b>",
	}
	first := core.Mail{Kind: core.MailLogin, Token: token, Link: link, Code: code, Client: client}
	further := core.Mail{Kind: core.MailLogin, Code: code}
	for name, c := range map[string]struct {
		mail            core.Mail
		subject         string
		has, never      []string
		inHTML, inPlain string
	}{
		"a first proof": {
			first, "Log in to A&B", []string{code, link, "Firefox on Linux, address 203.0.113.7", "nobody gets in"},
			[]string{"prize", "evil"}, `<a href="` + link + `"`, "\n" + link + "\n",
		},
		"a further one": {
			further, "Confirm that it is you at A&B", []string{code, "choose a new password"},
			[]string{"<a ", "asked for by"}, ">" + code + "<", "\n" + code + "\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := render(t, nil, "A&B", c.mail)
			if out.Subject != c.subject {
				t.Errorf("subject %q, want %q", out.Subject, c.subject)
			}
			if !strings.Contains(out.HTML, c.inHTML) || !strings.Contains(out.Text, c.inPlain) {
				t.Errorf("no %q or %q in %s%s", c.inHTML, c.inPlain, out.Text, out.HTML)
			}
			for _, part := range []string{out.Text, out.HTML} {
				for _, text := range append(c.has, "You did not ask for this?") {
					if !strings.Contains(part, text) {
						t.Errorf("no %q in %s", text, part)
					}
				}
				for _, text := range append(c.never, "<no value>", "ZgotmplZ", "\n\n\n", "<img", "<script", "src=") {
					if strings.Contains(part, text) {
						t.Errorf("%q in %s", text, part)
					}
				}
			}
			if strings.Contains(out.HTML, "A&B") || !strings.Contains(out.HTML, "A&amp;B") {
				t.Errorf("the application's name is not escaped: %s", out.HTML)
			}
		})
	}
}

func TestWhere(t *testing.T) {
	for want, client := range map[string]core.Client{
		"by: Chrome\n":             {Label: "Chrome/140"},
		"by: Windows\n":            {Label: "something on Windows"},
		"by: address 2001:db8::1":  {IP: netip.MustParseAddr("2001:db8::1%eth0"), Label: "something"},
		"whoever asks: they let o": {Label: "something"},
	} {
		out := render(t, nil, "", core.Mail{Kind: core.MailLogin, Link: link, Code: "1", Client: client})
		if !strings.Contains(out.Text, want) || strings.Contains(out.Text, "asked for by") != strings.HasPrefix(want, "by") {
			t.Errorf("%+v: no %q in %s", client, want, out.Text)
		}
	}
}

package message_test

import (
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

// hostile is what a client may call itself, and what must not reach a mail.
const hostile = "<script>alert(1)</script>\r\nBcc: eve@evil.example\r\n\r\nCall +1 555 0100, or https://evil.example Firefox/140.0"

func TestBuiltInNotices(t *testing.T) {
	at := time.Date(2026, 5, 4, 14, 30, 59, 0, time.FixedZone("", 2*60*60))
	client := core.Client{IP: netip.MustParseAddr("203.0.113.7"), Label: hostile}
	for _, c := range []struct {
		notice       core.Notice
		subject, has string
	}{
		{core.Notice{What: "password_changed"}, "Your password was changed (A&B)", "ask for a new password on the login page"},
		{core.Notice{What: "password_reset"}, "Your password was replaced (A&B)", "the password of your mailbox"},
		{core.Notice{What: "factor_added", Subject: "totp"}, "Added to your account: an authenticator app (A&B)", ": an authenticator app."},
		{core.Notice{What: "factor_added", Subject: "second"}, "Added to your account: the rule that logins need a passkey beside the password (A&B)", ""},
		{core.Notice{What: "factor_added", Subject: "badge"}, "Added to your account: badge (A&B)", ""},
		{core.Notice{What: "factor_removed", Subject: "passkey"}, "Removed from your account: a passkey (A&B)", "removed from your account: a passkey"},
		{core.Notice{What: "factor_removed"}, "Removed from your account: whatever opened it beside the password (A&B)", ""},
		{core.Notice{What: "browser_trusted"}, "A browser is trusted now (A&B)", "no second factor for a while"},
		{core.Notice{What: "recovery_used", Count: 7}, "A recovery code was used (A&B)", "7 are left"},
		{core.Notice{What: "recovery_used", Count: 1}, "A recovery code was used (A&B)", "one is left. Make new ones"},
		{core.Notice{What: "recovery_used"}, "A recovery code was used (A&B)", "none is left. Make new ones"},
		{core.Notice{What: "factor_failures", Subject: "totp", Count: 5}, "Somebody may know your password (A&B)", "then 5 wrong codes (an authenticator app)"},
		{core.Notice{What: "passkey_clone"}, "A passkey was refused (A&B)", "remove that passkey"},
		{core.Notice{What: "session_reused"}, "A login was ended (A&B)", "was used a second time"},
		{core.Notice{What: "provider_linked", Subject: "google"}, "A new way to log in: google (A&B)", "an account at google was connected"},
		{core.Notice{What: "data_exported"}, "A copy of your data was made (A&B)", "what is kept of you"},
		{core.Notice{What: "key_made"}, "An API key was made (A&B)", "an API key of your account was made"},
		{core.Notice{What: "provider_unlinked", Subject: "google"}, "Disconnected: google (A&B)", "at google was disconnected"},
		{core.Notice{What: "new_device"}, "A login in a new browser (A&B)", "had not done so for a year"},
		{core.Notice{What: "device_login"}, "A device was logged in (A&B)", "without a browser was logged in"},
		{core.Notice{What: "login_failures"}, "Many wrong passwords (A&B)", "has not got in"},
		{core.Notice{What: "of a flow of one's own"}, "Your account was changed (A&B)", "(of a flow of one"},
	} {
		t.Run(c.notice.What+" "+c.notice.Subject, func(t *testing.T) {
			c.notice.At = at
			m := core.Mail{To: "ada@example.org", Kind: core.MailNotice, Notice: c.notice, Client: client}
			out := render(t, nil, "A&B", m)
			if out.Subject != c.subject {
				t.Errorf("subject %q, want %q", out.Subject, c.subject)
			}
			for _, part := range []string{out.Text, out.HTML} {
				for _, text := range []string{c.has, "2026-05-04 12:30 UTC", "From: Firefox, address 203.0.113.7", "If not:"} {
					if !strings.Contains(part, text) {
						t.Errorf("no %q in %s", text, part)
					}
				}
				// no link, nothing of the client's own words
				for _, text := range []string{
					"alert", "Bcc", "evil", "+1 ", "http", "<a ", "<script", "<img", "<no value>", "ZgotmplZ", "administrator", "\n\n\n",
				} {
					if strings.Contains(part, text) {
						t.Errorf("%q in %s", text, part)
					}
				}
			}
			if strings.Contains(out.HTML, "A&B") {
				t.Errorf("the application's name is not escaped: %s", out.HTML)
			}
		})
	}
}

func TestNoticeOfAnAdministrator(t *testing.T) {
	m := core.Mail{Kind: core.MailNotice, Notice: core.Notice{What: "password_changed", At: time.Now(), Others: true}}
	out := render(t, nil, "", m)
	if !strings.Contains(out.Text, "By: an administrator") || !strings.Contains(out.HTML, "By: an administrator") ||
		strings.Contains(out.Text, "From:") || strings.Contains(out.Subject, "(") {
		t.Errorf("%s\n%s", out.Subject, out.Text)
	}
}

// A template of the application's own that shows what the client says of itself
// shows it as text.
func TestNoticeOfAnApplicationsOwn(t *testing.T) {
	m := core.Mail{Kind: core.MailNotice, Notice: core.Notice{What: hostile}, Client: core.Client{Label: hostile}}
	out := render(t, fstest.MapFS{
		"notice.subject.txt": {Data: []byte("{{.Notice.What}}")},
		"notice.html":        {Data: []byte("<p title='{{.Client.Label}}'>{{.Client.Label}}</p>")},
	}, "", m)
	if strings.ContainsAny(out.Subject, "\r\n") || strings.Count(out.HTML, "<") != 2 {
		t.Errorf("%q %s", out.Subject, out.HTML)
	}
}

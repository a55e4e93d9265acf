package message_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

func TestBuiltInLeaving(t *testing.T) {
	t.Parallel()
	mail := core.Mail{Kind: core.MailLeaving, Token: token, Link: link, Lifetime: 14 * 24 * time.Hour}
	linked := render(t, nil, "A&B", mail)
	mail.Link = ""
	coded := render(t, nil, "", mail)
	if linked.Subject != "Your account at A&B will be deleted" || coded.Subject != "Your account will be deleted" {
		t.Errorf("the subjects are %q and %q", linked.Subject, coded.Subject)
	}
	for part, want := range map[string]string{
		linked.Text: "\n" + link + "\n", linked.HTML: `<a href="` + link + `"`,
		coded.Text: "\n" + token + "\n", coded.HTML: ">" + token + "<",
	} {
		for _, text := range []string{want, "In 14 days it is gone for good", "You did not ask for this?"} {
			if !strings.Contains(part, text) {
				t.Errorf("no %q in %s", text, part)
			}
		}
		for _, text := range []string{"<no value>", "ZgotmplZ", "\n\n\n", "<img", "<script", "asked for by"} {
			if strings.Contains(part, text) {
				t.Errorf("%q in %s", text, part)
			}
		}
	}
}

package message_test

import (
	"html"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/message"
)

const (
	token = "0123456789abcdefghijklmnopqrstuvwxyzABC-_FG"
	link  = "https://app.example.com/reset#token=" + token
)

type account struct {
	core.User
	FullName string
}

func file(content string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(content)} }

func render(t *testing.T, templates fs.FS, app string, m core.Mail) message.Message {
	t.Helper()
	r, err := message.New(templates, app)
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.Render(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBuiltIn(t *testing.T) {
	for kind, subject := range map[string]string{
		core.MailVerify: "Confirm your e-mail address",
		core.MailReset:  "Choose a new password",
	} {
		t.Run(kind, func(t *testing.T) {
			withLink := render(t, nil, "", core.Mail{Kind: kind, Token: token, Link: link})
			if withLink.Subject != subject {
				t.Errorf("subject %q, want %q", withLink.Subject, subject)
			}
			if !strings.Contains(withLink.Text, "\n"+link+"\n") {
				t.Errorf("the text has no line with the link: %s", withLink.Text)
			}
			if !strings.Contains(withLink.HTML, `<a href="`+link+`"`) || !strings.Contains(withLink.HTML, ">"+link+"<") {
				t.Errorf("the HTML does not show the link: %s", withLink.HTML)
			}

			withToken := render(t, nil, "", core.Mail{Kind: kind, Token: token})
			if !strings.Contains(withToken.Text, "\n"+token+"\n") || !strings.Contains(withToken.HTML, ">"+token+"<") {
				t.Errorf("without a link, the token is not shown: %s%s", withToken.Text, withToken.HTML)
			}
			if strings.Contains(withToken.HTML, "<a ") {
				t.Errorf("a link to nowhere: %s", withToken.HTML)
			}

			named := render(t, nil, `A&B "Café"`, core.Mail{Kind: kind, Token: token, Link: link})
			if named.Subject != subject+` for A&B "Café"` || !strings.Contains(named.Text, `A&B "Café"`) {
				t.Errorf("the application's name is missing: %q, %s", named.Subject, named.Text)
			}
			if strings.Contains(named.HTML, `A&B`) || !strings.Contains(html.UnescapeString(named.HTML), `A&B "Café"`) {
				t.Errorf("the application's name is missing or not escaped: %s", named.HTML)
			}

			for _, m := range []message.Message{withLink, withToken, named} {
				for _, part := range []string{m.Text, m.HTML} {
					if !strings.Contains(part, "You did not ask for this?") {
						t.Errorf("nothing is said to those who did not ask: %s", part)
					}
					if strings.Contains(part, "<no value>") || strings.Contains(part, "ZgotmplZ") || strings.Contains(part, "\n\n\n") {
						t.Errorf("a hole: %s", part)
					}
				}
				for _, loaded := range []string{"<img", "<script", "<link", "<style", "src=", "url("} {
					if strings.Contains(m.HTML, loaded) {
						t.Errorf("the HTML holds %s", loaded)
					}
				}
				if !strings.Contains(m.HTML, `<html lang="en">`) {
					t.Error("the HTML does not tell its language")
				}
			}
		})
	}
}

func TestOwnTemplates(t *testing.T) {
	u := &account{User: core.User{Email: "ada@example.com"}, FullName: `Ada <b onclick="x()">Lovelace</b>`}
	reset := core.Mail{To: "ada@example.com", Kind: core.MailReset, User: u, Token: token, Link: link}

	t.Run("one file of three", func(t *testing.T) {
		out := render(t, fstest.MapFS{"reset.txt": file("{{.App}}|{{.To}}|{{.Kind}}|{{.Token}}|{{.Link}}|{{.User.FullName}}|{{.User.Email}}")}, "Acme", reset)
		want := strings.Join([]string{"Acme", "ada@example.com", "reset", token, link, u.FullName, "ada@example.com"}, "|")
		if out.Text != want {
			t.Errorf("text %q, want %q", out.Text, want)
		}
		if out.Subject != "Choose a new password for Acme" || !strings.Contains(out.HTML, link) {
			t.Errorf("the other two are not the built-in ones: %q, %s", out.Subject, out.HTML)
		}
	})
	t.Run("G17 HTML in a name is escaped", func(t *testing.T) {
		out := render(t, fstest.MapFS{"reset.html": file("<p title=\"{{.User.FullName}}\">{{.User.FullName}}</p>")}, "",
			reset)
		if strings.Contains(out.HTML, "<b") || strings.Contains(out.HTML, `"x()"`) ||
			strings.Count(html.UnescapeString(out.HTML), u.FullName) != 2 {
			t.Errorf("HTML %q", out.HTML)
		}
	})
	t.Run("G17 a link that would run code", func(t *testing.T) {
		evil := reset
		evil.Link = "javascript:alert(1)"
		out := render(t, nil, "", evil)
		if strings.Contains(out.HTML, `href="javascript:`) {
			t.Errorf("HTML %s", out.HTML)
		}
	})
	t.Run("G16 a subject is one line", func(t *testing.T) {
		evil := reset
		evil.User = &account{FullName: "Eve\r\nBcc: all@example.com\n\n\x00\u2028<html>"}
		out := render(t, fstest.MapFS{"reset.subject.txt": file("Hello {{.User.FullName}}\n")}, "", evil)
		if want := "Hello Eve Bcc: all@example.com <html>"; out.Subject != want {
			t.Errorf("subject %q, want %q", out.Subject, want)
		}
	})
	t.Run("a kind of one's own", func(t *testing.T) {
		out := render(t, fstest.MapFS{
			"magic.subject.txt": file("Log in"), "magic.txt": file("{{.Link}}"), "magic.html": file("<a href='{{.Link}}'>Log in</a>"),
			"README.md": file("Not a {{template"), "parts/footer.html": file("{{"),
		}, "", core.Mail{Kind: "magic", Link: link})
		if out.Text != link {
			t.Errorf("text %q", out.Text)
		}
	})
}

func TestNewNamesEveryBadFile(t *testing.T) {
	_, err := message.New(fstest.MapFS{
		"reset.subject.txt": file("{{.App"),
		"reset.txt":         file("{{if .Link}}no end"),
		"reset.html":        file("<p>{{nonsense}}</p>"),
		"verify.html":       file(`<a href="{{.Link}}>an unclosed quote</a>`),
		"verfiy.txt":        file("a misspelt name"),
	}, "")
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"reset.subject.txt", "reset.txt", "reset.html", "verify.html", "verfiy.subject.txt",
		"verfiy.html"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "verify.txt") {
		t.Errorf("the error names a good file: %v", err)
	}
}

func TestRenderFails(t *testing.T) {
	for _, c := range []struct {
		name, template, kind, want string
	}{
		{"an unknown field", "{{.Link}} {{.User.Nickname}}", core.MailReset, "reset.txt"},
		{"an unknown kind", "{{.Link}}", "news", "news"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := message.New(fstest.MapFS{"reset.txt": file(c.template)}, "")
			if err != nil {
				t.Fatal(err)
			}
			out, err := r.Render(core.Mail{Kind: c.kind, User: &account{}, Token: token, Link: link})
			if err == nil || !strings.Contains(err.Error(), c.want) || out != (message.Message{}) {
				t.Fatalf("error %v, want one that names %s and no message", err, c.want)
			}
			if strings.Contains(err.Error(), token) {
				t.Errorf("L01 the error holds the token: %v", err)
			}
		})
	}
}

package outbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing/fstest"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/senders/outbox"
)

// resetMail returns a mail as Latchkey passes it to a sender.
func resetMail() core.Mail {
	return core.Mail{
		To: "ada@example.com", Kind: core.MailReset, User: &core.User{Email: "ada@example.com"},
		Token: "SECRET", Link: "https://app.example.com/reset#token=SECRET",
	}
}

func Example() {
	box, err := outbox.New(outbox.Options{App: "Acme"})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/dev/outbox", box)

	// Latchkey does this in the background, after POST /forgot-password.
	if err := box.Send(context.Background(), resetMail()); err != nil {
		fmt.Println(err)
	}

	m := box.Mails()[0]
	fmt.Println(m.To, m.Kind, m.Token)
	fmt.Println(m.Subject)

	r := httptest.NewRequest(http.MethodGet, "http://localhost:8080/dev/outbox", nil)
	r.RemoteAddr = "192.0.2.1:40000" // another machine
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output:
	// ada@example.com reset SECRET
	// Choose a new password for Acme
	// 404
}

func ExampleOptions_templates() {
	box, err := outbox.New(outbox.Options{
		App: "Acme",
		// Usually an embed.FS or os.DirFS("mails"). Files that are
		// missing here fall back to the built-in ones.
		Templates: fstest.MapFS{
			"reset.subject.txt": {Data: []byte("{{.App}}: a new password")},
			"reset.txt":         {Data: []byte("Dear {{.User.Email}},\n{{.Link}}")},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := box.Send(context.Background(), resetMail()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(box.Mails()[0].Subject)
	fmt.Println(box.Mails()[0].Text)
	// Output:
	// Acme: a new password
	// Dear ada@example.com,
	// https://app.example.com/reset#token=SECRET
}

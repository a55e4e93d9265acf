package message_test

import (
	"fmt"
	"testing/fstest"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/message"
)

func ExampleRenderer_Render() {
	r, err := message.New(fstest.MapFS{
		"verify.txt": {Data: []byte("Dear {{.User.FullName}}, welcome to {{.App}}: {{.Link}}")},
	}, "Acme")
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := r.Render(core.Mail{
		Kind: core.MailVerify, User: &account{FullName: "Ada"}, Link: "https://app.example.com/verify#token=SECRET",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Subject)
	fmt.Println(m.Text)
	// Output:
	// Confirm your e-mail address for Acme
	// Dear Ada, welcome to Acme: https://app.example.com/verify#token=SECRET
}

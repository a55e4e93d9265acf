package smtpsender_test

import (
	"fmt"

	"github.com/latchkey-go/latchkey/senders/smtpsender"
)

func ExampleNew() {
	// Usually the URL comes from the environment.
	sender, err := smtpsender.New(smtpsender.Options{
		URL:  "smtp://mailer:s3cret@mail.example.com:587",
		From: "Acme <no-reply@example.com>",
		App:  "Acme",
	})
	fmt.Println(sender != nil, err)

	// A / in the password must be written as %2F. The error does not repeat
	// the URL.
	_, err = smtpsender.New(smtpsender.Options{URL: "smtp://mailer:s3/cret@mail.example.com",
		From: "no-reply@example.com"})
	fmt.Println(err)
	// Output:
	// true <nil>
	// smtpsender: URL must be smtp://host:port or smtps://host:port, with or without user:password@ before the host, percent-encoded
}

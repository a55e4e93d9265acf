package email_test

import (
	"fmt"

	"github.com/latchkey-go/latchkey/internal/email"
)

func ExampleCanonical() {
	for _, typed := range []string{"Ada@Example.COM", "élodie@Bücher.example", "Ada <ada@example.com>"} {
		key, err := email.Canonical(typed)
		fmt.Printf("%q %v\n", key, err)
	}
	// Output:
	// "ada@example.com" <nil>
	// "élodie@xn--bcher-kva.example" <nil>
	// "" The part before the @-sign is not valid
}

package pbkdf2_test

import (
	"fmt"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/pbkdf2"
)

// A hash that Django made verifies.
func ExampleHasher_Verify() {
	hasher, err := pbkdf2.New(pbkdf2.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	const imported core.PasswordHash = "pbkdf2_sha256$320000$seasalt$Toj2II2rBvFiGQcPmUml1Nlni2UtvyRWwz/jz4q6q/4="
	fmt.Println(hasher.Verify(imported, "lètmein"))
	fmt.Println(hasher.Verify(imported, "letmein"))
	// Output:
	// true <nil>
	// false <nil>
}

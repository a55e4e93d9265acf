package scrypt_test

import (
	"fmt"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/scrypt"
)

// A hash that better-auth made verifies.
func ExampleHasher_Verify() {
	hasher, err := scrypt.New(scrypt.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	const imported core.PasswordHash = "6b7a3f0c9d2e418596a0b1c2d3e4f506:" +
		"3cf8b28b6ca00b5d97d439f681f19c79938bbe118a6d2b1102ebb6fa83a8c535" +
		"7568f98648e0b2996fe6b85b241a65a6eddb161bfabb1703193cd97a2a1ea129"
	fmt.Println(hasher.Verify(imported, "correct horse battery"))
	fmt.Println(hasher.Verify(imported, "correct horse"))
	// Output:
	// true <nil>
	// false <nil>
}

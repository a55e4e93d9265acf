package bcrypt_test

import (
	"fmt"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/hashers/bcrypt"
)

// A hash that another service made verifies.
func ExampleHasher_Verify() {
	hasher, err := bcrypt.New(bcrypt.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	const imported core.PasswordHash = "$2b$12$U5s.pTE9An1xU7llEpJxLuQnqYXUUL5T0DVitE1xiWNxxQQ/WGvu."
	fmt.Println(hasher.Verify(imported, "analytical engine 1843"))
	fmt.Println(hasher.Verify(imported, "difference engine 1822"))
	// Output:
	// true <nil>
	// false <nil>
}

// Passwords are never truncated.
func ExampleHasher_Hash() {
	hasher, err := bcrypt.New(bcrypt.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = hasher.Hash("this sentence is longer than the seventy-two bytes that bcrypt can take in")
	fmt.Println(err)
	// Output: Bad Request: Password should be at most 72 bytes
}

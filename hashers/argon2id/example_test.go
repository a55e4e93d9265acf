package argon2id_test

import (
	"fmt"

	"github.com/latchkey-go/latchkey/hashers/argon2id"
)

func Example() {
	hasher, err := argon2id.New(argon2id.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	hash, err := hasher.Hash("on computable numbers")
	fmt.Println(hash, err) // a hash never prints
	ok, err := hasher.Verify(hash, "on computable numbers")
	fmt.Println(ok, err)
	// Output:
	// [hash] <nil>
	// true <nil>
}

// A hash of other parameters verifies, and should be made anew.
func ExampleHasher_Outdated() {
	today, _ := argon2id.New(argon2id.Options{})
	tomorrow, _ := argon2id.New(argon2id.Options{Memory: 64 << 10})
	hash, _ := today.Hash("on computable numbers")
	ok, _ := tomorrow.Verify(hash, "on computable numbers")
	fmt.Println(ok, today.Outdated(hash), tomorrow.Outdated(hash))
	// Output: true false true
}

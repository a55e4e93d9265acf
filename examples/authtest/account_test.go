package authtest_test

import "github.com/latchkey-go/latchkey"

// Account is the application's user.
type Account struct {
	latchkey.User
	Plan string `json:"plan" db:"plan"`
}

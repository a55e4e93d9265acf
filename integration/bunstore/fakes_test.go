package bunstore_test

import (
	"strings"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/core"
)

// Admin is the user of the tests over HTTP.
type Admin struct {
	latchkey.User
	FullName string `json:"full_name" bun:"full_name,type:varchar(255),notnull,default:''" auth:"register,update"`
}

// plain is a hasher that costs nothing.
type plain struct{}

func (plain) Hash(password string) (core.PasswordHash, error) {
	return core.PasswordHash("plain$" + password), nil
}
func (plain) Knows(h core.PasswordHash) bool  { return strings.HasPrefix(string(h), "plain$") }
func (plain) Outdated(core.PasswordHash) bool { return false }
func (plain) Verify(h core.PasswordHash, password string) (bool, error) {
	return string(h) == "plain$"+password, nil
}

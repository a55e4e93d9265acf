package authtest

import (
	"crypto/rand"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// User returns a new user who is active and verified, with an address and,
// where the type has Named, a user name that no other test has, in no other
// process either. edit may change everything:
//
//	admin := authtest.User(func(a *Account) { a.IsSuperuser = true })
//
// Nothing is stored yet; As creates a user without an ID.
func User[U any, PU core.Model[U]](edit ...func(*U)) *U {
	u := new(U)
	b := PU(u).Base()
	name := "user-" + strings.ToLower(rand.Text())
	b.Email = name + "@example.org"
	if n := core.NamedOf(u); n != nil {
		n.Username = name
	}
	b.IsActive, b.IsVerified = true, true
	for _, e := range edit {
		e(u)
	}
	return u
}

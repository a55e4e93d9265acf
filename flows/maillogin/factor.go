package maillogin

import (
	"context"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// Method is "email".
func (Flow) Method() string { return core.MethodEmail }

// Asks implements core.Factor: with SecondFactor it asks whoever has logged in
// by a password, if they have an address.
func (f Flow) Asks(_ context.Context, u core.AnyUser, done []core.Proof) (bool, error) {
	return f.SecondFactor && u.Base().EmailKey != "" && has(done, core.MethodPassword) &&
		!has(done, core.MethodEmail), nil
}

// LastResort implements core.LastResort: one who has another factor cannot be
// let in by their mailbox instead.
func (Flow) LastResort() bool { return true }

func has(done []core.Proof, method string) bool {
	return slices.ContainsFunc(done, func(p core.Proof) bool { return p.Method == method })
}

// Ways implements core.Way: it is 1 for a user with a verified address.
func (Flow) Ways(_ context.Context, u core.AnyUser) (int, error) {
	if b := u.Base(); b.IsVerified && b.EmailKey != "" {
		return 1, nil
	}
	return 0, nil
}

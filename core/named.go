package core

// Named holds the name that a user may log in with. A type embeds it by value,
// without a tag, beside User:
//
//	type Account struct {
//		latchkey.User
//		latchkey.Named
//	}
//
// A user may have a name, an address or both. Types without it are stored and
// sent as if it did not exist.
type Named struct {
	// Username is kept and shown as it was typed, without blanks around it.
	Username string `json:"username"`
	// UsernameKey is the canonical form of Username, unique over all users;
	// an empty one is no key. Only the front door sets it; a store compares
	// it byte by byte.
	UsernameKey string `json:"-"`
}

// Naming returns access to the embedded columns. A type that embeds Named has
// it by promotion; see NamedOf.
func (n *Named) Naming() *Named { return n }

// NamedOf returns the columns of Named of a user, or of a pointer to one; nil
// where the type does not have them.
func NamedOf(u any) *Named {
	if n, ok := u.(interface{ Naming() *Named }); ok {
		return n.Naming()
	}
	return nil
}

// NameKeeper is a user store that keeps the names of a type with Named unique,
// and finds users by them (optional). latchkey.New refuses such a type over a
// store that is none: two users could have one name.
type NameKeeper interface {
	// KeepsNames reports whether it does so for its own user type.
	KeepsNames() bool
}

// Package apikey is the strategy of API keys, by which programs act for a user
// within named scopes, and the flow by which users make, rotate and end theirs.
//
//	keys, err := apikey.New(credentials, apikey.Options{
//		Backend: "keys", Prefix: "acme",
//		Scopes: []string{"read", "write"},
//	})
//	if err != nil {
//		return err
//	}
//	auth, err := latchkey.New(users, latchkey.Options[Account]{
//		Backends: []latchkey.Backend{web, {
//			Name:      "keys",
//			Transport: bearer.New(bearer.Options{}),
//			Strategy:  keys,
//		}},
//		Flows:       []latchkey.Flow{keys.Flow()},
//		Credentials: credentials, …
//	})
//	httpauth.Mount(mux, "/auth", auth.APIKeys())
//	mux.Handle("GET /orders",
//		httpauth.Require(auth, latchkey.Scope("read"))(orders))
//
// A key is "acme_", 256 random bits and a checksum, all in letters and digits.
// [Pattern] is for secret scanners.
//
// Security notes. A key opens what a guard opens to one of its scopes, and
// nothing else (OWASP API5:2023, broken function level authorization). It never
// has more rights than its user, and proves nobody's presence: no key makes a
// key, or changes what its user logs in with. It expires; it ends with its user
// and while they are inactive or suspended; a new password does not end it, and
// a reset by mail does, since the mailbox is then the only thing that is known
// of the person ([Options].KeepOnReset).
//
// The store holds the SHA-256 of a key, so a copy of the database opens
// nothing. The checksum keeps typing errors and other tokens from the store; it
// is no protection, since anybody can compute it. A key is read from the
// transport alone, as a rule from the Authorization header, and never from a
// URL.
package apikey

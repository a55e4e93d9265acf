// Package account holds the flows of a user's life: register, login and logout,
// the current user's account and the administration of all, sessions, and the
// public keys of tokens. latchkey.New installs them all; an application mounts
// those that it wants:
//
//	httpauth.Mount(mux, "/auth/web", auth.Login("web"))
//	httpauth.Mount(mux, "/auth",
//		auth.Register(), auth.Sessions(), auth.Keys())
//	httpauth.Mount(mux, "/users", auth.Users())
//
// The functions beside the flows ([Create], [Authenticate], [Change], [Remove])
// are the same operations outside HTTP; latchkey.Manager calls them.
//
// Security notes. Unknown user, wrong password and inactive user get one answer
// after one amount of work (OWASP "Authentication" cheat sheet), and count
// alike against the login limit. Flags and ids in a body are ignored, not
// refused, so that a client cannot learn what it may not write. A new password,
// and a deactivation, end sessions by the token epoch in the same write.
package account

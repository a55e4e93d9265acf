// Package latchkey adds user accounts to a Go web application: sign-up, login,
// sessions, e-mail verification, password reset, social login, profiles and
// user administration. It runs in your process, on your router and over your
// store.
//
// A user type embeds [User] and adds fields of its own. The auth tag lists when
// users may set a field of their own account:
//
//	type Account struct {
//		latchkey.User
//		Name string `json:"name" auth:"register,update"`
//	}
//
// [New] puts the parts together:
//
//	cookies, err := cookie.New(cookie.Options{})
//	…
//	store := memstore.NewSessions(nil)
//	sessions, err := session.New(store, session.Options{})
//	…
//	web := latchkey.Backend{
//		Name: "web", Transport: cookies, Strategy: sessions,
//	}
//	users := memstore.NewUsers[Account]()
//	auth, err := latchkey.New(users, latchkey.Options[Account]{
//		Backends: []latchkey.Backend{web},
//	})
//
// An adapter mounts the routes on your router, and guards your handlers:
//
//	httpauth.Mount(mux, "/auth/web", auth.Login("web"))
//	httpauth.Mount(mux, "/auth", auth.Register())
//	httpauth.Mount(mux, "/users", auth.Users())
//	verified := httpauth.Require(auth, latchkey.Verified)
//	mux.Handle("GET /plan", verified(plan))
//
// In a handler behind Require, [CurrentUser] returns the caller. Outside HTTP,
// [Manager] has the same operations.
//
// A [Backend] is a transport (how a token travels) and a strategy (how it is
// issued, verified and revoked). An application may have several; each request
// is tried against them in order. A [Flow] is something that a person does,
// such as resetting a password; those beside the account's own go into
// Options.Flows. docs/glossary.md has these words, and docs/guides/start.md a
// whole program and what to do next.
//
// New reports every configuration problem at once. Mounting what does not
// exist, and guards that cannot work, panic at set-up; nothing panics while
// requests are served.
//
// Security notes. The zero value of each option is its secure one. Every login
// passes the same checks. An unknown user, a wrong password and an inactive
// user get the same response after the same amount of work. A new password
// revokes the user's other sessions and all their tokens. Stores keep only the
// SHA-256 of Latchkey's own tokens, and no secret is logged. Logins are limited
// by identifier and by network. SECURITY.md lists what is promised.
package latchkey

// Package latchkey gives a Go web application its users: registration, login,
// sessions, e-mail verification, password reset, the own account and the
// administration of all, on any framework that has an adapter and over any
// store.
//
//	type Account struct {
//		latchkey.User
//		FullName string `json:"full_name" auth:"register,update"`
//	}
//
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
//	…
//	httpauth.Mount(mux, "/auth/web", auth.Login("web"))
//	httpauth.Mount(mux, "/auth", auth.Register())
//	httpauth.Mount(mux, "/users", auth.Users())
//	verified := httpauth.Require(auth, latchkey.Verified)
//	mux.Handle("GET /plan", verified(plan))
//
// A [Backend] is a transport (how a token travels) and a strategy (how it is
// issued, verified, revoked); an application has as many as it likes.
// docs/glossary.md explains these words. [New] reports every configuration
// problem at once; nothing panics at request time.
//
// Security notes. The zero Options are the secure ones. Every login passes one
// gate. Unknown user, wrong password and inactive user are one answer after one
// amount of work. A new password ends the other sessions and all tokens.
// Secrets are stored as SHA-256 only, and never logged. Logins are limited by
// identifier and by network. See SECURITY.md for what is promised.
package latchkey

// Package passkey is the flow of passkeys (WebAuthn): as a login without a
// password, as a second factor, and as the proof that a sensitive request asks
// for.
//
//	keys, err := passkey.New(passkey.Options{
//		Secret: secret, // 32 random bytes, the same on every node
//		Name:   "Example",
//	})
//	auth, err := latchkey.New(users, latchkey.Options[Account]{
//		Flows:       []latchkey.Flow{keys},
//		Credentials: store.Credentials(),
//		Tickets:     store.Tickets(),
//		BaseURL:     "https://app.example.com",
//		…
//	})
//	httpauth.Mount(mux, "/auth/web", auth.Flow("passkey", "web"))
//
// Each ceremony is two requests: a POST for the options, which the page hands
// to the browser, and a POST of what the browser returns.
//
//	/login/passkey/options   /login/passkey   log in by a passkey alone
//	/passkey/options         /passkey         the second factor of a login
//	/prove/passkey/options   /prove/passkey   prove it again (a step-up)
//	/passkeys/options        /passkeys        register one more
//	/login/passkeys/options  /login/passkeys  get one inside a login
//
// A passkey whose authenticator verified the user (a PIN, a finger) proves
// core.MethodPasskey, which is two kinds of proof in one; one that showed
// presence alone proves core.MethodSecurityKey. A passkey beside a password is
// a way in and no lock: as a second factor it is required only where its owner
// has switched that on (PUT /second-factor), or where another factor asks and
// it may stand in for that.
//
// Security notes (Web Authentication Level 3, sections 7.1, 7.2 and 13). The
// RP ID and the origins come from the options and the base URL, never from a
// request. A challenge is bound by a MAC to its backend, its purpose, and the
// session or the login that it was made for; the server keeps nothing of it
// until it is spent, and it is spent once, whatever comes of it, before a
// signature is looked at. A login names no user and lists no keys, so it
// reveals nobody. A counter that does not rise refuses a passkey that is on one
// device alone, and is an event for one that is synced. Nothing is stored of
// attestation, and nothing concluded from it.
package passkey

// Package session is the strategy of opaque tokens: 256 random bits for the
// client, a row in a store for the server. A session ends the moment it is
// revoked, and its owner can see and end it, so it is the right choice for
// browsers.
//
//	store := memstore.NewSessions(nil)
//	strategy, err := session.New(store, session.Options{})
//	if err != nil {
//		return err
//	}
//	backend := core.Backend{
//		Name: "web", Transport: transport, Strategy: strategy,
//	}
//
// Security notes. The store keeps the SHA-256 of a token and never the token,
// so a copy of the database opens no session. Every Issue makes a new token,
// whatever the client brought along, so a session cannot be fixed before the
// login. Two limits end a session (OWASP Session Management Cheat Sheet,
// "Session Expiration"): idleness and an absolute age that no activity moves.
// Both are checked against this process' own clock after the store has checked
// them against its own. A clock that steps does not stretch a session beyond
// [session.Options].Absolute on that clock; a session that appears to have been
// made more than a day from now is refused, because it was made under a clock
// that ran ahead.
package session

// Package session is the strategy of opaque tokens: 256 random bits for the
// client, a row in a store for the server. A session can be revoked at any
// moment, and its owner can list and revoke it, so it is the right choice for
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
// Security notes. The store holds the SHA-256 of a token and never the token,
// so a copy of the database opens no session. Every Issue makes a new token,
// whatever the client sent, which rules out session fixation. Two limits make a
// session expire (OWASP Session Management Cheat Sheet, "Session Expiration"):
// idle time, and an absolute age that no activity extends. Both are checked
// against this process's own clock after the store has checked them against its
// own. A clock that is set back does not extend a session beyond
// [session.Options].Absolute on that clock; a session that seems to have been
// created more than a day in the future is refused, because its clock ran
// ahead.
package session

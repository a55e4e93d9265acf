// Package refresh is the strategy of clients that keep two tokens: a short
// access token, which another strategy issues, and a refresh token, which is
// replaced each time it is used (RFC 9700, section 4.14.2). It suits mobile
// applications, single-page applications on another origin than the server, and
// services that verify JWTs themselves. A browser on the server's own origin is
// better off with strategies/session: one cookie, nothing to renew.
//
//	key, err := jwt.HS256("2026-01", secret) // 32 random bytes
//	if err != nil {
//		return err
//	}
//	access, err := jwt.New(jwt.Options{
//		Keys: []jwt.Key{key}, Lifetime: 10 * time.Minute,
//	})
//	if err != nil {
//		return err
//	}
//	strategy, err := refresh.New(sessions, access, refresh.Options{})
//
// A login is a session in the store, as one of strategies/session is: it is
// listed, revoked and swept like one. All refresh tokens of a session are a
// family. They begin with its secret, under whose digest the session is stored;
// behind that each but the first has a secret of its own, which the next one
// replaces (rotation).
//
// Within [Options].Grace of a rotation, the token before still gets its
// successor, the same one however often it is sent: two tabs that renew at
// once, and a client to which the answer got lost, go on. The session keeps the
// successor for that, encrypted with the token that it replaces, so that nobody
// who reads the store can use it. Any older token of the family is somebody's
// copy. It ends the session, for there is no telling who of the two is the
// thief (RFC 9700, section 4.14.2).
//
// Security notes. A session's ID can neither renew nor end it. A
// client to which the answer got lost must send its token again within Grace.
// Proofs keep their times, so a renewed login is no fresher for what is
// sensitive.
package refresh

// Package core is Latchkey's vocabulary and its contracts: what a user, a
// session and a token are, and the small interfaces that stores, strategies,
// transports, flows, hashers, senders and limiters satisfy.
//
// Applications import latchkey and the parts they pick; people who write a part
// import core alone. A strategy in its shortest form:
//
//	type static struct{ token, userID string }
//
//	func (s static) Issue(
//		context.Context, core.Login,
//	) (core.Token, error) {
//		return core.Token{Raw: s.token}, nil
//	}
//
//	func (s static) Revoke(context.Context, *core.Session) error {
//		return nil
//	}
//
//	func (s static) Verify(
//		_ context.Context, token string,
//	) (core.Found, error) {
//		if token != s.token {
//			return core.Found{}, core.ErrNoCredential
//		}
//		session := core.Session{UserID: s.userID, Backend: "static"}
//		return core.Found{Session: &session}, nil
//	}
//
// Security notes. Secrets are 32 random bytes and only their SHA-256 is ever
// stored ([NewSecret], [Digest]). A store that cannot be asked answers with an
// error that is none of this package's sentinels, and the front door makes a
// 503 of it: never a 401, never an anonymous request. The one JSON decoder and
// the one parser of Authorization and Cookie lines live here, so that every
// framework decides alike.
//
// The package uses the standard library only and does no I/O.
package core

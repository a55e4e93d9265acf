// Package jwt is the strategy of self-contained tokens: JSON Web Tokens (RFC
// 7519) that this server signs and verifies without asking a store. They suit
// services that call each other and clients that are not browsers.
//
//	key, err := jwt.HS256("2026-01", secret) // 32 random bytes
//	if err != nil {
//		return err
//	}
//	strategy, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}})
//
// Key rotation: put the new key first and leave the old one behind it until the
// last token it signed has expired; then take it out, and whatever it signed is
// invalid.
//
// Security notes (RFC 8725, JSON Web Token Best Current Practices). A key has
// one algorithm, fixed when it is made, so a token cannot choose how it is
// checked. Tokens are compact JWS, base64url in its only canonical spelling, at
// most [MaxToken] bytes; the header holds alg, kid and typ and nothing else, so
// no key comes from a token or from an address in it. Encrypted and nested
// tokens do not exist here.
//
// The constructors of keys refuse the weak ones that can be told within
// milliseconds: short, made-up and published secrets; RSA moduli that can be
// factored (ROCA too) and small exponents; points off the curve or of small
// order. They cannot tell a key that somebody else has.
//
// A JWT is good until it expires, unless something is asked: with
// [Options].Denied logout ends it at once. Without it, logout only makes the
// client forget. A password change, a reset, a deactivation or a removal ends
// every JWT of the user either way, because the token carries the user's epoch
// and the front door compares it. Keep the lifetime short. Everybody who holds
// a token can read what is in it.
package jwt

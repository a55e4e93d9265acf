// Package jwt is the strategy of self-contained tokens: JSON Web Tokens (RFC
// 7519) that this server signs, and verifies without a store. They suit
// services that call each other and clients that are not browsers.
//
//	key, err := jwt.HS256("2026-01", secret) // 32 random bytes
//	if err != nil {
//		return err
//	}
//	strategy, err := jwt.New(jwt.Options{Keys: []jwt.Key{key}})
//
// To rotate keys, put the new key first and leave the old one behind it until
// the last token it signed has expired. Then remove it; whatever it signed is
// invalid from then on.
//
// Security notes (RFC 8725, JSON Web Token Best Current Practices). A key has
// one algorithm, fixed when it is made, so a token cannot choose how it is
// checked. Tokens are compact JWS, base64url in its only canonical spelling, at
// most [MaxToken] bytes; the header holds alg, kid and typ and nothing else, so
// no key comes from a token or from an address in it. Encrypted and nested
// tokens are not supported.
//
// The constructors of keys refuse weak ones as far as they can be detected
// within milliseconds: short, made-up and published secrets; RSA moduli that
// can be factored (including ROCA) and small exponents; points off the curve or
// of small order. They cannot detect that somebody else has the key.
//
// A JWT is valid until it expires, unless a store is consulted: with
// [Options].Denied a logout revokes it at once. Without it, a logout only makes
// the client delete the token. A password change, a reset, a deactivation or a
// removal revokes every JWT of the user either way, because the token carries
// the user's epoch and the front door compares it. Keep the lifetime short.
// Anyone who holds a token can read its contents.
package jwt

// Package providers has the services that people log in with: a table of
// presets, and the two ways to add any other, OIDC by its issuer and OAuth2 by
// its endpoints. A provider goes into flows/oauth:
//
//	google := providers.Google(id, secret)
//	scopes := providers.WithScopes("read:org")
//	github := providers.GitHub(id, secret, scopes)
//	social, err := oauth.New(oauth.Options{
//		Providers: []oauth.Provider{
//			{Provider: google},
//			{Provider: github},
//		},
//		…
//	})
//
// A preset keeps what is wrong with its arguments, an empty secret for example:
// ask [Provider.Err] when the program starts.
//
// # Security
//
// Subjects are stable ids, never names or addresses that their owner can
// change. An address counts as verified only where the service says so in the
// documented way; docs/providers.md has the trust in each. PKCE with S256 is
// always sent (LinkedIn, which refuses it, is the one exception), a nonce is
// always required in ID tokens, and these are verified by go-oidc with
// asymmetric algorithms alone.
//
// All calls go through one hardened client: https only, no redirects, no proxy,
// 10 seconds for all calls of an operation together, 1 MiB an answer after
// decompression, strict JSON. Errors hold neither codes, tokens and secrets nor
// URLs.
package providers

// Package providers contains the services that people log in with: a table of
// presets, and two ways to add any other, OIDC by its issuer and OAuth2 by its
// endpoints. A provider goes into flows/oauth:
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
// A preset keeps every problem with its arguments, such as an empty secret:
// check [Provider.Err] when the program starts.
//
// # Security
//
// Subjects are stable IDs, never names or addresses that their owner can
// change. An address counts as verified only if the service says so in the
// documented way; docs/providers.md lists how far each service is trusted. PKCE
// with S256 is always sent (except to LinkedIn, which refuses it), a nonce is
// always required in ID tokens, and these are verified by go-oidc with
// asymmetric algorithms only.
//
// All calls go through one hardened client: https only (plain http to hosts
// that an Insecure option names), no redirects, 10 seconds for all calls of an
// operation together, 1 MiB for a response after decompression, strict JSON.
// Errors contain no codes, tokens, secrets or URLs. The bounds hold for a
// transport of your own too ([WithTransport]). https goes through the proxy
// that the environment names, which sees the names of hosts and nothing else.
package providers

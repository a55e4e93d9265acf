// Package gothprovider turns a provider of markbates/goth into a provider for
// Latchkey, for services that package providers has no preset for and that its
// OAuth2 cannot describe. It works without gothic, goth's own flow.
//
//	theirs := uber.New(id, secret, "")
//	p, err := gothprovider.New(theirs, gothprovider.Options{})
//	social, err := oauth.New(oauth.Options{
//		Providers: []oauth.Provider{{Provider: p}}, …
//	})
//
// The callback URL that goth's constructors take is not used: the flow decides
// where the browser returns to. docs/goth-providers.md lists which of goth's
// providers work.
//
// # Security
//
// goth is trusted to read profiles, and with little else. State and PKCE (S256)
// are those of Latchkey's flow: the challenge goes into the authorization URL
// and the verifier into the token request, and a login whose verifier was not
// sent fails. Each login works on its own copy of goth's provider. All calls go
// through a bounded client: https only, no redirects, 10 seconds for all calls
// of an operation together, 1 MiB for a response, strict JSON. A panic inside
// goth becomes an error. Errors contain nothing of what goth or the service
// says, which may be tokens.
//
// No email address counts as verified, whatever the service says, so none links
// accounts. An empty subject is an error, and so is "0", which goth makes of a
// profile without a numeric ID. [New] refuses goth's providers that cannot meet
// these rules.
package gothprovider

// Package gothprovider makes a provider of markbates/goth a provider of
// Latchkey, for services that package providers has no preset of and that its
// OAuth2 does not describe. It works without gothic, goth's own flow.
//
//	theirs := uber.New(id, secret, "")
//	p, err := gothprovider.New(theirs, gothprovider.Options{})
//	social, err := oauth.New(oauth.Options{
//		Providers: []oauth.Provider{{Provider: p}}, …
//	})
//
// The callback URL that goth's constructors take is not used: the flow says
// where the browser comes back. docs/goth-providers.md says of each of goth's
// providers whether it works.
//
// # Security
//
// goth is trusted to read profiles, and with little else. State and PKCE (S256)
// are those of Latchkey's flow: the challenge is put into the authorization URL
// and the verifier into the request for tokens, and a login whose verifier was
// not sent fails. A login works on a copy of goth's provider of its own. All
// calls go through a bounded client: https only, no redirects, no proxy, 10
// seconds for all calls of an operation together, 1 MiB an answer, strict JSON.
// A panic within goth is an error. Errors hold nothing of what goth or the
// service says, which may be tokens.
//
// No e-mail address counts as verified, whatever the service says, so none
// links accounts. An empty subject is an error, and so is "0", which is what
// goth makes of a profile without a numeric id. [New] refuses the providers of
// goth that cannot be held to this.
package gothprovider

// Package oidc runs whole logins by OpenID Connect: an application on
// flows/oauth and providers.OIDC, a browser, and an identity provider by
// somebody else, the example server of zitadel/oidc on a loopback address.
package oidc
